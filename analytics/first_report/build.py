"""From rows to the report: counts, rates, ratios, and what they can and cannot carry.

The rules: below 10 changes no rate; unmarked is not manual, so that nothing is said to hold up, and no
difference is called absent; who is asked for a kind is not chosen by what failed alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import isinf

from analytics.first_report import scope, words
from analytics.first_report.areas import Areas, find_areas, ordered
from analytics.first_report.candidates import choose
from analytics.first_report.shapes import (
    Attested,
    Comparison,
    Month,
    PathRule,
    Policy,
    Rate,
    Reading,
    Recall,
    Report,
    ReportChange,
    Share,
    Tool,
)
from analytics.metrics.comparison import compare
from analytics.stats import (
    noticeable_ratio,
    rate_ratio_interval,
    wilson_interval,
)
from analytics.stats.decision import UNKNOWN, UNMARKED_BASELINE, Spot
from analytics.stats.evidence import quarter_index
from changes.paths import path_class, size_band

FEWEST = 10
WINDOW_DAYS = 30
MOST_TOOLS = 8
MARKED = "marked"
# Shares of AI-helped changes that carry a mark, in the two projects where the truth is known.
RECALLS = (0.49, 0.16)
BANDS = (
    ("small", "Up to 50 lines"),
    ("medium", "51 to 200 lines"),
    ("large", "Over 200 lines"),
    ("unknown", "Size unknown"),
)
CLASSES = (
    ("source", "Source"),
    ("tests", "Tests"),
    ("docs", "Documentation"),
    ("config", "Configuration"),
    ("migrations", "Migrations"),
    ("none", "Lock or generated files only, or no file"),
)


def build(reading: Reading, changes: Sequence[ReportChange]) -> Report:
    changes = sorted(changes, key=lambda one: (one.at, one.key))
    counted = [one for one in changes if not one.is_apart]
    places = find_areas(counted, reading.name)
    area_of = places.of
    comparisons = tuple(_comparisons(counted, area_of, reading))
    overall = share("all", "All changes", counted)
    tools = _tools(counted)
    candidates, pairing = choose([one for one in counted if one.is_marked], area_of)
    policy = _policy(counted, comparisons, reading)
    attested = _attested(counted)
    kinds = Counter(kind for one in counted if one.is_marked for kind in one.kinds)
    not_said = sum(one.is_marked and not one.kinds for one in counted)
    by_policy = sum(one.by_policy for one in counted)
    hinted = sum(one.is_hinted for one in counted)
    manual = sum(one.origin == "manual" and not one.by_policy for one in counted)
    return Report(
        reading=reading,
        title=reading.name,
        summary=words.summary(reading, overall, tools, comparisons, len(changes)),
        caveats=words.caveats(reading, overall, hinted, comparisons),
        overall=overall,
        landed=len(changes),
        automation=sum(one.is_apart for one in changes),
        automation_marked=sum(one.is_automation and one.is_marked for one in changes),
        declared_manual=manual,
        hinted=hinted,
        reverts_seen=sum(one.undone_at is not None for one in counted),
        tools=tools,
        months=tuple(_months(changes, reading)),
        sizes=tuple(_by(counted, BANDS, lambda one: [size_band(one.lines)])),
        classes=tuple(_by(counted, CLASSES, _classes_of)),
        areas=tuple(_areas(counted, area_of)),
        area_note=scope.area_note(bool(places.rules), places.are_named, from_import=reading.from_import),
        path_rules=tuple(_path_rules(places)),
        comparisons=comparisons,
        outcome_words=words.outcomes(reading, comparisons),
        kind_words=words.kinds(reading, overall, kinds, not_said),
        kinds=tuple(Tool(name, n) for name, n in kinds.most_common()),
        candidates=candidates,
        candidate_words=words.candidates(reading, pairing, len(candidates)),
        policy=policy,
        policy_words=words.policy(policy, overall, reading, manual, by_policy),
        attested=attested,
        attested_words=words.attested(attested, reading),
        read_words=scope.read(reading, len(changes)),
        not_read_words=scope.not_read(reading),
        definitions=scope.definitions(reading),
    )


def share(key: str, name: str, changes: Sequence[ReportChange]) -> Share:
    n, marked = len(changes), sum(one.is_marked for one in changes)
    if n < FEWEST:
        return Share(key, name, n, marked)
    low, high = wilson_interval(marked, n)
    return Share(key, name, n, marked, marked / n, low, high)


def rate(n: int, failed: int) -> Rate:
    if n < FEWEST:
        return Rate(n, failed)
    low, high = wilson_interval(failed, n)
    return Rate(n, failed, failed / n, low, high)


def _by(
    changes: Sequence[ReportChange],
    names: Iterable[tuple[str, str]],
    keys: Callable[[ReportChange], Iterable[str]],
) -> Iterable[Share]:
    held: defaultdict[str, list[ReportChange]] = defaultdict(list)
    for one in changes:
        for key in keys(one):
            held[key].append(one)
    return (share(key, name, held[key]) for key, name in names if held[key])


def _classes_of(change: ReportChange) -> set[str]:
    return {path_class(path) for path, _ in change.paths} or {"none"}


def _tools(changes: Sequence[ReportChange]) -> tuple[Tool, ...]:
    """A change that names several tools counts for each."""
    found = Counter(tool for one in changes if one.is_marked for tool in one.tools).most_common()
    if len(found) <= MOST_TOOLS:
        return tuple(Tool(name, n) for name, n in found)
    rest = found[MOST_TOOLS - 1 :]
    shown = [Tool(name, n) for name, n in found[: MOST_TOOLS - 1]]
    return (*shown, Tool(f"{len(rest)} other tools", sum(n for _, n in rest)))


def _months(changes: Sequence[ReportChange], reading: Reading) -> Iterable[Month]:
    if not changes:
        return
    held: defaultdict[tuple[int, int], list[ReportChange]] = defaultdict(list)
    for one in changes:
        at = one.at.astimezone(UTC)
        held[at.year, at.month].append(one)
    year, month = min(held)
    until = reading.until.astimezone(UTC)
    while (year, month) <= (until.year, until.month):
        counted = [one for one in held[year, month] if not one.is_apart]
        first = date(year, month, 1)
        after = date(year + month // 12, month % 12 + 1, 1)
        part = first < reading.since.date() or after > until.date() + timedelta(days=1)
        yield Month(first, len(counted), sum(one.is_marked for one in counted), part)
        year, month = after.year, after.month


def _areas(changes: Sequence[ReportChange], area_of: Mapping[str, str]) -> Iterable[Share]:
    sizes = Counter(area_of.values())
    names = ordered(set(area_of.values()), sizes)
    return _by(changes, [(name, name) for name in names], lambda one: [area_of[one.key]])


def _path_rules(places: Areas) -> Iterable[PathRule]:
    """The first match wins, so the inner folder stands before the outer one."""
    return (PathRule(one.glob, one.name, one.changes, one.also) for one in places.rules)


# -- What came of them ---------------------------------------------------------------------------------------


def _comparisons(
    changes: Sequence[ReportChange], area_of: Mapping[str, str], reading: Reading
) -> Iterable[Comparison]:
    ripe = reading.as_of - timedelta(days=WINDOW_DAYS)
    old = [one for one in changes if one.at <= ripe]
    young = len(changes) - len(old)
    undone = _compare("undone", old, area_of, _is_undone, young)
    yield replace(undone, late=sum(map(_is_late, old)), early=sum(map(_is_early, old)))
    if reading.fixes and reading.fixes_from is not None:
        seen = [one for one in old if one.at >= reading.fixes_from]
        young = sum(one.at > ripe for one in changes)
        yield _compare("follow_up", seen, area_of, _is_followed, young)
        yield _compare("either", seen, area_of, lambda one: _is_undone(one) or _is_followed(one), young)


def _within(change: ReportChange, at: datetime | None) -> bool:
    return at is not None and timedelta() <= at - change.at <= timedelta(days=WINDOW_DAYS)


def _is_undone(change: ReportChange) -> bool:
    return _within(change, change.undone_at)


def _is_late(change: ReportChange) -> bool:
    return change.undone_at is not None and change.undone_at - change.at > timedelta(days=WINDOW_DAYS)


def _is_early(change: ReportChange) -> bool:
    """Before a deployment shipped it: nobody had it."""
    return change.undone_at is not None and change.undone_at < change.at


def _is_followed(change: ReportChange) -> bool:
    return _within(change, change.followed_at)


def _compare(
    key: str,
    changes: Sequence[ReportChange],
    area_of: Mapping[str, str],
    failed: Callable[[ReportChange], bool],
    young: int,
) -> Comparison:
    marked = [one for one in changes if one.is_marked]
    unmarked = [one for one in changes if not one.is_marked]
    a, b = sum(map(failed, marked)), sum(map(failed, unmarked))
    name, meaning = words.BASES[key]
    plain = Comparison(
        key, name, meaning, rate(len(marked), a), rate(len(unmarked), b),
        young=young, is_estimate=key != "undone",
    )  # fmt: skip
    if plain.marked.rate is None or plain.unmarked.rate is None:
        return plain
    crude, crude_low, crude_high = rate_ratio_interval(a, len(marked), b, len(unmarked))
    # The same rule as on every other page: what may be compared, and when no one number may stand.
    found = compare(_measured(changes, area_of, failed), MARKED, None, UNMARKED_BASELINE)
    return replace(
        plain,
        crude=crude,
        crude_low=crude_low if crude is not None else None,
        crude_high=_bounded(crude_high) if crude is not None else None,
        ratio=found.ratio,
        low=found.low,
        high=_bounded(found.high),
        refused=found.refused,
        comparable=found.comparable_share,
        noticeable=noticeable_ratio(len(marked) * b / len(unmarked), b),
    )


def _bounded(high: float | None) -> float | None:
    return None if high is None or isinf(high) else high


def _measured(
    changes: Sequence[ReportChange], area_of: Mapping[str, str], failed: Callable[[ReportChange], bool]
) -> dict[str, dict[Spot, tuple[int, float]]]:
    """Changes and failures of marked and of unmarked work, by area x size x quarter."""
    found: dict[str, dict[Spot, tuple[int, float]]] = {MARKED: {}, UNKNOWN: {}}
    for one in changes:
        spot = Spot(area_of[one.key], size_band(one.lines), quarter_index(one.at.date()))
        counts = found[MARKED if one.is_marked else UNKNOWN]
        n, failures = counts.get(spot, (0, 0.0))
        counts[spot] = n + 1, failures + failed(one)
    return found


# -- What a marking policy would change ----------------------------------------------------------------------


def _policy(
    changes: Sequence[ReportChange], comparisons: Sequence[Comparison], reading: Reading
) -> Policy | None:
    marked = sum(one.is_marked for one in changes)
    unmarked = len(changes) - marked
    days = (reading.until - reading.since).total_seconds() / 86400
    if days < 28 or unmarked < FEWEST:
        return None
    base = comparisons[-1].unmarked
    chance = base.failed / base.n if base.n else 0.0
    year = 365 / days
    recalls = [
        _recall(recall, marked, unmarked, chance, year)
        for recall in RECALLS
        if marked and marked * (1 / recall - 1) <= unmarked * 0.9
    ]
    return Policy(
        per_quarter=round(unmarked * year / 4),
        noticeable_now=noticeable_ratio(marked * year * chance, unmarked * year * chance) if marked else None,
        recalls=tuple(recalls),
    )


def _recall(recall: float, marked: int, unmarked: int, chance: float, year: float) -> Recall:
    hidden = marked * (1 / recall - 1)
    part = hidden / unmarked
    return Recall(
        recall=recall,
        hidden=round(hidden),
        of=unmarked,
        two_looks_like=2 / (1 + part),
        noticeable=noticeable_ratio((marked + hidden) * year * chance, (unmarked - hidden) * year * chance),
    )


def _attested(changes: Sequence[ReportChange]) -> Attested | None:
    found = [one for one in changes if one.attested_of is not None]
    if not found:
        return None
    return Attested(
        changes=len(found),
        ai_lines=sum(one.attested_ai or 0 for one in found),
        lines=sum(one.attested_of or 0 for one in found),
        marked_elsewhere=sum(one.is_marked and one.attested_of is None for one in changes),
    )
