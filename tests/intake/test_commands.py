"""Trying out, replaying and pruning from the command line."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.models import Incident
from intake import tasks
from intake.models import Delivery
from tests import make
from tests.intake.letters import PAYLOADS

pytestmark = pytest.mark.django_db
TRIGGERED = PAYLOADS / "pagerduty" / "incident.triggered__first.json"


def run(*words: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*words, stdout=out, **options)
    return out.getvalue().strip()


def test_a_file_is_stored_and_processed_as_if_it_had_been_sent() -> None:
    source = make.source("pagerduty", secret=None)
    said = run("deliver", source.slug, str(TRIGGERED))
    assert said.startswith("done (delivery ")
    assert Incident.objects.get().title == "Checkout answers slowly"
    assert run("deliver", source.slug, str(TRIGGERED)).startswith("seen before, done")
    assert source.deliveries.count() == 1


def test_a_header_names_the_delivery_and_another_body_conflicts(tmp_path: Path) -> None:
    source = make.source("pagerduty")
    run("deliver", source.slug, str(TRIGGERED), "--header", "X-Webhook-Id=7")
    assert source.deliveries.get().key == "7"
    other = tmp_path / "other.json"
    other.write_bytes(TRIGGERED.read_bytes() + b"\n")
    assert run("deliver", source.slug, str(other), "--header", "X-Webhook-Id=7").startswith("conflict")


def test_what_is_not_understood_says_why(tmp_path: Path) -> None:
    source = make.source("pagerduty")
    cut = tmp_path / "cut.json"
    cut.write_text("{")
    assert "parked: The body is not JSON" in run("deliver", source.slug, str(cut))
    ignored = PAYLOADS / "pagerduty" / "service.updated__ignored.json"
    assert "ignored: service.updated" in run("deliver", source.slug, str(ignored))


def test_a_clear_error_changes_nothing(tmp_path: Path) -> None:
    source = make.source("pagerduty")
    for words, reason in [
        (["nobody", str(TRIGGERED)], "No source 'nobody'"),
        ([source.slug, str(tmp_path / "missing.json")], "No such file"),
        ([source.slug, str(TRIGGERED), "--header", "no sign"], "NAME=VALUE"),
        ([make.source("unheard-of").slug, str(TRIGGERED)], "Nothing here understands"),
    ]:
        with pytest.raises(CommandError, match=reason):
            run("deliver", *words)
    assert not Delivery.objects.exists()


def test_deliveries_are_due_again_when_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.process_due, "delay", lambda: None)
    source = make.source("pagerduty")
    run("deliver", source.slug, str(TRIGGERED))
    Incident.objects.get()
    assert run("replay", source=source.slug, state="done") == "1 due again"
    assert tasks.process_due() == 1
    assert Incident.objects.count() == 1
    with pytest.raises(CommandError, match="Say which"):
        run("replay")


def test_pruning_says_what_it_did() -> None:
    assert run("prune") == "Emptied 0 done and 0 parked deliveries."
