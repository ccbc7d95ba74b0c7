"""The decision rule over many cells: its evidence is the one of the records, its baseline the honest one."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.decision import ASSISTED, MANUAL, UNKNOWN, PlacedLink, Records, Spot, judge
from analytics.stats.evidence import BetLink, cell_evidence, evidence_of, quarter_index
from analytics.stats.shapes import DatedIncident, DeployedChange, Link

AS_OF = date(2026, 6, 30)
QUARTER = quarter_index(AS_OF)
KIND = "code-generation"


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[DeployedChange], list[DatedIncident]]:
    changes = [
        DeployedChange(
            id=f"c{number}",
            kind=draw(st.sampled_from([KIND, MANUAL, "test-writing"])),
            area=draw(st.sampled_from(["payments", "search"])),
            size=draw(st.sampled_from(["small", "large"])),
            deployed=AS_OF - timedelta(days=draw(st.integers(0, 500))),
        )
        for number in range(draw(st.integers(60, 140)))
    ]
    incidents = []
    for number in range(draw(st.integers(0, 12))):
        culprits = draw(
            st.lists(st.sampled_from(changes), min_size=1, max_size=3, unique_by=lambda c: c["id"])
        )
        first = min(one["deployed"] for one in culprits)
        incidents.append(
            DatedIncident(
                id=f"i{number}",
                started=first + timedelta(days=draw(st.integers(0, 40))),
                links=[
                    Link(
                        change=one["id"],
                        weight=1.0,
                        confidence=draw(st.sampled_from(["confirmed", "suspected"])),
                    )
                    for one in culprits
                ],
            )
        )
    return changes, incidents


def records_of(changes: list[DeployedChange], incidents: list[DatedIncident]) -> Records:
    """By hand what the product reads from its tables: weights scaled to sum 1, at most 1 for each change."""
    counts: dict[str, Counter[Spot]] = {}
    spots = {c["id"]: Spot(c["area"], c["size"], quarter_index(c["deployed"])) for c in changes}
    by_id = {c["id"]: c for c in changes}
    for change in changes:
        groups = {change["kind"]} if change["kind"] == MANUAL else {change["kind"], ASSISTED}
        for group in groups:
            counts.setdefault(group, Counter())[spots[change["id"]]] += 1
    spent: Counter[str] = Counter()
    found: Counter[tuple[PlacedLink, ...]] = Counter()
    for incident in sorted(incidents, key=lambda i: (i["started"], i["id"])):
        if incident["started"] > AS_OF:
            continue
        links = []
        for link in incident["links"]:
            change = by_id[link["change"]]
            if 0 <= (incident["started"] - change["deployed"]).days <= 30:
                weight = min(1 / len(incident["links"]), 1 - spent[change["id"]])
                spent[change["id"]] += weight  # type: ignore[assignment]
                here = frozenset({change["kind"]})
                links.append(PlacedLink(spots[change["id"]], here, weight, link["confidence"] == "confirmed"))
        found[tuple(links)] += 1
    return Records(counts, found, QUARTER)


@given(histories())
def test_evidence_is_that_of_the_records_when_many_cells_are_judged_at_once(
    history: tuple[list[DeployedChange], list[DatedIncident]],
) -> None:
    changes, incidents = history
    for one in judge(records_of(changes, incidents), [KIND], ["payments", "search"]):
        if min(one.changes, one.baseline_changes) < 20:
            assert one.harm_e == 1.0
            continue
        for direction, got in (("harm", one.harm_e), ("benefit", one.benefit_e), ("holds_up", one.holds_e)):
            wanted = cell_evidence(changes, incidents, KIND, one.area, AS_OF, direction)
            assert got == pytest.approx(wanted, rel=1e-9)


def spot(area: str = "payments") -> Spot:
    return Spot(area, "small", QUARTER)


def harmful(baseline_group: str, **counts: int) -> Records:
    """Thirty changes of a kind, nine of them failed and confirmed, beside many of the group."""
    changes = {KIND: {spot(): 30}, ASSISTED: {spot(): 30}, baseline_group: {spot(): 300}}
    changes |= {group: {spot(): n} for group, n in counts.items()}
    failed = (PlacedLink(spot(), frozenset({KIND}), 1.0, True),)
    other = (PlacedLink(spot(), frozenset({baseline_group}), 1.0, True),)
    return Records(changes, {failed: 9, other: 4}, QUARTER)


def test_harm_is_found_when_nine_of_thirty_failed_beside_four_of_three_hundred() -> None:
    whole, cell = judge(harmful(MANUAL), [KIND], ["payments"])
    assert (whole.state, cell.state) == ("stronger_safeguard", "stronger_safeguard")
    assert cell.incidents == 9
    assert cell.baseline == "manual"


def test_only_suspected_links_give_an_early_sign_and_no_safeguard() -> None:
    records = harmful(MANUAL)
    suspected = {
        tuple(link._replace(is_confirmed=False) for link in incident): n
        for incident, n in records.incidents.items()
    }
    whole, _ = judge(Records(records.changes, suspected, QUARTER), [KIND], ["payments"])
    assert whole.state == "early_sign"


def test_baseline_is_all_unmarked_when_most_origins_are_unknown() -> None:
    _, cell = judge(harmful(UNKNOWN), [KIND], ["payments"])
    assert cell.baseline == "unmarked"
    assert cell.unknown_share == pytest.approx(300 / 330)
    assert cell.state == "stronger_safeguard"


def test_nothing_reassuring_is_claimed_when_the_baseline_is_unmarked() -> None:
    changes = {KIND: {spot(): 3000}, ASSISTED: {spot(): 3000}, UNKNOWN: {spot(): 3000}}
    failed = (PlacedLink(spot(), frozenset({KIND}), 1.0, True),)
    other = (PlacedLink(spot(), frozenset({UNKNOWN}), 1.0, True),)
    unmarked = Records(changes, {failed: 100, other: 100}, QUARTER)
    assert {one.state for one in judge(unmarked, [KIND], ["payments"])} == {"not_enough_data"}
    manual = Records({**changes, UNKNOWN: {}, MANUAL: {spot(): 3000}}, {
        failed: 100, (other[0]._replace(groups=frozenset({MANUAL})),): 100,
    }, QUARTER)  # fmt: skip
    assert {one.state for one in judge(manual, [KIND], ["payments"])} == {"holds_up"}


def test_what_is_older_than_four_quarters_is_not_counted() -> None:
    old = Spot("payments", "small", QUARTER - 4)
    records = harmful(MANUAL)
    changes = {group: {old: sum(counts.values())} for group, counts in records.changes.items()}
    for one in judge(Records(changes, records.incidents, QUARTER), [KIND], ["payments"]):
        assert (one.changes, one.state) == (0, "hidden")


def test_bets_that_differ_only_in_what_is_too_old_both_count() -> None:
    """Once the old links are left out they are the same bet, made twice."""
    recent = BetLink(0.5, True, 10, 90, QUARTER)
    old = [BetLink(0.5, True, 10, 90, QUARTER - back) for back in (5, 6)]
    twice = evidence_of("harm", QUARTER, {(recent, one): 1 for one in old})
    assert twice == pytest.approx(evidence_of("harm", QUARTER, {(recent,): 2}))
