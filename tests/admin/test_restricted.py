"""No page of the admin tells of a restricted incident, whatever the role, but to the people named on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from changes.models import AssistanceKind
from incidents.models import Severity
from tests import make
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MARK, NUMBER = "Hushed matter", 8675
WORDS = {
    "incident": ("title", "summary", "impact"),
    "alert": ("title", "key"),
    "lesson": ("text", "why"),
    "scenario": ("title", "given"),
    "action": ("title",),
    "entry": ("text",),
    "factor": ("text",),
    "cause": ("rationale",),
}


@pytest.fixture
def world() -> World:
    """Everything restricted bears the mark, and is bound to all that the admin may open."""
    made = make_world()
    area, kind = make.area("till"), AssistanceKind.objects.create(slug="guessing", name="Guessing")
    hidden = made.restricted
    incident, lesson, scenario, alert = (hidden[name] for name in ("incident", "lesson", "scenario", "alert"))
    for name, fields in WORDS.items():
        for field in fields:
            setattr(hidden[name], field, f"{MARK} {name}"[:60])
    incident.area, incident.severity, incident.environment = (
        area,
        Severity.objects.all()[0],
        hidden["environment"],
    )
    alert.service = hidden["service"]
    lesson.area = scenario.area = area
    lesson.kinds.add(kind)
    scenario.kinds.add(kind)
    hidden["action"].owner = made.users["teammate"]
    incident.reported_by = made.users["outsider"]
    incident.number = NUMBER
    for name in WORDS:
        hidden[name].save()
    return made


def pages(model: type[Model]) -> list[tuple[str, dict[str, str]]]:
    """Every address of the model's admin: lists, searched lists, and each page of each row."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    found: list[tuple[str, dict[str, str]]] = [
        (reverse(f"{name}_changelist"), {}),
        (reverse(f"{name}_changelist"), {"q": MARK}),
    ]
    for row in model._default_manager.order_by("-pk")[:6]:  # the world's own are the newest
        found += [(reverse(f"{name}_{page}", args=[row.pk]), {}) for page in ("change", "history", "delete")]
    return found


def text_of(response: HttpResponseBase) -> str:
    return response.content.decode() if hasattr(response, "content") else ""


def telling(client: Client) -> list[str]:
    """The pages that say the mark or the number."""
    found = []
    for model in admin.site._registry:
        for address, query in pages(model):
            shown = text_of(client.get(address, query, follow=True))
            # A search says again what was searched for.
            if MARK in shown.replace(f'value="{MARK}"', "") or f"INC-{NUMBER}" in shown:
                found.append(f"{address} {query}".strip())
    return found


@pytest.mark.parametrize("visitor", ["curator", "admin"])
def test_no_page_tells_of_it_to_who_is_not_named(world: World, client: Client, visitor: str) -> None:
    client.force_login(world.users[visitor])
    assert telling(client) == []


def test_the_pages_tell_it_to_an_admin_who_is_named(world: World, client: Client) -> None:
    world.restricted["incident"].people.add(world.users["admin"])
    client.force_login(world.users["admin"])
    told = "\n".join(telling(client))
    for name in ("incidents_incident", "incidents_alert", "analytics_testscenario"):
        app, model = name.split("_")
        assert f"/admin/{app}/{model}/" in told


def test_a_list_filtered_by_what_is_restricted_is_empty(world: World, client: Client) -> None:
    client.force_login(world.users["admin"])
    incident: Any = world.restricted["incident"]
    queries = [{"q": str(incident.number)}, {"area__id__exact": str(incident.area_id)}]
    for query in queries:
        page = text_of(client.get(reverse("admin:incidents_incident_changelist"), query))
        assert f"/admin/incidents/incident/{incident.pk}/" not in page


def test_admins_and_curators_alone_come_in(world: World, client: Client) -> None:
    for visitor in ("viewer", "outsider", "teammate", "named"):
        client.force_login(world.users[visitor])
        for model in admin.site._registry:
            answer = client.get(pages(model)[0][0])
            assert answer.status_code in {302, 403, 404}, f"{visitor} at {model.__name__}"
