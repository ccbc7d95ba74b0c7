"""The matrix against a straightforward recount in Python, over small made-up histories."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics import reports
from analytics.queries import figures as queries
from analytics.queries.figures import Basis, Filters
from analytics.stats import wilson_interval
from analytics.tasks import catch_up
from changes.models import Assistance, Change, ChangeLink, DomainArea, FollowUp
from incidents.models import Cause, Incident
from tests.analytics import histories as make
from tests.make import user

pytestmark = pytest.mark.django_db
AS_OF = make.AS_OF


def filters(**over: Any) -> Filters:
    return Filters(
        **{"start": AS_OF - timedelta(days=364), "end": AS_OF, "as_of": AS_OF, "demo": False, **over}
    )


def matrix(wanted: Filters) -> reports.MatrixReport:
    return reports.matrix(wanted, catch_up())


def end_of(term: Any) -> Any:
    while term.merged_into is not None:
        term = term.merged_into
    return term


def recount(wanted: Filters) -> dict[tuple[str, str], dict[str, float]]:
    """What the definition says, word by word, one change at a time."""
    cells: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for change in Change.objects.filter(state="shipped", merged_into=None, repository__is_demo=wanted.demo):
        assert change.shipped_at
        shipped_on = change.shipped_at.date()
        if not wanted.start <= shipped_on <= wanted.end or change.type != wanted.type:
            continue
        confirmed, perhaps, late = failures(change, shipped_on, wanted)
        said = {
            end_of(a.kind).slug: False
            for a in Assistance.objects.filter(change=change, status__in=["declared", "confirmed"])
        }
        for a in Assistance.objects.filter(change=change, status__in=["declared", "confirmed"], counted=True):
            said[end_of(a.kind).slug] = True
        rows = {"total"}
        if change.origin_counted in ("assisted", "autonomous"):
            rows |= {f"kind:{slug}" for slug, counted in said.items() if counted} or {"not-said"}
            rows.add("assisted")
        elif change.automation:
            rows.add("automation")
        else:
            rows.add(change.origin_counted)
        where = end_of(change.area).slug if change.area else "none"
        mature = (wanted.as_of - shipped_on).days >= 30
        for place in [(row, a) for row in rows for a in (where, "all")]:
            cell = cells[place]
            cell["late"] += late
            if mature:
                cell["n"] += 1
                cell["failures"] += confirmed
                cell["suspected"] += perhaps - confirmed
            else:
                cell["pending"] += 1
                cell["pending_failed"] += confirmed > 0
    return cells


def words_on(incident: Incident) -> list[Cause]:
    """The last word on each change or deployment, where it counts."""
    words: dict[object, Cause] = {}
    for cause in Cause.objects.filter(incident=incident).order_by("said_at", "pk"):
        if cause.status != "suggested":
            words[cause.deployment or (cause.change and (cause.change.merged_into or cause.change))] = cause
    return [cause for cause in words.values() if cause.status in ("confirmed", "suspected")]


def failures(change: Change, shipped_on: date, wanted: Filters) -> tuple[float, float, int]:
    confirmed = perhaps = 0.0
    late: set[int] = set()
    if wanted.basis in (Basis.INCIDENT, Basis.ANY):
        for incident in Incident.objects.filter(is_demo=wanted.demo, duplicate_of=None):
            began_on = incident.began_at.date()
            if incident.closing_reason in Incident.NEVER_COUNTED or began_on > wanted.as_of:
                continue
            causes = words_on(incident)
            for cause in causes:
                if cause.change is None or (cause.change.merged_into or cause.change) != change:
                    continue
                share = cause.weight / sum(c.weight for c in causes)
                age = (began_on - shipped_on).days
                if 0 <= age <= 30:
                    perhaps += share
                    confirmed += share if cause.status == "confirmed" else 0
                elif age > 30 and cause.status == "confirmed":
                    late.add(incident.pk)
    undone = False
    if wanted.basis != Basis.INCIDENT:
        days = mended_on(change, wanted)
        undone = any(0 <= (d - shipped_on).days <= 30 for d in days if d <= wanted.as_of)
        too_late = any((d - shipped_on).days > 30 for d in days if d <= wanted.as_of)
        late_undone = too_late and not undone
        return (
            max(min(1.0, confirmed), float(undone)),
            max(min(1.0, perhaps), float(undone)),
            len(late) + late_undone,
        )
    return min(1.0, confirmed), min(1.0, perhaps), len(late)


def mended_on(change: Change, wanted: Filters) -> list[date]:
    days: list[date] = []
    if wanted.basis in (Basis.UNDONE, Basis.ANY):
        days += [change.undone_at.date()] if change.undone_at else []
        links = ChangeLink.objects.filter(kind="fixes", target=change, change__state="shipped")
        days += [link.change.merged_at.date() for link in links if link.change.merged_at]
    if wanted.basis in (Basis.FOLLOW_UP, Basis.ANY):
        days += [one.at.date() for one in FollowUp.objects.filter(change=change, fix__merged_into=None)]
    return days


def random_history(seed: int) -> None:
    rng = random.Random(seed)
    where = make.repository()
    make.shipped(make.repository(is_demo=True), 50, origin="manual")
    kinds = [make.kind(slug) for slug in ("generation", "refactoring", "tests")]
    kinds.append(make.kind("unit-tests", merged_into=kinds[2], merged_at=make.day(1)))
    areas: list[DomainArea | None] = [make.area("payments"), make.area("search"), None]
    areas.append(make.area("lookup", merged_into=areas[1], merged_at=make.day(1)))
    changes = []
    for _ in range(rng.randrange(20, 60)):
        days_ago = rng.choice([rng.randrange(0, 400), 29, 30, 31])
        change = make.shipped(
            where,
            days_ago,
            origin=rng.choice(["unknown", "manual", "assisted", "assisted", "autonomous"]),
            origin_counted=rng.choice(["unknown", "manual", "assisted", "assisted", "autonomous"]),
            automation=rng.random() < 0.15,
            area=rng.choice(areas),
            type=rng.choice(["code", "code", "code", "data"]),
            undone_at=make.day(0) - timedelta(days=days_ago - rng.randrange(0, 45))
            if rng.random() < 0.2
            else None,
        )
        for what in rng.sample(kinds, rng.choice([0, 1, 1, 2, 4])):
            status = rng.choice(["declared", "confirmed", "suggested", "dismissed"])
            make.help_in(change, what, counted=rng.random() < 0.7, status=status)
        changes.append(change)
    twin = make.shipped(where, 50, merged_into=rng.choice(changes))
    for change in rng.sample(changes, 4):
        fix = rng.choice(changes)
        if fix != change:
            ChangeLink.objects.create(
                change=fix, kind="fixes", names=f"#{change.pk}", target=change, rule="r1"
            )
    for change in rng.sample(changes, 8):
        fix = rng.choice([*changes, twin])
        if fix != change:
            make.follow_up(change, fix, days_later=rng.choice([-3, 0, 5, 30, 31]))
    for _ in range(rng.randrange(5, 15)):
        culprits = rng.sample([*changes, twin], rng.randrange(1, 4))
        assert culprits[0].shipped_at
        began_at = culprits[0].shipped_at + timedelta(days=rng.choice([0, 3, 29, 30, 31, 40]))
        reason = rng.choice(["", "", "", "resolved", "duplicate", "test", "false_alarm"])
        incident = make.incident(began_at=began_at, closing_reason=reason)
        for culprit in culprits:
            status = rng.choice(["confirmed", "confirmed", "suspected", "ruled_out", "suggested"])
            make.cause(incident, culprit, status, weight=rng.choice([1, 1, 0.5, 2]))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("basis", Basis.values)
def test_matrix_equals_a_recount_when_histories_are_random(seed: int, basis: str) -> None:
    random_history(seed)
    wanted = filters(basis=basis)
    report = matrix(wanted)
    expected = recount(wanted)
    seen = set()
    for row, where, cell in report.lines():
        truth = expected.get((row.key, where.slug), {})
        seen.add((row.key, where.slug))
        got = (cell.n, cell.failures, cell.suspected, cell.pending, cell.pending_failed, cell.late)
        names = ("n", "failures", "suspected", "pending", "pending_failed", "late")
        assert got == pytest.approx([truth.get(name, 0) for name in names], abs=1e-5), (row.key, where.slug)
        if cell.rate is not None:
            assert (cell.low, cell.high) == pytest.approx(
                wilson_interval(truth["failures"], cell.n), abs=1e-5
            )
        assert (cell.rate is None) == (cell.n < 10)
    assert {place for place, truth in expected.items() if sum(truth.values())} <= seen


@pytest.mark.parametrize("seed", range(4))
def test_every_cell_equals_the_list_behind_it_when_histories_are_random(seed: int) -> None:
    random_history(seed)
    areas, kinds = queries.taxonomies()
    for row, where, cell in matrix(filters()).lines():
        narrowed = filters() if where.slug == "all" else filters(area=where.slug)
        behind = queries.changes_behind(narrowed, row.key, areas, kinds)
        assert behind.count() == cell.n + cell.pending, (row.key, where.slug)
        assert behind.filter(queries.is_mature(narrowed)).count() == cell.n


def test_origin_said_after_the_first_failure_stands_beside_the_cell_and_never_in_it() -> None:
    where, payments, generation = make.repository(), make.area("payments"), make.kind("generation")
    for _ in range(12):
        change = make.shipped(where, 60, origin="assisted", area=payments)
        make.help_in(change, generation)
    late = make.shipped(where, 60, origin="assisted", origin_counted="unknown", area=payments)
    make.help_in(late, generation, counted=False, status="confirmed")
    make.cause(make.incident(began_at=make.day(55)), late)
    report = matrix(filters())
    said = report.row("kind:generation").total
    assert (said.n, said.failures, said.afterwards) == (12, 0, 1)
    assert (report.row("unknown").total.n, report.row("unknown").total.failures) == (1, 1)


def test_deployment_only_cause_keeps_its_share_and_enters_no_cell() -> None:
    from changes.models import Deployment, Environment

    where = make.repository()
    change = make.shipped(where, 60, origin="manual")
    rollout = Deployment.objects.create(
        external_id="d1", repository=where, environment=Environment.objects.create(name="production")
    )
    incident = make.incident(began_at=make.day(58))
    make.cause(incident, change)
    Cause.objects.create(incident=incident, deployment=rollout, status="confirmed")
    make.touched(incident)
    assert matrix(filters()).total.failures == 0.5


def test_numerators_are_hidden_when_a_filter_leaves_few_incidents_and_one_is_restricted() -> None:
    where, payments, search = make.repository(), make.area("payments"), make.area("search")
    for place in (payments, search):
        changes = [make.shipped(where, 60, origin="manual", area=place) for _ in range(12)]
        for change in changes[:4]:
            restricted = place is payments and change in changes[:1]
            make.cause(make.incident(began_at=make.day(58), is_restricted=restricted), change)
    report = matrix(filters())
    assert report.total.failures == 8
    assert [cell.failures for cell in report.row("manual").cells] == [4, 4]
    for incident in Incident.objects.filter(is_restricted=False, causes__change__area=payments):
        Incident.objects.filter(pk=incident.pk).update(closing_reason="test")
        make.touched(incident)
    report = matrix(filters())
    assert report.total.failures == 5
    hidden = report.row("manual")
    assert [cell.failures for cell in hidden.cells] == [None, None], (
        "one hidden cell alone could be worked out"
    )
    assert hidden.cells[0].n == 12
    alone = matrix(filters(area="payments"))
    assert alone.total.failures is None
    assert alone.total.state == "restricted"


def test_a_part_of_a_shown_cell_is_hidden_when_it_rests_on_a_restricted_incident() -> None:
    where, payments, search = make.repository(), make.area("payments"), make.area("search")
    for place, suspected in ((payments, 1), (search, 5)):
        changes = [make.shipped(where, 60, origin="manual", area=place) for _ in range(12)]
        for change in changes[:4]:
            make.cause(make.incident(began_at=make.day(58)), change)
        for change in changes[4 : 4 + suspected]:
            incident = make.incident(began_at=make.day(58), is_restricted=place is payments)
            make.cause(incident, change, status="suspected")
    report = matrix(filters())
    row = report.row("manual")
    assert [cell.failures for cell in row.cells] == [4, 4]
    assert [cell.suspected for cell in row.cells] == [None, None], "the sum would tell of one alone"
    assert [cell.late for cell in row.cells] == [0, 0], "that there is none tells of nobody"
    assert row.total.suspected == 6
    assert matrix(filters(area="payments")).total.suspected is None
    assert matrix(filters(area="search")).total.suspected == 5


def test_matrix_takes_six_queries_at_most() -> None:
    random_history(3)
    catch_up()
    today = filters(as_of=AS_OF + timedelta(days=60))  # when all that happened has come to light
    with CaptureQueriesContext(connection) as first:
        reports.matrix(today)
    assert len(first) <= 6
    with CaptureQueriesContext(connection) as second:
        reports.matrix(today)
    assert len(second) == 1


def test_demonstration_data_is_shown_only_while_there_is_nothing_real() -> None:
    assert not queries.shows_demo()
    make.shipped(make.repository(is_demo=True), 60)
    assert queries.shows_demo()
    make.shipped(make.repository(), 60)
    assert not queries.shows_demo()


def test_a_change_reverted_and_followed_up_counts_once_and_is_listed_with_its_fix(client: Client) -> None:
    where, reader = make.repository(), user()
    changes = [make.shipped(where, 60) for _ in range(12)]
    changes[0].undone_at = make.day(59)
    changes[0].save()
    make.touched(changes[0])
    for change in changes[:2]:
        make.follow_up(change, changes[5], days_later=3)
    totals = {basis: matrix(filters(basis=basis)).total.failures for basis in Basis}
    assert totals == {Basis.INCIDENT: 0, Basis.UNDONE: 1, Basis.FOLLOW_UP: 2, Basis.ANY: 2}
    early = filters(basis=Basis.FOLLOW_UP, as_of=make.day(58).date())
    assert (matrix(early).total.pending_failed, matrix(early).total.late) == (0, 0)
    areas, kinds = queries.taxonomies()
    behind = queries.changes_behind(filters(basis=Basis.FOLLOW_UP), "total", areas, kinds)
    assert set(queries.linked(behind, filters(basis=Basis.FOLLOW_UP), reader)) == set(changes[:2])
    client.force_login(reader)
    page = client.get(
        reverse("analytics:matrix_changes"),
        {"basis": "follow_up", "from": "2026-01-01", "row": "total", "show": "linked"},
    ).content.decode()
    assert "deleted 6 of its lines, 10 in all" in page
