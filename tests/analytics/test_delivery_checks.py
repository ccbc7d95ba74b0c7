"""Fifteen mistakes that delivery dashboards make, each as a test that this one does not; and the vectors.

The number of each stands in its name and its docstring.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as of_project
from django.db import connection

from accounts.days import midnight
from accounts.models import Role
from analytics import comparisons, reports
from analytics.delivery import Period, period
from analytics.flow_weeks import QUARTER, Span, label, monday
from analytics.metrics import (
    change_fail_rate,
    change_lead_time,
    delivery,
    deployment_frequency,
    failed_deployment_recovery,
)
from analytics.metrics.delivery_sentences import Place, failures
from analytics.metrics.delivery_words import Share
from analytics.models import FrozenWeek, ReviewRules, SpanFigures
from analytics.queries import figures as old_figures
from analytics.queries.delivery import CHANGES, DEPLOYMENTS, Asked
from analytics.queries.delivery_records import OF_INCIDENTS, listed
from analytics.services import flow
from analytics.stats import wilson_interval
from changes.facts import ChangeFact, CommitFact, DeploymentFact, DeploymentStep, FileFact, Identity
from changes.models import Change, ChangeLink, Deployment, Repository, Service
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.wiring import landed_change
from incidents.models import Cause, Incident
from incidents.queries.candidates import candidates
from incidents.services.causes import name_cause
from intake import ledger
from tests import make
from tests.analytics import histories
from tests.analytics.flow_rows import HOUR, MONDAY, NOW, at, broke, deployed, reckoned, shipped

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
ADA = Identity("Ada Example", "ada@example.org")


@pytest.fixture(autouse=True)
def only_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PAGES", {"delivery": delivery})


def kept(scope: str = "", begins_on: date = MONDAY, weeks: int = 1) -> Period:
    """As it stands once everything has settled."""
    flow.settle(now=NOW)
    row = SpanFigures.objects.filter(page="delivery", scope=scope, begins_on=begins_on, weeks=weeks).first()
    return period(Span(begins_on, weeks), row.figures if row else None)


def rolled_out(service: Service, when: datetime, *changes: Change, **over: Any) -> Deployment:
    made = make.deployment(
        repository=service.repository or make.repository(), service=service, finished_at=when, **over
    )
    made.changes.set(changes)
    ledger.touch(ledger.Kind.DEPLOYMENT, made.pk, verb="told")
    return made


def outage(service: Service, when: datetime, hours: float | None = 1, **over: Any) -> Incident:
    ended = None if hours is None else when + timedelta(hours=hours)
    made = make.incident(
        impact_started_at=when, resolved_at=ended, status="open" if hours is None else "resolved", **over
    )
    made.services.add(service)
    ledger.touch(ledger.Kind.INCIDENT, made.pk, verb="told")
    return made


def blamed(incident: Incident, deployment: Deployment, status: str = "confirmed") -> Cause:
    return name_cause(
        incident_id=incident.pk,
        deployment_id=deployment.pk,
        status=status,
        by=make.user(Role.CURATOR),
        now=NOW,
    )


def test_01_two_incidents_on_one_deployment_are_one_failure_of_one() -> None:
    """1: never 200 %."""
    shop = make.service("Shop")
    rollout = rolled_out(shop, at(1))
    for _ in range(2):
        blamed(outage(shop, at(1.1)), rollout)
    found = kept().fail
    assert (found.failed, found.judged) == (1, 1)


def test_02_service_without_an_incident_source_is_not_measured() -> None:
    """2: no source is no 0 %."""
    silent = make.service("Silent")
    for hour in range(30):
        rolled_out(silent, at(1 + hour / 24))
    found = kept().fail
    assert (found.state, found.failed, found.judged, found.unmeasured) == ("not_measured", 0, 0, 30)
    assert found.share.rate is None
    assert "not measured" in kept_sentence(found)


def kept_sentence(found: Any) -> str:
    return failures(found, found, Place("", "In the last 13 weeks", 13))


def test_03_incidents_of_one_project_do_not_change_the_state_of_another() -> None:
    """3: A's incidents say nothing of B."""
    a, b = make.service("A"), make.service("B")
    rolled_out(b, at(1))
    before = kept(f"service:{b.pk}").fail
    blamed(outage(a, at(1)), rolled_out(a, at(0.5)))
    after = kept(f"service:{b.pk}").fail
    assert (before, before.state) == (after, "not_measured")
    assert kept(f"service:{a.pk}").fail.failed == 1


def test_04_open_incident_raises_the_recovery_time_and_never_lowers_it() -> None:
    """4: what is not over ranks last."""
    shop = make.service("Shop")
    durations = [1, 2, 3, 9]
    for hours in durations:
        broke(shop, at(1), hours * HOUR)
    closed = failed_deployment_recovery.read(reckoned()[""], "recovery")
    broke(shop, at(2), None)
    with_open = failed_deployment_recovery.read(reckoned()[""], "recovery")
    assert closed.median == 2.5 * HOUR
    assert with_open.median == 3 * HOUR
    for _ in range(5):
        broke(shop, at(2), None)
    assert failed_deployment_recovery.read(reckoned()[""], "recovery").is_open_ended


def test_05_deployment_younger_than_the_window_is_pending() -> None:
    """5: neither a success nor, though it failed already, a failure."""
    shop = make.service("Shop", reports_incidents=True)
    today = NOW.date()
    deployed(shop, NOW - timedelta(days=13))
    deployed(shop, NOW - timedelta(days=12), failed=True)
    deployed(shop, NOW - timedelta(days=14))
    week = monday(today) - 2 * WEEK
    found = change_fail_rate.read(reckoned(week, 3)[""])
    assert (found.judged, found.failed, found.pending, found.pending_failed) == (1, 0, 2, 1)


def test_06_correction_by_a_person_survives_every_sync() -> None:
    """6: what was ruled out stays so, whatever is told again or reckoned anew."""
    where, shop = repository_of_a_service()
    told = deployment_fact("one", 4)
    (rollout,) = record_deployments(repository=where, facts=[told])
    Deployment.objects.filter(pk=rollout.pk).update(service=shop, is_production=True)
    ledger.touch(ledger.Kind.DEPLOYMENT, rollout.pk, verb="told")
    incident = outage(shop, at(1.5))
    blamed(incident, rollout)
    assert kept().fail.failed == 1
    cause = blamed(incident, rollout, "ruled_out")
    for _ in range(2):
        record_deployments(repository=where, facts=[told])
        flow.rebuild(now=lambda: NOW)
        cause.refresh_from_db()
        assert (cause.status, kept().fail.failed) == ("ruled_out", 0)


def repository_of_a_service() -> tuple[Repository, Service]:
    where = make.repository()
    return where, make.service("Shop", repository=where)


def deployment_fact(name: str, hours: float) -> DeploymentFact:
    when = at(1) + timedelta(hours=hours)
    return DeploymentFact(
        external_id=name, environment="production", told_at=when, is_production=True, sha="a" * 40,
        steps=(DeploymentStep(f"{name}-done", "succeeded", when, 1),),
    )  # fmt: skip


def test_07_incident_before_the_first_deployment_stays_visible() -> None:
    """7: it counts, is listed, and hangs on no deployment."""
    shop = make.service("Shop")
    early = outage(shop, at(1))
    rolled_out(shop, at(20))
    found = kept()
    assert (found.restore.incidents, found.restore.median) == (1, HOUR)
    assert found.frequency.number is None
    assert found.fail.unknown == 1
    assert found.fail.state == "empty"
    shown = listed(asked(), "", "restore", make.user(Role.VIEWER))
    assert shown.ids == [early.pk]


def asked(begins_on: date = MONDAY, weeks: int = 1) -> Asked:
    return Asked(Span(begins_on, weeks), False, ReviewRules(), NOW)


def test_08_revert_of_a_revert_takes_the_failure_back() -> None:
    """8: what is reapplied is neither undone nor offered as a cause for having been reverted."""
    where, shop = repository_of_a_service()
    sha = {letter: letter * 40 for letter in "abc"}
    landed(where, sha["a"], "Pay", -24 * 20)
    pay = Change.objects.get(identities__value=sha["a"])
    incident = outage(shop, at(1))
    landed(where, sha["b"], f'Revert "Pay"\n\nThis reverts commit {sha["a"]}.', 2)
    (suggested,) = candidates(incident)
    assert (suggested.change, suggested.reasons) == (pay, ["undone 2 hours after impact began"])
    landed(where, sha["c"], f'Reapply "Pay"\n\nThis reverts commit {sha["b"]}.', 3)
    assert Change.objects.get(pk=pay.pk).undone_at is None
    assert pay not in [one.change for one in candidates(incident)]


def landed(where: Repository, sha: str, message: str, hours: float) -> None:
    commit = CommitFact(sha, message, at(1) + timedelta(hours=hours), ADA, ADA)
    fact: ChangeFact = landed_change(commit, is_merge=False, files=(FileFact("app/pay.py", 10, 5),))
    record_changes(repository=where, facts=[fact])


def test_09_revert_inside_a_squashed_request_suggests_nothing() -> None:
    """9: what was undone before it was merged never reached anybody."""
    where, shop = repository_of_a_service()
    landed(where, "a" * 40, "Pay", -24 * 20)
    pay = Change.objects.get(identities__value="a" * 40)
    incident = outage(shop, at(1))
    landed(where, "b" * 40, f"Add refunds (#3)\n\n* wip\n\n* This reverts commit {'a' * 40}.", 2)
    assert Change.objects.get(pk=pay.pk).undone_at is None
    assert not ChangeLink.objects.filter(target=pay, kind="reverts").exists()
    assert candidates(incident) == []


# AVG, or a mean in Python, over something divided by something.
MEAN_OF_RATIOS = re.compile(
    r"\b(?:AVG|fmean|mean)\s*\([^()]{0,80}(?:\([^()]{0,80}\)[^()]{0,80}){0,3}/", re.IGNORECASE
)


def test_10_no_rate_is_a_mean_of_ratios() -> None:
    """10: counts are pooled; looked for in every statement and template."""
    root = Path(of_project.BASE_DIR)
    read = [
        *(
            path
            for app in ("analytics", "changes", "incidents", "intake")
            for path in (root / app).rglob("*.py")
        ),
        *(root / "templates").rglob("*.html"),
    ]
    assert len(read) > 500
    assert MEAN_OF_RATIOS.search("SELECT AVG(k / n)")
    assert MEAN_OF_RATIOS.search("AVG(failed::float / NULLIF(n, 0))")
    found = {
        path.relative_to(root).as_posix()
        for path in read
        if "migrations" not in path.parts and MEAN_OF_RATIOS.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_11_number_and_the_list_behind_it_are_the_same() -> None:
    """11: every count of the overview is the length of its list."""
    shop, silent = make.service("Shop", reports_incidents=True), make.service("Silent")
    for number in range(23):
        deployed(
            shop if number % 5 else silent, at(number % 7 / 2), failed=number % 3 == 0,
            suspected=number % 4 == 0, is_rework=number % 6 == 0, reached_users=number % 7 != 0,
            is_gap=number == 8,
        )  # fmt: skip
    deployed(None, at(2))
    for number in range(9):
        shipped(
            shop,
            at(1),
            number * HOUR if number % 4 else None,
            lead_basis="opened" if number % 2 else "commit",
        )
    shipped(shop, at(1), None, shipped_at=None, is_first_known=True)
    shipped(shop, at(1), None, shipped_at=None, state="merged")
    for number in range(8):
        broke(shop, at(2), None if number % 3 else HOUR, by_change=("yes", "no", "unknown")[number % 3])
    broke(shop, at(2), None, is_open=False)
    reader = make.user(Role.VIEWER)
    for scope, said in reckoned().items():
        told = {
            **{name: said["fail"][name] for name in change_fail_rate.COUNTED},
            "unknown": said["fail"]["unknown"],
            "deployments": said["frequency"]["deployments"],
            "attempts": said["frequency"]["attempts"],
            "rework": said["rework"]["k"],
            "gaps": said["lead"]["gaps"],
            "of_no_service": said["fail"]["of_no_service"],
            "lead": said["lead"]["n"],
            **{name: said["lead"][name] for name in OF_LEAD},
            "recovery": said["recovery"]["incidents"],
            "restore": said["restore"]["incidents"],
            "restore_open": said["restore"]["open"],
            **{f"recovery_{name}": said["recovery"][name] for name in ("open", "missing", "invalid")},
        }  # fmt: skip
        assert {name: listed(asked(), scope, name, reader).total for name in told} == told
        assert set(told) == {*DEPLOYMENTS, *CHANGES, *OF_INCIDENTS}


def test_12_zone_moves_a_sunday_night_deployment_to_its_week(settings: Any) -> None:
    """12: 2026-03-01T23:30-05:00 is a Sunday there and a Monday in UTC."""
    shop = make.service("Shop", reports_incidents=True)
    deployed(shop, datetime.fromisoformat("2026-03-01T23:30:00-05:00"), is_first_known=True)
    assert counted() == (0, 1)
    settings.ORGANISATION_TIME_ZONE = "America/New_York"
    assert counted() == (1, 0)


def counted() -> tuple[int, int]:
    """Deployments of the week to the first of March 2026, and of the one after it."""
    return (
        reckoned(MONDAY - WEEK)[""]["frequency"]["deployments"],
        reckoned(MONDAY)[""]["frequency"]["deployments"],
    )


def test_12_facts_are_reckoned_anew_when_the_zone_is_another(settings: Any) -> None:
    """12: kept figures follow the zone, too."""
    shop = make.service("Shop", reports_incidents=True)
    rolled_out(shop, datetime.fromisoformat("2026-03-01T23:30:00-05:00"))
    assert (kept().frequency.number, kept(begins_on=MONDAY - WEEK).frequency.number) == (1, None)
    settings.ORGANISATION_TIME_ZONE = "America/New_York"
    assert (kept().frequency.number, kept(begins_on=MONDAY - WEEK).frequency.number) == (0, 1)


OF_LEAD = ("from_commit", "from_opening", *change_lead_time.LEFT_OUT)


def filters() -> old_figures.Filters:
    start = histories.AS_OF - timedelta(days=364)
    return old_figures.Filters(start=start, end=histories.AS_OF, as_of=histories.AS_OF, demo=False)


def test_13_grid_of_unknown_origin_has_one_row_and_no_comparison() -> None:
    """13: unknown is not manual, and is compared with nothing."""
    where = histories.repository()
    for number in range(40):
        change = histories.shipped(where, 60, origin="unknown", size_band="small")
        if number < 4:
            histories.cause(histories.incident(began_at=histories.day(58)), change)
    stands = histories.settled()
    report = reports.matrix(filters(), stands)
    speaking = [row.key for row in report.rows if row.total.n and row.key != "total"]
    assert speaking == ["unknown"]
    assert report.row("unknown").total.failures == 4
    compared = comparisons.against_baseline(filters(), "", stands)
    assert [row for row in compared.rows if row.found.ratio is not None] == []


def test_14_cell_of_3_changes_shows_counts_and_no_percentage() -> None:
    """14: few changes make no rate; nor do few deployments."""
    where = histories.repository()
    for number in range(3):
        change = histories.shipped(where, 60, origin="manual")
        if number == 0:
            histories.cause(histories.incident(began_at=histories.day(58)), change)
    cell = reports.matrix(filters(), histories.settled()).row("manual").total
    assert (cell.n, cell.failures, cell.rate, cell.state) == (3, 1, None, "few")
    shop = make.service("Shop", reports_incidents=True)
    for minute in range(3):
        deployed(shop, at(1) + timedelta(minutes=minute), failed=minute == 0)
    found = change_fail_rate.read(reckoned()[""])
    assert (found.failed, found.judged, found.share.rate, found.state) == (1, 3, None, "few")


def test_15_other_rules_leave_what_was_closed_as_it_was() -> None:
    """15: a closed week keeps its figures, and the version of the rules by which they can be had again."""
    shop = make.service("Shop", reports_incidents=True)
    first = ReviewRules.objects.order_by("-pk")[0]
    now = at(20)
    rollouts = [rolled_out(shop, at(day)) for day in range(3)]
    blamed(outage(shop, at(0.1)), rollouts[0])
    flow.settle(now=now)
    figures = SpanFigures.objects.get(page="delivery", scope="", begins_on=MONDAY, weeks=1).figures
    closed = FrozenWeek.objects.create(
        begins_on=MONDAY, figures={"delivery": figures}, generation=1,
        versions={"rules": first.pk, "delivery": delivery.VERSION},
    )  # fmt: skip
    second = ReviewRules.objects.create(exposure_days=60, reason="Failures show late here")
    flow.settle(now=now)
    closed.refresh_from_db()
    then = change_fail_rate.read(closed.figures["delivery"])
    assert (then.failed, then.judged, then.pending) == (1, 3, 0)
    row = SpanFigures.objects.get(page="delivery", scope="", begins_on=MONDAY, weeks=1)
    anew = change_fail_rate.read(row.figures)
    assert (row.rules, anew.judged, anew.pending, anew.pending_failed) == (second, 0, 3, 1)
    rules = ReviewRules.objects.get(pk=closed.versions["rules"])
    assert delivery.reckon(Span(MONDAY), False, rules, now)[""] == closed.figures["delivery"]


# The vectors.


def test_weeks_are_pooled_by_counts() -> None:
    """Weeks of 1/1, 0/20 and 0/19 are 2.5 %, not 33.3 %."""
    shop = make.service("Shop", reports_incidents=True)
    for number, (k, n) in enumerate(((1, 1), (0, 20), (0, 19))):
        for minute in range(n):
            deployed(shop, at(1, MONDAY + number * WEEK) + timedelta(minutes=minute), failed=minute < k)
    found = change_fail_rate.read(reckoned(MONDAY, QUARTER)[""])
    assert (found.failed, found.judged, found.share.rate) == (1, 40, 0.025)


def test_median_of_two_is_between_them() -> None:
    """10 minutes and 10 days: 7205 minutes, neither the smaller nor the larger."""
    shop = make.service("Shop")
    for minutes in (10, 14400):
        broke(shop, at(1), minutes * 60)
        shipped(shop, at(1), minutes * 60)
    figures = reckoned()[""]
    assert figures["recovery"]["median"] == figures["lead"]["median"] == 7205 * 60


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 5, 0.0, 43.4), (0, 20, 0.0, 16.1), (0, 60, 0.0, 6.0), (1, 10, 1.8, 40.4), (2, 20, 2.8, 30.1),
        (4, 23, 7.0, 37.1), (6, 23, 12.5, 46.5),
    ],
)  # fmt: skip
def test_intervals_are_wilsons(k: int, n: int, low: float, high: float) -> None:
    found = wilson_interval(k, n)
    assert (round(found.low * 100, 1), round(found.high * 100, 1)) == (low, high)
    assert Share(k, n).has_rate == (n >= 20)


def test_first_of_january_2027_lies_in_the_53rd_week_of_2026() -> None:
    shop = make.service("Shop", reports_incidents=True)
    new_year = datetime(2027, 1, 1, 12, tzinfo=UTC)
    deployed(shop, new_year, is_first_known=True)
    week = monday(new_year.date())
    assert label(week) == "2026-W53"
    later = new_year + timedelta(days=40)
    assert reckoned(week, now=later)[""]["frequency"]["deployments"] == 1
    assert reckoned(week + WEEK, now=later)[""]["frequency"]["deployments"] == 0


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_23_and_25_hours_are_one_day_of_one_week(settings: Any, day: date, hours: int) -> None:
    """Sundays on which clocks change: their first and last minute are both theirs, the next is Monday's."""
    settings.ORGANISATION_TIME_ZONE = "Europe/Lisbon"
    shop = make.service("Shop", reports_incidents=True)
    begin = midnight(day)
    end = begin.astimezone(UTC) + timedelta(hours=hours)
    assert end == midnight(day + timedelta(days=1))
    for when in (begin, end - timedelta(minutes=1), end):
        deployed(shop, when)
    week = monday(day)
    this, after = (reckoned(one, now=NOW + 30 * WEEK)[""]["frequency"] for one in (week, week + WEEK))
    assert (this["deployments"], this["active_days"]) == (2, 1)
    assert (after["deployments"], after["active_days"]) == (1, 1)
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("UTC",), "the figures must not lean on the database's own zone"


def test_unknown_week_is_a_gap_and_not_a_week_without_deployments() -> None:
    shop = make.service("Shop", reports_incidents=True)
    deployed(shop, at(8), is_first_known=True)
    numbers = [
        deployment_frequency.read(reckoned(MONDAY + number * WEEK)[""], Span(MONDAY + number * WEEK)).number
        for number in range(3)
    ]
    assert numbers == [None, 1, 0]
