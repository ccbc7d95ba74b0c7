"""Stored letters: applied exactly once, whoever else is at it and whatever fails."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Team
from intake import processing, services, tasks
from intake.models import Delivery, Setup, Source
from intake.sources import Ignored, Letter, SharedSecret, Unprocessable
from tests import make

applied: Counter[str] = Counter()
failing: set[str] = set()


class Recorder(SharedSecret):
    """Writes a row for each letter; bodies say what else shall happen."""

    kind = "recorder"
    title = "Recorder"

    def key(self, letter: Letter) -> str:
        return letter.header("key") or letter.sha256.hex()

    def event(self, letter: Letter) -> str:
        return "recorded"

    def handle(self, delivery: Any, letter: Letter) -> None:
        text = letter.body.decode()
        applied[text] += 1
        Team.objects.create(name=f"{text} {delivery.pk}", slug=f"t{delivery.pk}-{applied[text]}")
        if text == "park":
            raise Unprocessable("it makes no sense")
        if text == "ignore":
            raise Ignored("it means nothing")
        if text in failing:
            raise RuntimeError("it broke")


@pytest.fixture(autouse=True)
def only_the_recorder(settings: Settings) -> None:
    settings.INTAKE_SOURCES = [f"{__name__}.Recorder"]
    applied.clear()
    failing.clear()


def stored(source: Source, text: str, key: str = "") -> Delivery:
    letter = Letter({"key": key} if key else {}, text.encode())
    kept = services.store(source_id=source.pk, provider=Recorder(), letter=letter)
    assert kept.delivery_id is not None
    return Delivery.objects.get(pk=kept.delivery_id)


@pytest.mark.django_db
def test_all_that_is_due_is_applied_when_the_bell_rings_once() -> None:
    source = make.source("recorder")
    for number in range(5):
        stored(source, f"letter {number}")
    assert tasks.process_due() == 5
    assert set(source.deliveries.values_list("state", flat=True)) == {"done"}
    assert tasks.process_due() == 0


@pytest.mark.django_db
def test_nothing_half_written_stays_when_a_letter_is_parked_ignored_or_fails() -> None:
    source = make.source("recorder")
    failing.add("fail")
    parked, ignored, failed = (stored(source, text) for text in ("park", "ignore", "fail"))
    tasks.process_due()
    for delivery in (parked, ignored, failed):
        delivery.refresh_from_db()
    assert (parked.state, parked.reason) == ("parked", "it makes no sense")
    assert (ignored.state, ignored.reason) == ("ignored", "it means nothing")
    assert (failed.state, failed.reason) == ("received", "RuntimeError: it broke")
    assert failed.next_attempt_at > timezone.now()
    assert not Team.objects.exists()


@pytest.mark.django_db
def test_a_letter_is_applied_later_when_what_failed_is_mended() -> None:
    delivery = stored(make.source("recorder"), "fail")
    failing.add("fail")
    tasks.process_due()
    assert tasks.process_due() == 0  # not before its time
    failing.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert tasks.process_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.reason) == ("done", 2, "")


@pytest.mark.django_db
def test_a_letter_is_parked_when_it_fails_again_and_again() -> None:
    delivery = stored(make.source("recorder"), "fail")
    failing.add("fail")
    now = timezone.now()
    waits: list[timedelta] = []
    for _ in range(processing.MOST_ATTEMPTS):
        with time_machine.travel(now, tick=False):
            assert tasks.process_due() == 1
        delivery.refresh_from_db()
        waits.append(delivery.next_attempt_at - now)
        now = delivery.next_attempt_at + timedelta(seconds=1)
    assert delivery.state == "parked"
    assert waits[:3] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1)]
    assert max(waits) == processing.LONGEST_WAIT


@pytest.mark.django_db
def test_the_sweep_rings_for_what_was_rung_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(tasks.process_due, "delay", lambda: rung.append(True))
    tasks.sweep()
    assert rung == []
    stored(make.source("recorder"), "letter")
    tasks.sweep()
    assert rung == [True]


@pytest.mark.django_db
def test_the_bell_swallows_no_letter_when_the_broker_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ConnectionError("no broker")

    letter = stored(make.source("recorder"), "letter")
    monkeypatch.setattr(tasks.process_due, "delay", fail)
    tasks.bell.ring_now()
    assert "the next tick makes up for it" in caplog.text
    assert letter in Delivery.objects.due(timezone.now())


def test_one_ring_serves_many_letters_and_none_waits_for_the_tick(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INTAKE_RING_SECONDS = 0.05
    rung = threading.Semaphore(0)
    monkeypatch.setattr(tasks.process_due, "delay", rung.release)
    bell = tasks.Bell()
    for _ in range(100):
        bell.ring()
    assert rung.acquire(timeout=5)
    bell.ring()
    assert rung.acquire(timeout=5)  # asked for during the pause, it came at its end
    assert not rung.acquire(timeout=0.2)


@pytest.mark.django_db
def test_a_conflicting_letter_is_applied_only_when_somebody_says_so() -> None:
    source = make.source("recorder")
    stored(source, "first", key="k")
    other = stored(source, "other", key="k")
    tasks.process_due()
    assert applied == {"first": 1}
    assert services.replay(deliveries=[other.pk], by=None) == 0
    assert processing.apply_conflicting(delivery_id=other.pk, by=None).state == "done"
    assert applied == {"first": 1, "other": 1}
    assert AuditEntry.objects.filter(verb="delivery.conflict_applied", target_id=other.pk).exists()


@pytest.mark.django_db
def test_a_conflicting_letter_is_parked_when_it_fails() -> None:
    source = make.source("recorder")
    failing.add("other")
    stored(source, "first", key="k")
    other = stored(source, "other", key="k")
    assert processing.apply_conflicting(delivery_id=other.pk, by=None).state == "parked"
    with pytest.raises(ValueError, match="conflicting"):
        processing.apply_conflicting(delivery_id=stored(source, "third").pk, by=None)


@pytest.mark.django_db
def test_a_parked_letter_is_applied_when_it_is_replayed() -> None:
    delivery = stored(make.source("recorder"), "park")
    tasks.process_due()
    assert services.replay(deliveries=[delivery.pk], by=None) == 1
    assert tasks.process_due() == 1


@pytest.mark.django_db
def test_the_first_real_fact_is_noted_once_and_never_for_demonstration_data() -> None:
    stored(make.source("recorder", is_demo=True), "demo")
    tasks.process_due()
    assert not Setup.objects.filter(first_real_fact_at__isnull=False).exists()
    source = make.source("recorder")
    first, _ = stored(source, "one"), stored(source, "two")
    tasks.process_due()
    assert Setup.objects.get().first_real_fact_at == first.received_at


@pytest.mark.django_db
def test_bodies_go_when_their_time_has_come_and_keys_stay(caplog: pytest.LogCaptureFixture) -> None:
    source = make.source("recorder")
    done, parked, soon, fresh = (stored(source, text) for text in ("done", "park", "park ", "fresh"))
    failing.add("park ")
    now = timezone.now()
    ages = {done: 91, parked: 181, soon: 151, fresh: 1}
    tasks.process_due()
    for delivery, days in ages.items():
        Delivery.objects.filter(pk=delivery.pk).update(received_at=now - timedelta(days=days))
    purged = services.purge(now=now)
    assert (purged.done, purged.parked, purged.parked_soon) == (1, 1, 1)
    assert "will lose their bodies soon" in caplog.text
    emptied = set(Delivery.objects.filter(body=b"").values_list("pk", flat=True))
    assert emptied == {done.pk, parked.pk}
    again = services.store(source_id=source.pk, provider=Recorder(), letter=Letter({}, b"done"))
    assert again.outcome == "seen"
    assert services.replay(deliveries=[done.pk], by=None) == 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_letter_has_one_effect_when_eight_threads_are_at_it() -> None:
    letters = [stored(make.source("recorder"), f"letter {number}") for number in range(3)]
    _together(8, tasks.process_due)
    assert applied == {f"letter {number}": 1 for number in range(3)}
    assert Team.objects.count() == len(letters)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_row_is_stored_when_eight_threads_bring_the_same_letter() -> None:
    source = make.source("recorder")
    outcomes: list[str] = []

    def bring() -> None:
        kept = services.store(source_id=source.pk, provider=Recorder(), letter=Letter({"key": "k"}, b"same"))
        outcomes.append(kept.outcome)

    _together(8, bring)
    assert sorted(outcomes) == ["accepted", *["seen"] * 7]
    assert Delivery.objects.count() == 1


def _together(count: int, work: Any) -> None:
    gate = threading.Barrier(count)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            gate.wait(timeout=30)
            work()
        except BaseException as error:  # noqa: BLE001 (shown by the assertion below)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
