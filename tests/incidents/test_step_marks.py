"""Which of the five steps are ticked: those with nothing open in which something was said."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from incidents.models import ActionItem, Incident, Postmortem, PostmortemSection
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make.user(Role.AUTHOR))
    return client


@pytest.fixture
def incident() -> Incident:
    incident = make.incident(title="Checkout answers slowly")
    Postmortem.objects.filter(incident=incident).update(state="draft")
    return incident


def ticked(client: Client, incident: Incident) -> list[str]:
    page = client.get(reverse("incidents:step", args=[incident.number, "facts"]))
    return [step["label"] for step in page.context["steps"] if step["done"]]


def test_what_we_learned_is_not_ticked_when_nothing_was_said_there(
    client: Client, incident: Incident
) -> None:
    assert ticked(client, incident) == []
    points = client.get(reverse("incidents:step", args=[incident.number, "lessons"])).context["points"]
    assert "lessons" not in {entry["point"].step for entry in points}, "and it holds nothing up"


@pytest.mark.parametrize("said", ["lesson", "action", "words"])
def test_what_we_learned_is_ticked_when_something_was_said_there(
    client: Client, incident: Incident, said: str
) -> None:
    if said == "lesson":
        make.lesson().incidents.add(incident)
    elif said == "action":
        ActionItem.objects.create(incident=incident, title="Limit calls")
    else:
        PostmortemSection.objects.create(
            postmortem=incident.postmortem, key="went_well", title="What went well", text="The rollback."
        )
    assert ticked(client, incident) == ["What we learned"]
