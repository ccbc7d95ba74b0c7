"""Reads of test results: what the standings rest on, and what pages and API show of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import F, Q

from accounts.models import Role, User
from accounts.notices import about
from analytics import scenario_standing
from analytics.models import ScenarioStanding, TestScenario
from analytics.scenario_standing import Ran, Seen, Verdict
from changes.models import Repository, Service, TestCaseResult, TestRun

State = ScenarioStanding.State
NEVER_RUN = "never_run"
# What most of the work looks at: enough for the rule of 30 days, few enough for busy repositories.
WINDOW = timedelta(days=35)
RUNS_OF_A_SUITE = 60
POINTS = 20
BRANCHES = 8
# The first that any repository shows is what a list says.
WEIGHT = {State.FAILING: 0, State.FLAKY: 1, State.PASSING: 2, State.STALE: 3}
RESULTS = [*State.choices, (NEVER_RUN, "Never run")]


def names(scenarios: Iterable[TestScenario]) -> dict[str, int]:
    """By what tests call it, the key of the scenario meant: those merged into one count for it."""
    meant = {scenario.pk: scenario.pk for scenario in scenarios}
    found = {str(scenario): scenario.pk for scenario in scenarios}
    merged = list(
        TestScenario.objects.exclude(merged_into=None).values_list("pk", "number", "merged_into_id")
    )
    while fresh := [one for one in merged if one[2] in meant and one[0] not in meant]:
        for pk, number, into in fresh:
            meant[pk] = found[f"TS-{number}"] = meant[into]
    return found


def standing_scenarios() -> models.QuerySet[TestScenario]:
    return TestScenario.objects.filter(merged_into=None)


def new_entries(snapshot: str) -> tuple[list[tuple[str, int]], str]:
    """Kind and key of what bears on standings and this snapshot did not see; the snapshot of now.

    Without a snapshot incidents and lessons are left out: nobody was told anything yet. Entries of the
    transaction that asks are always new: looking twice does no harm.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH known AS (SELECT NULLIF(%s, '')::pg_snapshot AS seen), new AS ("
            " SELECT DISTINCT entry.kind, entry.object_id FROM intake_ledgerentry AS entry, known"
            " WHERE (entry.kind IN ('test_run', 'scenario')"
            "  OR entry.kind IN ('incident', 'lesson') AND known.seen IS NOT NULL) AND (known.seen IS NULL"
            # A snapshot of the future: the database came here from another server.
            "  OR pg_snapshot_xmin(known.seen) > pg_snapshot_xmax(pg_current_snapshot())"
            "  OR (entry.transaction >= pg_snapshot_xmin(known.seen)::text::bigint"
            "   AND (entry.transaction = pg_current_xact_id_if_assigned()::text::bigint"
            "    OR NOT pg_visible_in_snapshot(entry.transaction::text::xid8, known.seen)))))"
            " SELECT pg_current_snapshot()::text, ARRAY(SELECT kind FROM new ORDER BY kind, object_id),"
            " ARRAY(SELECT object_id FROM new ORDER BY kind, object_id)",
            [snapshot],
        )
        taken, kinds, keys = cursor.fetchone()
    return list(zip(kinds, keys, strict=True)), str(taken)


def places_of(entries: Iterable[tuple[str, int]]) -> list[tuple[int, str]]:
    """Repository and branch of these runs, and of all runs that tell of these scenarios."""
    touched = list(entries)
    runs = [pk for kind, pk in touched if kind == "test_run"]
    meant = names(TestScenario.objects.filter(pk__in=[pk for kind, pk in touched if kind == "scenario"]))
    of_them = TestCaseResult.objects.filter(scenario__in=list(meant)).values("run")
    rows = TestRun.objects.filter(Q(pk__in=runs) | Q(pk__in=of_them)).order_by()
    return sorted(rows.values_list("repository_id", "branch").distinct())


def told_in_vain(entries: Iterable[tuple[str, int]]) -> list[tuple[TestScenario, list[User]]]:
    """Scenarios of these incidents and lessons that people were told of, and who of them may see them."""
    touched = list(entries)
    lessons = [pk for kind, pk in touched if kind == "lesson"]
    incidents = [pk for kind, pk in touched if kind == "incident"]
    behind = Q(lessons__in=lessons) | Q(lessons__incidents__in=incidents)
    found = []
    for scenario in TestScenario.objects.filter(behind).distinct() if lessons or incidents else ():
        told = list(User.objects.filter(notifications__about=about(scenario)).distinct())
        if len(seeing := _seeing(scenario, told)) < len(told):
            found.append((scenario, seeing))
    return found


def all_places() -> list[tuple[int, str]]:
    return sorted(TestRun.objects.order_by().values_list("repository_id", "branch").distinct())


@dataclass(frozen=True)
class Evidence:
    """Of one branch: all runs looked at, and by scenario what they say of it."""

    ran: Sequence[Ran]
    seen: Mapping[int, Sequence[Seen]]


def recent(repository_id: int, branch: str, meant: Mapping[str, int], now: datetime) -> Evidence:
    """Of the last weeks, and of each suite so many runs."""
    rows = TestRun.objects.filter(repository_id=repository_id, branch=branch, ran_at__gt=now - WINDOW)
    kept, taken = [], defaultdict[str, int](int)
    for one in _ran(rows.order_by("-ran_at", "-id")):
        taken[one.suite] += 1
        if taken[one.suite] <= RUNS_OF_A_SUITE:
            kept.append(one)
    return Evidence(kept, _seen(kept, meant))


def everything(repository_id: int, branch: str, meant: Mapping[str, int]) -> Evidence:
    """However far back, for these scenarios."""
    ran = list(_ran(TestRun.objects.filter(repository_id=repository_id, branch=branch)))
    return Evidence(ran, _seen(ran, meant))


def ever_seen(repository_id: int, branch: str, meant: Mapping[str, int]) -> set[int]:
    """Scenarios that any run of the branch tells of."""
    rows = TestCaseResult.objects.filter(
        run__repository_id=repository_id, run__branch=branch, scenario__in=list(meant)
    )
    return {meant[name] for name in rows.order_by().values_list("scenario", flat=True).distinct()}


def _ran(rows: models.QuerySet[TestRun]) -> list[Ran]:
    cases = F("passed") + F("failed") + F("skipped") + F("flaky")
    told = rows.annotate(cases_total=cases).values_list("pk", "suite", "sha", "ran_at", "cases_total")
    return [Ran(*one) for one in told]


def _seen(ran: Sequence[Ran], meant: Mapping[str, int]) -> dict[int, list[Seen]]:
    runs = {one.run: one for one in ran}
    found: defaultdict[int, list[Seen]] = defaultdict(list)
    rows = TestCaseResult.objects.filter(run__in=list(runs), scenario__in=list(meant)).order_by()
    for name, run, suite, test, outcome in rows.values_list(
        "scenario", "run_id", "suite", "name", "outcome"
    ).iterator(chunk_size=5000):
        found[meant[name]].append(Seen(runs[run], f"{suite}\n{test}", outcome))
    return dict(found)


def told_of(scenario: TestScenario, repository: Repository) -> list[User]:
    """The teams whose services it guards, else those of the repository, else the curators; who may see it."""
    guarded = Service.objects.filter(pk__in=scenario.services.values("pk"))
    people = User.objects.filter(is_active=True).order_by("pk")
    for services in (guarded, Service.objects.filter(repository=repository)):
        teams = list(services.exclude(team=None).values_list("team_id", flat=True))
        if found := _seeing(scenario, people.filter(teams__in=teams).distinct()):
            return found
    return _seeing(scenario, people.filter(role__in=[Role.CURATOR, Role.ADMIN]))


def _seeing(scenario: TestScenario, people: Iterable[User]) -> list[User]:
    return [one for one in people if TestScenario.objects.visible_to(one).filter(pk=scenario.pk).exists()]


@dataclass(frozen=True)
class Standing:
    """What a list says of a scenario: the worst of all default branches, else of the other branches."""

    state: str = NEVER_RUN
    label: str = "Never run"
    ran_at: datetime | None = None
    why: str = ""
    on_branch: str = ""


def standings(scenarios: Iterable[TestScenario]) -> dict[int, Standing]:
    """By scenario number; one query for the whole list."""
    numbers = {scenario.pk: scenario.number for scenario in scenarios}
    rows = ScenarioStanding.objects.filter(scenario__in=numbers).select_related("repository", "last_run")
    found: defaultdict[int, list[ScenarioStanding]] = defaultdict(list)
    for row in rows:
        found[row.scenario_id].append(row)
    return {number: _listed(found[pk]) for pk, number in numbers.items()}


def _listed(rows: Sequence[ScenarioStanding]) -> Standing:
    main = [row for row in rows if is_default(row)]
    if not (main or rows):
        return Standing()
    worst = min(main or rows, key=lambda row: WEIGHT[State(row.state)])
    ran_at = max((row.last_run.ran_at for row in (main or rows) if row.last_run), default=None)
    return Standing(
        worst.state,
        worst.get_state_display(),
        ran_at,
        worst.get_why_display() if worst.why else "",
        "" if main else worst.branch,
    )


def is_default(row: ScenarioStanding) -> bool:
    return row.branch == row.repository.default_branch


@dataclass(frozen=True)
class Column:
    """One commit in the strip: drawn from the upper left corner."""

    x: int
    state: str
    label: str


@dataclass(frozen=True)
class Branch:
    """One branch of one repository on the page of a scenario."""

    row: ScenarioStanding
    is_default: bool
    suites: Sequence[scenario_standing.OfSuite]
    strip: Sequence[Column]
    width: int
    said: str


STEP = 14
IN_WORDS = {"passing": "passed", "failing": "failed", "flaky": "flaky", "skipped": "skipped"}


def branches(scenario: TestScenario) -> tuple[list[Branch], int]:
    """Default branches first, then those that ran last, each with its last commits; how many are left out."""
    rows = list(
        ScenarioStanding.objects.filter(scenario=scenario)
        .select_related("repository", "last_run")
        .order_by(models.F("last_run__ran_at").desc(nulls_last=True), "pk")
    )
    rows.sort(key=lambda row: not is_default(row))
    meant = names([scenario])
    shown = [_branch(row, _last_of(row, meant)) for row in rows[:BRANCHES]]
    return shown, len(rows) - len(shown)


def _last_of(row: ScenarioStanding, meant: Mapping[str, int]) -> tuple[Verdict | None, list[Seen]]:
    """From the newest runs that held it: what the page tells beyond the kept row."""
    of_branch = TestRun.objects.filter(repository_id=row.repository_id, branch=row.branch)
    held = of_branch.filter(Q(cases__scenario__in=list(meant))).distinct().order_by("-ran_at", "-id")
    ran = _ran(held[: POINTS * 4])
    seen = _seen(ran, meant).get(row.scenario_id, [])
    newest = max((one.at for one in ran), default=row.since)
    return scenario_standing.decide(seen, ran, newest), seen


def _branch(row: ScenarioStanding, last: tuple[Verdict | None, list[Seen]]) -> Branch:
    verdict, seen = last
    points = scenario_standing.history(seen)[-POINTS:]
    strip = [
        Column(
            number * STEP,
            point.state,
            f"{point.at:%d %b %Y %H:%M} UTC, {point.sha[:8] or 'no commit'}: {IN_WORDS[point.state]}",
        )
        for number, point in enumerate(points)
    ]
    counts = {state: sum(point.state == state for point in points) for state in IN_WORDS}
    told = ", ".join(f"{count} {IN_WORDS[state]}" for state, count in counts.items() if count)
    said = (
        f"The last {len(points)} commits, oldest first: {told}" if len(points) > 1 else f"One commit: {told}"
    )
    suites = verdict.suites if verdict else ()
    return Branch(row, is_default(row), suites, strip, max(len(strip) * STEP, STEP), said)


def results_of(scenario: TestScenario) -> models.QuerySet[TestCaseResult]:
    return (
        TestCaseResult.objects.filter(scenario__in=list(names([scenario])))
        .select_related("run__repository")
        .order_by("-run__ran_at", "-id")
    )
