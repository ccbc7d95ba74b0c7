"""Signals: what is kept of a run, what people make of it, and what a safeguard did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.effects import effect
from analytics.models import Safeguard, Signal, SignalShown
from analytics.services import signals
from analytics.services.judging import look, run_due, run_signals
from analytics.tasks import catch_up, judge_week
from changes.models import AssistanceKind, DomainArea, HistoryRun, Repository
from incidents.models import Cause
from incidents.services.refusals import Refused
from intake import ledger
from intake.models import Setup
from tests import make
from tests.analytics import histories
from tests.analytics.histories import AS_OF

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def payments() -> DomainArea:
    return histories.area("payments")


@pytest.fixture
def generated() -> AssistanceKind:
    return histories.kind("code-generation")


def history(
    payments: DomainArea,
    generated: AssistanceKind,
    *,
    failed: int = 8,
    status: str = "confirmed",
    **over: bool,
) -> None:
    """Forty generated changes, of which some failed, beside a hundred manual ones, of which two did."""
    where = histories.repository()
    for number in range(140):
        is_generated = number < 40
        change = histories.shipped(
            where, 60, area=payments, size_band="small", origin="assisted" if is_generated else "manual"
        )
        if is_generated:
            histories.help_in(change, generated)
        if number < failed or number in {40, 41}:
            began = histories.day(55)
            histories.cause(histories.incident(began_at=began, **over), change, status)
    catch_up()


def test_cell_and_kind_ask_for_a_safeguard_when_a_fifth_of_generated_changes_failed(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated)
    whole, cell = look(as_of=AS_OF, demo=False).lines
    assert (whole.area, cell.area) == (None, payments)
    assert cell.judged.state == "stronger_safeguard"
    assert cell.judged.incidents == 8
    assert cell.sentence == (
        "In Payments, changes with AI help in code generation beside similar manual ones: 8 of 40 against "
        "2 of 100; no ratio, since there are not enough failures to compare."
    )


def test_only_an_early_sign_is_shown_when_nobody_confirmed_a_link(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated, status="suspected")
    assert {line.judged.state for line in look(as_of=AS_OF, demo=False).lines} == {"early_sign"}


def test_nothing_is_known_when_asked_as_of_a_time_before(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    before = datetime.now(UTC)
    history(payments, generated)
    assert not look(as_of=AS_OF, demo=False, known_at=before).lines
    assert look(as_of=AS_OF, demo=False, known_at=datetime.now(UTC) + timedelta(minutes=1)).lines


def run(on_offset: int = 0) -> list[Signal]:
    on = AS_OF + timedelta(days=on_offset)
    return run_signals(on=on, demo=False, generation=1, now=NOW)


def test_signal_is_opened_once_and_its_record_kept_when_shown_week_after_week(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated)
    opened = run()
    assert {(one.kind, one.area, one.state) for one in opened} == {
        (generated, None, "stronger_safeguard"),
        (generated, payments, "stronger_safeguard"),
    }
    assert run(7) == []
    assert run(7) == []
    assert Signal.objects.count() == 2
    assert Signal.objects.get(area=payments).last_shown_on == AS_OF + timedelta(days=7)
    kept = SignalShown.objects.filter(area=payments).order_by("on")
    assert [one.on for one in kept] == [AS_OF, AS_OF + timedelta(days=7)]
    assert "8 of 40" in kept[0].figures["sentence"]


def test_run_is_due_once_a_week(payments: DomainArea, generated: AssistanceKind) -> None:
    history(payments, generated)
    monday = AS_OF - timedelta(days=AS_OF.weekday())
    days = [monday, monday + timedelta(days=6), monday + timedelta(days=7)]
    ran = [run_due(today=day, demo=False, stands=catch_up(), now=NOW) for day in days]
    assert ran == [True, False, True]


def test_dismissed_signal_comes_back_only_when_it_is_news(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated, status="suspected")
    [signal] = [one for one in run() if one.area]
    signals.review_signal(
        signal_id=signal.pk, review="dismissed", reason="A migration of that week.", by=make.user(), now=NOW
    )
    assert [one for one in run(7) if one.area] == []
    for one in Cause.objects.all():
        Cause.objects.filter(pk=one.pk).update(status="confirmed")
        ledger.touch(ledger.Kind.INCIDENT, one.incident_id, verb="told")
    catch_up()
    [back] = [one for one in run(14) if one.area]
    assert back.state == "stronger_safeguard"
    assert Signal.objects.filter(area=payments).count() == 2


def test_dismissing_needs_a_reason_and_readers_may_not(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated)
    [signal, *_] = run()
    with pytest.raises(Refused, match="Say why"):
        signals.review_signal(signal_id=signal.pk, review="dismissed", by=make.user(), now=NOW)
    with pytest.raises(Refused, match="Readers"):
        signals.review_signal(signal_id=signal.pk, review="acknowledged", by=make.user(Role.VIEWER), now=NOW)
    signal.refresh_from_db()
    assert signal.review == Signal.Review.OPEN


def test_adopted_safeguard_answers_its_signal(payments: DomainArea, generated: AssistanceKind) -> None:
    history(payments, generated)
    [signal] = [one for one in run() if one.area]
    adopted = signals.adopt_safeguard(
        title="A second reviewer", kind=generated, area=payments, starts_on=AS_OF, signal=signal,
        by=make.user(), now=NOW,
    )  # fmt: skip
    signal.refresh_from_db()
    assert (signal.review, adopted.signal) == (Signal.Review.SAFEGUARDED, signal)


def test_safeguard_without_scope_or_ending_before_it_began_is_refused(generated: AssistanceKind) -> None:
    author = make.user()
    with pytest.raises(Refused, match="for which changes"):
        signals.adopt_safeguard(title="Care", starts_on=AS_OF, by=author, now=NOW)
    adopted = signals.adopt_safeguard(title="Care", kind=generated, starts_on=AS_OF, by=author, now=NOW)
    with pytest.raises(Refused, match="before it began"):
        signals.end_safeguard(
            safeguard_id=adopted.pk, ends_on=AS_OF - timedelta(days=1), reason="x", by=author, now=NOW
        )


def test_effect_compares_the_year_before_with_the_time_since(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    where = histories.repository()
    for days_ago, n, failed in ((200, 60, 18), (80, 50, 1)):
        for number in range(n):
            change = histories.shipped(where, days_ago, area=payments, size_band="small", origin="assisted")
            histories.help_in(change, generated)
            if number < failed:
                histories.cause(histories.incident(began_at=histories.day(days_ago - 5)), change)
            histories.shipped(where, days_ago, area=payments, size_band="small", origin="manual")
    catch_up()
    safeguard = Safeguard(kind=generated, area=payments, starts_on=AS_OF - timedelta(days=100))
    found = effect(safeguard, AS_OF)
    counts = [(side.compared.failures, side.compared.changes) for _, side in found.sides]
    assert counts == [(18, 60), (1, 50)]
    assert "lower, beyond what chance gives" in found.sentence
    narrow = Safeguard(
        kind=generated, area=payments, starts_on=AS_OF - timedelta(days=100), path_globs=["src/none/**"]
    )
    assert "too few to say anything" in effect(narrow, AS_OF).sentence


def test_numerators_are_hidden_when_few_incidents_stand_behind_and_one_is_restricted(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated, failed=0, is_restricted=True)
    lines = look(as_of=AS_OF, demo=False).lines
    assert lines
    for line in lines:
        assert line.is_hidden
        assert "2 of 100" not in str(line.figures)
        assert "harm_e" not in line.figures


@pytest.fixture
def reader(client: Client) -> User:
    user = make.user()
    client.force_login(user)
    return user


def test_pages_show_the_sentence_and_take_a_review(
    client: Client, reader: User, payments: DomainArea, generated: AssistanceKind
) -> None:
    today = datetime.now(UTC)
    where = histories.repository()
    for number in range(140):
        is_generated = number < 40
        change = histories.shipped(
            where, shipped_at=today - timedelta(days=40), area=payments, size_band="small",
            origin="assisted" if is_generated else "manual",
        )  # fmt: skip
        if is_generated:
            histories.help_in(change, generated)
        if number < 8 or number in {40, 41}:
            histories.cause(histories.incident(began_at=today - timedelta(days=35)), change)
    run_due(today=today.date(), demo=False, stands=catch_up(), now=today)
    page = client.get(reverse("analytics:signals")).content.decode()
    assert "8 of 40 against 2 of 100" in page
    signal = Signal.objects.get(area=payments)
    detail = client.get(reverse("analytics:signal", args=[signal.pk])).content.decode()
    assert "What was shown when" in detail
    refused = client.post(reverse("analytics:signal_review", args=[signal.pk]), {"review": "dismissed"})
    assert refused.status_code == 422
    assert "Say why it is dismissed" in refused.content.decode()
    adopted = client.post(
        f"{reverse('analytics:safeguard_new')}?signal={signal.pk}",
        {"title": "A second reviewer", "kind": generated.pk, "area": payments.pk, "starts_on": "2026-01-01"},
    )
    assert adopted.status_code == 302
    shown = client.get(adopted["Location"]).content.decode()
    assert "A second reviewer" in shown
    assert "Before and since" in shown


def test_week_is_not_judged_on_half_a_history_when_an_import_is_at_work(
    payments: DomainArea, generated: AssistanceKind
) -> None:
    history(payments, generated)
    Setup.objects.update_or_create(pk=1, defaults={"first_real_fact_at": NOW})
    run = HistoryRun.objects.create(
        kind=HistoryRun.Kind.IMPORT,
        state=HistoryRun.State.RUNNING,
        repository=Repository.objects.first(),
        heard_at=timezone.now(),
    )
    judge_week()
    assert not SignalShown.objects.exists()
    # A killed one is heard of no more.
    HistoryRun.objects.filter(pk=run.pk).update(heard_at=timezone.now() - timedelta(hours=1))
    judge_week()
    shown = SignalShown.objects.count()
    assert shown
    HistoryRun.objects.filter(pk=run.pk).update(state=HistoryRun.State.DONE)
    judge_week()
    assert SignalShown.objects.count() == shown
