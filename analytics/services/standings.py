"""What test results say of scenarios, kept as findings: made anew when runs come in and once a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.days import day_of
from accounts.notices import about, take_back, tell
from analytics.models import ScenarioStanding, StandingsRead, TestScenario
from analytics.queries import standings as queries
from analytics.queries.standings import Evidence
from analytics.scenario_standing import Verdict, decide
from changes.models import Repository

State, Why = ScenarioStanding.State, ScenarioStanding.Why
SETTLED = (Why.GONE, Why.NOT_RUN)
WRITTEN = ("state", "why", "since", "last_run_id", "last_passed_at", "last_failed_at")


@transaction.atomic
def catch_up(*, now: datetime) -> int:
    """Looks at the branches of runs that are new, and once a day at all; says at how many."""
    StandingsRead.objects.bulk_create([StandingsRead(pk=1)], ignore_conflicts=True)
    read = StandingsRead.objects.select_for_update(skip_locked=True).first()
    if read is None:  # somebody else is at it
        return 0
    new, snapshot = queries.new_entries(read.snapshot)
    for scenario, seeing in queries.told_in_vain(new):
        take_back(about=about(scenario), except_users=seeing)
    today = day_of(now)
    is_new_day = read.whole_on != today
    if not (new or is_new_day):
        return 0
    places = queries.all_places() if is_new_day else queries.places_of(new)
    for repository_id, branch in places:
        recompute(repository_id=repository_id, branch=branch, now=now)
    read.snapshot, read.whole_on = snapshot, today
    read.save()
    return len(places)


@transaction.atomic
def recompute(*, repository_id: int, branch: str, now: datetime) -> list[ScenarioStanding]:
    """Makes the standings of one branch anew from the results; gives those that began to fail.

    Whoever owns what a scenario guards is told of it when that is the default branch.
    """
    repository = Repository.objects.get(pk=repository_id)
    scenarios = {one.pk: one for one in queries.standing_scenarios()}
    meant = queries.names(scenarios.values())
    rows = ScenarioStanding.objects.filter(repository=repository, branch=branch)
    before = {row.scenario_id: row for row in rows.select_for_update()}
    verdicts = _verdicts(repository_id, branch, meant, before, now)
    began = []
    for pk, verdict in sorted(verdicts.items()):
        row = before.get(pk) or ScenarioStanding(scenario_id=pk, repository=repository, branch=branch)
        if _keep(row, verdict, is_passing_by=branch != repository.default_branch, now=now):
            began.append(row)
    rows.exclude(scenario__in=scenarios).delete()
    if branch == repository.default_branch:
        for row in began:
            _tell(row, scenarios[row.scenario_id], repository, now)
    return began


def _verdicts(
    repository_id: int,
    branch: str,
    meant: Mapping[str, int],
    before: Mapping[int, ScenarioStanding],
    now: datetime,
) -> dict[int, Verdict]:
    """From the last weeks; from everything where these do not reach back to when the state began."""

    def names_of(pks: Iterable[int]) -> dict[str, int]:
        wanted = set(pks)
        return {name: pk for name, pk in meant.items() if pk in wanted}

    found = _decided(queries.recent(repository_id, branch, meant, now), now)
    open_ones = {pk for pk, one in found.items() if not one.is_since_known and not _goes_on(before, pk, one)}
    unseen = {
        pk for pk, row in before.items() if pk not in found and not (row.why and row.why in SETTLED)
    } | (queries.ever_seen(repository_id, branch, meant) - found.keys() - before.keys())
    if wanted := names_of(open_ones | unseen):
        found |= _decided(queries.everything(repository_id, branch, wanted), now)
    return found


def _decided(evidence: Evidence, now: datetime) -> dict[int, Verdict]:
    told = {pk: decide(seen, evidence.ran, now) for pk, seen in evidence.seen.items()}
    return {pk: verdict for pk, verdict in told.items() if verdict}


def _goes_on(before: Mapping[int, ScenarioStanding], pk: int, verdict: Verdict) -> bool:
    """It stood so before the weeks that are looked at, and nothing says that it ever was otherwise."""
    row = before.get(pk)
    return row is not None and (row.state, row.why) == _words(verdict) and row.since <= verdict.since


def _words(verdict: Verdict) -> tuple[str, str]:
    return verdict.state, verdict.why


def _keep(row: ScenarioStanding, verdict: Verdict, *, is_passing_by: bool, now: datetime) -> bool:
    """Writes what differs; says whether it began to fail."""
    # Branches that are not the default one come and go: what has long not run there is forgotten.
    if is_passing_by and verdict.why == Why.NOT_RUN:
        if row.pk:
            row.delete()
        return False
    was, was_values = row.state, [getattr(row, name) for name in WRITTEN]
    goes_on = row.pk is not None and _goes_on({row.scenario_id: row}, row.scenario_id, verdict)
    if not (goes_on and not verdict.is_since_known):
        row.since = verdict.since
    row.state, row.why = State(verdict.state), verdict.why
    row.last_run_id = verdict.last_run
    unseen_before = now - queries.WINDOW
    row.last_passed_at = verdict.last_passed_at or _known(row.last_passed_at, unseen_before)
    row.last_failed_at = verdict.last_failed_at or _known(row.last_failed_at, unseen_before)
    if row.pk is None or was_values != [getattr(row, name) for name in WRITTEN]:
        row.save()
    return row.state == State.FAILING and was != State.FAILING


def _known(at: datetime | None, unseen_before: datetime) -> datetime | None:
    """What was read when it was in view, and is not any more."""
    return at if at and at < unseen_before else None


def _tell(row: ScenarioStanding, scenario: TestScenario, repository: Repository, now: datetime) -> None:
    if scenario.is_demo or scenario.state == TestScenario.State.RETIRED:
        return
    tell(
        users=queries.told_of(scenario, repository),
        kind="scenario-failing",
        key=f"scenario:{scenario.pk}:{repository.pk}:{row.since:%Y%m%d%H%M%S}",
        text=f"{scenario} began to fail on {row.branch} of {repository.name}: {scenario.title}",
        path=scenario.get_absolute_url(),
        about=about(scenario),
        now=now,
    )


def rebuild(*, now: Callable[[], datetime]) -> int:
    """Throws all standings away and makes them anew from the results; nobody is told twice."""
    with transaction.atomic():
        ScenarioStanding.objects.all().delete()
        StandingsRead.objects.update(snapshot="", whole_on=None)
        return catch_up(now=now())
