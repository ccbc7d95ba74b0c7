"""The door: what is answered, and what is stored by then."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from intake import services, tasks, views
from intake.models import Delivery, Refusal
from intake.sources import providers
from tests import make
from tests.intake.letters import EXAMPLES, send

pytestmark = pytest.mark.django_db
BODY, HEADERS = EXAMPLES["generic-incident"]


def test_a_letter_is_in_the_database_and_the_bell_rings_when_202_is_answered(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.process_due, "delay", lambda: rung.append(Delivery.objects.count()))
    source = make.source("generic-incident")
    with django_capture_on_commit_callbacks(execute=True):
        assert send(source, BODY, HEADERS).status_code == 202
    assert rung == [1]
    delivery = source.deliveries.get()
    assert bytes(delivery.body) == BODY
    assert (delivery.key, delivery.event, delivery.state) == ("delivery-1", "open", "received")
    assert delivery.headers == {"content-type": "application/json", "idempotency-key": "delivery-1"}


def test_the_bell_stays_silent_when_the_letter_was_seen(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    source = make.source("generic-incident")
    send(source, BODY, HEADERS)
    with django_capture_on_commit_callbacks() as callbacks:
        send(source, BODY, HEADERS)
    assert callbacks == []


def test_a_letter_costs_one_statement_when_its_source_is_known(settings: Settings) -> None:
    settings.INTAKE_DOOR_SECONDS = 60
    source = make.source("generic-incident")
    send(source, {"key": "A", "status": "open"})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        send(source, {"key": "B", "status": "open"})
    assert len(queries) == 1


def test_other_slugs_are_not_found_and_so_is_a_source_switched_off() -> None:
    off = make.source("generic-incident", is_active=False)
    for slug in ("nobody", off):
        response = send(slug, BODY, HEADERS)
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"


def test_only_posting_is_understood() -> None:
    source = make.source("generic-incident")
    response = Client().get(reverse("intake:receive", args=[source.slug]))
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("announced", [True, False])
def test_a_letter_is_refused_when_it_is_too_large(settings: Settings, announced: bool) -> None:
    settings.INTAKE_MAX_BYTES = 1000
    source = make.source("generic-incident")
    proof = providers()["generic-incident"].sign(b"", make.SECRET.encode())  # type: ignore[attr-defined]
    request = RequestFactory().post("/", b"x" * 1001, content_type="application/json", headers=proof)
    if not announced:
        _chunked(request, b"x" * 5000)
    assert views.receive(request, source.slug).status_code == 413
    assert not Delivery.objects.exists()
    assert Refusal.objects.get(source=source).reason == "too large"


def test_a_letter_without_a_length_is_read_whole() -> None:
    source = make.source("generic-incident")
    proof = providers()["generic-incident"].sign(b"", make.SECRET.encode())  # type: ignore[attr-defined]
    request = RequestFactory().post("/", b"", content_type="application/json", headers=proof)
    _chunked(request, BODY)
    assert views.receive(request, source.slug).status_code == 202
    assert bytes(source.deliveries.get().body) == BODY


def _chunked(request: Any, body: bytes) -> None:
    request.META.pop("CONTENT_LENGTH", None)
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    request.META["wsgi.input_terminated"] = True
    request.META["wsgi.input"] = io.BytesIO(body)


def test_the_sender_is_asked_to_come_again_when_nothing_can_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**kwargs: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(services, "store", fail)
    response = send(make.source("generic-incident"), BODY, HEADERS)
    assert response.status_code == 503
    assert response["Retry-After"]


def test_the_sender_is_asked_to_come_again_when_the_secret_cannot_be_opened(
    settings: Settings,
) -> None:
    source = make.source("generic-incident")
    settings.SECRETS_KEY = "another key than the one it was sealed under"
    assert send(source, BODY, HEADERS).status_code == 503
    assert not Refusal.objects.exists()


def test_refusals_are_counted_by_day_and_reason() -> None:
    source = make.source("pagerduty")
    for _ in range(3):
        send(source, b"{}", secret="not the right one")
    send(source, b"{}", secret=None)
    counted = dict(source.refusals.values_list("reason", "count"))
    assert counted == {"wrong signature": 3, "no signature": 1}


def test_a_posted_letter_needs_no_cookie_and_no_csrf_token() -> None:
    source = make.source("generic-incident")
    assert send(source, BODY, HEADERS, client=Client(enforce_csrf_checks=True)).status_code == 202


def test_a_secret_may_come_as_password_or_in_the_header_of_its_own() -> None:
    source = make.source("alertmanager", secret="with: colon and é")
    for headers in (
        {"Authorization": "Basic dXNlcjp3aXRoOiBjb2xvbiBhbmQgw6k="},
        {"X-Hindcast-Secret": "with: colon and é".encode().decode("latin-1")},
    ):
        assert send(source, EXAMPLES["alertmanager"][0], headers, secret=None).status_code == 202
