"""The operator's window: secrets are write-only, and letters of restricted incidents stay restricted."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Role
from incidents.models import Incident
from incidents.services import incidents
from intake import tasks
from intake.models import Delivery, Source
from intake.queries import secrets_of
from tests import make
from tests.intake.letters import payload, send

pytestmark = pytest.mark.django_db
TRIGGERED = payload("pagerduty/incident.triggered__first")


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    return client


@pytest.fixture(autouse=True)
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.process_due, "delay", lambda: None)


def fields(**over: Any) -> dict[str, Any]:
    return {
        "name": "Our pager",
        "slug": "our-pager",
        "kind": "pagerduty",
        "is_active": "on",
        "mapping": "{}",
        "secret_change": "set",
        "new_secret": "",
    } | over


def test_a_source_gets_a_secret_that_is_shown_once(admin: Client) -> None:
    response = admin.post(reverse("admin:intake_source_add"), fields(), follow=True)
    source = Source.objects.get()
    (secret,) = secrets_of(source)
    assert "shown this once" in response.text
    assert secret.decode() in response.text
    page = admin.get(reverse("admin:intake_source_change", args=[source.pk])).text
    assert secret.decode() not in page
    assert "/hooks/our-pager/" in page
    assert "curl" in page
    assert "manage.py deliver our-pager" in page
    assert AuditEntry.objects.filter(verb="source.secret_set", target_id=source.pk).exists()


def test_a_secret_is_rotated_and_the_second_cleared(admin: Client) -> None:
    source = make.source("pagerduty", secret="the first secret")
    url = reverse("admin:intake_source_change", args=[source.pk])
    common = {"name": source.name, "slug": source.slug}
    admin.post(url, fields(**common, secret_change="rotate", new_secret="the second secret"))
    source.refresh_from_db()
    assert secrets_of(source) == (b"the second secret", b"the first secret")
    admin.post(url, fields(**common, secret_change="keep"))
    source.refresh_from_db()
    assert len(secrets_of(source)) == 2
    admin.post(url, fields(**common, secret_change="clear"))
    source.refresh_from_db()
    assert secrets_of(source) == (b"the second secret",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mapping": '{"servise_label": "app"}'},
        {"mapping": "[]"},
        {"kind": "carrier-pigeon"},
        {"new_secret": "short"},
        {"secret_change": "keep", "new_secret": "long enough to be one"},
    ],
)
def test_a_source_is_refused_with_a_reason(admin: Client, wrong: dict[str, str]) -> None:
    response = admin.post(reverse("admin:intake_source_add"), fields(**wrong))
    assert response.status_code == 200
    assert "errorlist" in response.text
    assert not Source.objects.exists()


def delivered(body: bytes = TRIGGERED) -> Delivery:
    source = make.source("pagerduty")
    send(source, body)
    tasks.process_due()
    return source.deliveries.get()


def test_the_inbox_shows_what_came_and_its_body_to_an_admin(admin: Client) -> None:
    delivery = delivered()
    listed = admin.get(reverse("admin:intake_delivery_changelist"), {"state__exact": "done"})
    assert "incident.triggered" in listed.text
    assert "Checkout answers slowly" in _page(admin, delivery)


def test_the_body_of_a_restricted_incidents_letter_is_for_the_people_named_on_it(admin: Client) -> None:
    delivery = delivered()
    named = make.user(Role.ADMIN, is_staff=True)
    incidents.restrict(
        incident_id=Incident.objects.get().pk, people=[named], by=named, now=delivery.received_at
    )
    page = _page(admin, delivery)
    assert "Checkout answers slowly" not in page
    assert "restricted incident" in page
    client = Client()
    client.force_login(named)
    assert "Checkout answers slowly" in _page(client, delivery)


def _page(client: Client, delivery: Delivery) -> str:
    return client.get(reverse("admin:intake_delivery_change", args=[delivery.pk])).text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUTHOR, Role.CURATOR])
def test_bodies_are_for_admins_only(role: Role) -> None:
    delivery = delivered()
    client = Client()
    client.force_login(make.user(role, is_staff=True))
    response = client.get(reverse("admin:intake_delivery_change", args=[delivery.pk]))
    assert response.status_code in (302, 403)


def act(client: Client, action: str, *deliveries: Delivery) -> str:
    data = {"action": action, "_selected_action": [delivery.pk for delivery in deliveries]}
    return client.post(reverse("admin:intake_delivery_changelist"), data, follow=True).text


def test_letters_are_replayed_parked_and_applied_from_the_inbox(admin: Client) -> None:
    delivery = delivered()
    assert "1 due again" in act(admin, "replay", delivery)
    assert "1 parked" in act(admin, "park", delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("parked", "Parked by hand")
    other = TRIGGERED.replace(b"answers slowly", b"is down")
    send(delivery.source, other)
    conflicting = Delivery.objects.get(conflicting=True)
    assert "is done" in act(admin, "apply_conflicting", conflicting)
    assert Incident.objects.get().title == "Checkout is down"


def test_refusals_are_shown(admin: Client) -> None:
    send(make.source("pagerduty"), TRIGGERED, secret="not the right one")
    assert "wrong signature" in admin.get(reverse("admin:intake_refusal_changelist")).text
