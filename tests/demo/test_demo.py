"""The demonstration data: the same every time, whole, apart from what is real, and gone when removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count, F, OuterRef, Q, Subquery

from accounts.models import AuditEntry, User
from analytics.demo import cast
from analytics.demo.history import play
from analytics.models import TestScenario
from analytics.services import demo
from changes.models import (
    Assistance,
    Change,
    ChangeLink,
    CheckRun,
    Decision,
    Deployment,
    Origin,
    Repository,
    Review,
    ReviewCare,
    ReviewRemark,
    SeniorReviewer,
    Service,
    SizeException,
    TestRun,
)
from changes.services.rules import current_rules
from changes.services.weighing import reweigh
from incidents.models import Cause, Fix, Incident, Lesson, Postmortem
from intake.models import LedgerEntry, Setup

DAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


def make(**over: Any) -> demo.Made:
    made = demo.make_demo(**{"as_of": DAY, "changes": 500, "incidents": 60, "weeks": 0, **over})
    assert made is not None
    return made


def fingerprint() -> list[Any]:
    """What the rows say, without their ids."""
    changes = Change.objects.order_by("url").values_list(
        "url", "title", "message", "merged_at", "shipped_at", "origin", "origin_counted", "size_band",
        "first_incident_at", "undone_at", "assistant__slug", "area__slug", "paths",
        "first_commit_at", "ready_at",
    )  # fmt: skip
    incidents = Incident.objects.order_by("number").values_list(
        "number", "title", "impact_started_at", "resolved_at", "severity__slug", "postmortem__state"
    )
    kinds = Assistance.objects.order_by("change__url", "kind__slug").values_list(
        "change__url", "kind__slug", "status", "counted"
    )
    reviews = Review.objects.order_by("change__url", "external_id").values_list(
        "change__url", "external_id", "state", "submitted_at", "commit_sha", "is_senior", "comments"
    )
    remarks = ReviewRemark.objects.order_by("change__url", "external_id").values_list(
        "change__url", "external_id", "kind", "at", "is_meaningful", "reviewer_on_day"
    )
    checks = CheckRun.objects.order_by("repository__name", "external_id", "attempt").values_list(
        "repository__name", "sha", "status", "conclusion", "queued_at", "completed_at"
    )
    return [
        *changes,
        *incidents,
        *kinds,
        *reviews,
        *((*one[:-1], bytes(one[-1] or b"")) for one in remarks),
        *checks,
    ]


def table_counts() -> dict[str, int]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: model._default_manager.count() for model in models if model._meta.managed}


def test_history_is_equal_when_seed_and_day_are() -> None:
    make()
    first = fingerprint()
    demo.remove_demo(by=None)
    make()
    assert fingerprint() == first


def test_history_differs_when_the_seed_does() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    titles = [
        [work.title for work in play(as_of=as_of, seed=seed, changes=200, incidents=10).works]
        for seed in (1, 2)
    ]
    assert titles[0] != titles[1]


def test_counts_are_as_promised_when_played_in_full() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    history = play(as_of=as_of, seed=cast.SEED, changes=cast.CHANGES, incidents=cast.INCIDENTS)
    assert 11_500 <= len(history.works) <= 12_500
    assert len(history.outages) == cast.INCIDENTS
    assert sum(outage.is_restricted for outage in history.outages) == 2
    assert sum(outage.story is not None for outage in history.outages) == 12
    assert max(work.shipped_at or work.opened_at for work in history.works) < as_of
    assert min(work.opened_at for work in history.works) >= as_of - timedelta(days=cast.DAYS + 1)


def test_generated_payments_code_fails_more_often_when_played_in_full() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    history = play(as_of=as_of, seed=cast.SEED, changes=cast.CHANGES, incidents=cast.INCIDENTS)
    payments = [work for work in history.works if work.part.area == "payments" and work.shipped_at]
    generated = [work for work in payments if "code-generation" in work.kinds]
    rest = [work for work in payments if not work.kinds and not work.is_bot]
    share = [
        sum(work.first_incident_at is not None for work in works) / len(works) for works in (generated, rest)
    ]
    assert share[0] > 1.8 * share[1]


def test_reviews_differ_by_size_and_help_when_played_in_full() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    history = play(as_of=as_of, seed=cast.SEED, changes=cast.CHANGES, incidents=cast.INCIDENTS)
    merged = [work for work in history.works if work.merged_at and not work.is_bot and not work.is_urgent]
    unread, waits, remarks = {}, {}, {}
    for is_helped in (False, True):
        for is_large in (False, True):
            key = (is_helped, is_large)
            works = [one for one in merged if bool(one.helped) == is_helped and (one.lines > 200) == is_large]
            first = [
                min((review.at for review in one.reviews if not review.is_bot), default=None) for one in works
            ]
            unread[key] = first.count(None) / len(works)
            waits[key] = median(
                (at - (one.ready_at or one.opened_at)).total_seconds()
                for one, at in zip(works, first, strict=True)
                if at
            )
            meant = sum(note.is_meaningful and not note.is_bot and not note.is_self for one in works
                        for note in one.remarks)  # fmt: skip
            remarks[key] = meant / sum(one.lines for one in works)
    assert unread[True, False] > unread[False, False] > 0
    for is_large in (False, True):
        assert waits[True, is_large] > waits[False, is_large]
        assert remarks[True, is_large] < remarks[False, is_large]
    for is_helped in (False, True):
        assert waits[is_helped, True] > waits[is_helped, False]
        assert remarks[is_helped, True] < remarks[is_helped, False]


def test_nothing_lies_ahead_when_played() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    for work in play(as_of=as_of, seed=3, changes=2000, incidents=100).works:
        times = [one.at for one in work.reviews] + [one.at for one in work.remarks]
        times += [run.completed_at or run.started_at or run.queued_at for run in work.runs]
        assert max(times, default=work.opened_at) < as_of
        assert min(times, default=work.opened_at) >= work.opened_at
        assert work.first_commit_at is None or work.first_commit_at < work.opened_at
        assert work.ready_at is None or work.opened_at < work.ready_at < (work.merged_at or as_of)


def test_titles_hardly_come_twice_when_played_in_full() -> None:
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    history = play(as_of=as_of, seed=cast.SEED, changes=cast.CHANGES, incidents=cast.INCIDENTS)
    of_people = [work.title for work in history.works if not work.is_bot]
    assert len(set(of_people)) > 0.95 * len(of_people)
    assert max(Counter(of_people).values()) <= 8
    outages = [outage.title for outage in history.outages]
    assert len(set(outages)) > 0.97 * len(outages)


def test_rows_are_whole_when_made() -> None:
    made = make()
    assert Change.objects.demo().count() == made.changes == Change.objects.count()
    assert Incident.objects.demo().count() == made.incidents == Postmortem.objects.count() == 60
    assert Lesson.objects.filter(is_demo=True).count() == made.lessons
    assert TestScenario.objects.filter(is_demo=True).count() == made.scenarios >= 15
    assert TestRun.objects.filter(repository__is_demo=True).exists()
    assert set(Change.objects.values_list("origin", flat=True)) == set(Origin.values)
    assert Change.objects.filter(origin_by_policy=True, origin=Origin.MANUAL).exists()
    assert Change.objects.filter(automation=True).exists()
    assert ChangeLink.objects.filter(kind="reverts", target__undone_by=F("change")).exists()
    assert Fix.objects.exists()
    assert set(Deployment.objects.values_list("kind", flat=True)) == {"planned", "rollback", "hotfix"}


def test_reviews_and_checks_are_whole_when_made() -> None:
    make(changes=2000)
    assert set(Review.objects.values_list("state", flat=True)) == set(Review.State.values)
    assert Review.objects.filter(is_bot=True).exists()
    assert Review.objects.filter(is_senior=True).exists()
    assert set(SeniorReviewer.objects.values_list("repository__name", flat=True)) == {
        f"larkfield/{name}" for name in cast.SENIORS_SINCE
    }
    named_at = SeniorReviewer.objects.filter(repository=OuterRef("change__repository")).values("added_at")
    by_seniors = Review.objects.filter(is_senior=True).annotate(named_at=Subquery(named_at[:1]))
    assert not by_seniors.exclude(submitted_at__gte=F("named_at")).exists()
    assert set(ReviewRemark.objects.values_list("kind", flat=True)) == set(ReviewRemark.Kind.values)
    assert set(ReviewRemark.objects.values_list("is_meaningful", flat=True)) == {True, False}
    assert set(CheckRun.objects.values_list("status", flat=True)) == set(CheckRun.Status.values)
    assert CheckRun.objects.filter(attempt=2).exists()
    assert not CheckRun.objects.filter(status="completed").exclude(end_basis="told").exists()
    assert not CheckRun.objects.filter(repository__name__contains="platform").exists()
    assert set(ReviewCare.objects.values_list("answer", flat=True)) == set(ReviewCare.Answer.values)
    assert SizeException.objects.filter(change__size_band="large").exists()
    opened = Change.objects.filter(state="open")
    assert opened.filter(is_draft=True).exists()
    assert opened.filter(is_draft=False).exists()
    assert Change.objects.exclude(ready_at=None).exists()
    assert Change.objects.filter(first_commit_at=None).exists()
    assert set(Service.objects.values_list("reports_incidents", flat=True)) == {True, None}
    assert set(Deployment.objects.values_list("kind", "kind_basis").distinct()) == {
        ("planned", ""), ("rollback", "told"), ("hotfix", "told"),
    }  # fmt: skip


def test_first_incident_is_that_of_the_confirmed_causes_when_made() -> None:
    make()
    began: dict[int | None, list[datetime]] = defaultdict(list)
    confirmed = Cause.objects.filter(status="confirmed", incident__in=Incident.objects.counted())
    for cause in confirmed.select_related("incident"):
        began[cause.change_id].append(cause.incident.began_at)
    told = Change.objects.exclude(first_incident_at=None).values_list("pk", "first_incident_at")
    assert dict(told) == {change: min(times) for change, times in began.items()}


def test_kinds_said_after_the_failure_are_not_counted_when_made() -> None:
    make()
    late = Decision.objects.filter(prompted_by="postmortem", kind__isnull=False)
    assert late.exists()
    for decision in late:
        assert not Assistance.objects.get(change=decision.change_id, kind=decision.kind_id).counted


def test_verdicts_stand_when_weighed_again() -> None:
    make()
    assert reweigh(list(Change.objects.order_by("pk")), current_rules()) == []


def test_unknown_share_differs_by_area_when_made() -> None:
    make()
    rows = (
        Change.objects.filter(automation=False, undone_at=None)
        .values("area__slug")
        .annotate(share=Count("pk", filter=Q(origin="unknown")) * 100 / Count("pk"))
    )
    shares = {row["area__slug"]: row["share"] for row in rows}
    assert shares["catalogue"] > 30 > 25 > shares["payments"]


def test_ledger_tells_every_object_once_when_made() -> None:
    made = make()
    told = Counter(LedgerEntry.objects.values_list("kind", flat=True))
    assert told["change"] == made.changes
    assert told["incident"] == made.incidents
    assert told["deployment"] == made.deployments


def test_nothing_is_left_and_nothing_real_is_touched_when_removed() -> None:
    real = Repository.objects.create(name="real/shop", host="forge.example", forge_id="1")
    change = Change.objects.create(
        repository=real, state="shipped", shipped_at=datetime(2026, 1, 1, tzinfo=UTC), shipped_basis="merge"
    )
    incident = Incident.objects.create(number=900, title="Real")
    person = User.objects.create_user(username="somebody")
    before = table_counts()
    make(beside_real=True)
    Cause.objects.create(incident=incident, change=Change.objects.demo().first())
    Lesson.objects.create(text="Tried out").incidents.add(Incident.objects.demo()[0])
    demo.remove_demo(by=person)
    after = table_counts()
    unlike = {label for label in after if after[label] != before[label]}
    assert unlike <= {"intake.LedgerEntry", "intake.Setup", "accounts.AuditEntry", "pghistory.Context"}
    assert set(LedgerEntry.objects.values_list("verb", flat=True)) == {"demo_removed"}
    assert AuditEntry.objects.get().actor == person
    assert Setup.objects.get().demo_removed_at is not None
    change.refresh_from_db()
    incident.refresh_from_db()


def test_sample_refuses_when_real_data_exists() -> None:
    Repository.objects.create(name="real/shop")
    with pytest.raises(CommandError, match="--anyway"):
        call_command("sample")
    assert not demo.is_present()


def test_sample_does_nothing_when_there_already(capsys: pytest.CaptureFixture[str]) -> None:
    make()
    count = Change.objects.count()
    call_command("sample")
    assert "already" in capsys.readouterr().out
    assert Change.objects.count() == count


def test_sample_removes_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    make()
    call_command("sample", "--remove")
    assert "Removed" in capsys.readouterr().out
    assert not demo.is_present()
    assert not User.objects.filter(username__startswith="demo-").exists()


def test_sample_refuses_a_day_to_come() -> None:
    with pytest.raises(CommandError, match="future"):
        call_command("sample", "--as-of", "2999-01-01")
