"""Pages and answers of the API, walked as somebody who is named on nothing: no word of what is restricted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import ScenarioStanding, TestScenario
from analytics.services import flow
from analytics.views.delivery import LISTS
from changes.models import Change
from incidents.models import Alert, Cause, Fix, Incident
from tests import make
from tests.analytics import histories
from tests.analytics.test_flow import touched
from tests.analytics.test_veil import AS_OF, NOW, at, at_that_time
from tests.api.test_access import table
from tests.test_access import doors
from tests.world import World, make_world

__all__ = ["at_that_time"]
pytestmark = pytest.mark.django_db

MARK, NUMBER, SCENARIO = "Hushed matter", 86753, 75319
TELLING = re.compile(rf"{MARK}|\b({NUMBER}|{NUMBER + 1}|{SCENARIO})\b")
# Words of it that people wrote, and that only its own pages show.
WORDS = {
    "incident": ("title", "summary", "impact"),
    "alert": ("title", "key"),
    "lesson": ("text", "why"),
    "scenario": ("title", "given", "when", "then"),
    "action": ("title",),
    "entry": ("text",),
    "factor": ("text",),
    "cause": ("rationale",),
    "comment": ("text",),
}


@pytest.fixture
def world() -> World:
    """A restricted incident that is bound to everything that all may open."""
    made = make_world()
    plain, hidden = made.plain, made.restricted
    for name, fields in WORDS.items():
        for field in fields:
            setattr(hidden[name], field, f"{MARK} {name}"[:60])
        hidden[name].save()
    incident, lesson = hidden["incident"], hidden["lesson"]
    scenario, action = hidden["scenario"], hidden["action"]
    Incident.objects.filter(pk=incident.pk).update(
        number=NUMBER, area=plain["area"], impact_started_at=at(1), status="resolved", resolved_at=at(2)
    )
    incident.refresh_from_db()
    hidden["postmortem"].state, hidden["postmortem"].due_on = "draft", AS_OF
    hidden["postmortem"].save()
    lesson.area = scenario.area = plain["area"]
    lesson.save()
    scenario.number = SCENARIO
    scenario.save()
    for one in (lesson, scenario):
        one.services.add(plain["service"])
    lesson.incidents.add(plain["incident"])
    scenario.lessons.add(plain["lesson"])
    action.state, action.due_on, action.state_since = "accepted", AS_OF, at(-2)
    action.save()
    make.action(incident, title=MARK, state="done", state_since=at(1))
    ScenarioStanding.objects.create(
        scenario=scenario, repository=plain["repository"], branch="", state="failing", since=NOW
    )
    TestScenario.objects.filter(pk=plain["scenario"].pk).update(merged_into=scenario)
    make.incident(title="Told twice", duplicate_of=incident, closing_reason="duplicate", status="closed")
    double = {"duplicate_of": plain["incident"], "closing_reason": "duplicate", "status": "closed"}
    make.incident(title=MARK, number=NUMBER + 1, is_restricted=True, **double)
    Alert.objects.create(
        source=plain["source"],
        key=MARK,
        title=MARK,
        incident=incident,
        service=plain["service"],
        opened_at=at(1),
    )
    Fix.objects.create(incident=incident, change=plain["change"])
    for change in (plain["change"], hidden["change"]):
        Change.objects.filter(pk=change.pk).update(
            state="shipped", merged_at=at(0), shipped_at=at(0), shipped_basis="merge", area=plain["area"],
            first_incident_at=at(1),
        )  # fmt: skip
        change.services.add(plain["service"])
        words = {"status": "confirmed", "rationale": MARK, "said_at": NOW}
        Cause.objects.update_or_create(incident=incident, change=change, defaults=words)
        histories.touched(change)
    Cause.objects.create(
        incident=incident, deployment=plain["deployment"], status="suspected", rationale=MARK
    )
    touched(incident)
    touched(plain["incident"])
    flow.settle(now=NOW)
    histories.settled()
    return made


@pytest.mark.parametrize("visitor", ["outsider", "admin"])
def test_no_page_and_no_answer_of_the_api_says_a_word_of_it(
    world: World, client: Client, visitor: str
) -> None:
    client.force_login(world.users[visitor])
    found = [address for address in _addresses(world) if _tells(client, address)]
    assert found == []


def test_its_words_are_found_where_they_may_be_read(world: World, client: Client) -> None:
    client.force_login(world.users["named"])
    found = [address for address in _addresses(world) if _tells(client, address)]
    assert len(found) > 20
    assert reverse("analytics:review") in found


def _tells(client: Client, address: str) -> bool:
    answer: Any = client.get(address, follow=True)
    body = b"".join(answer) if answer.streaming else answer.content
    return TELLING.search(body.decode("utf-8", "replace")) is not None


def _addresses(world: World) -> list[str]:
    """Every door with the ordinary things of the world, and those of the review for one service."""
    found = []
    for name, door in doors().items():
        if not door.post:
            found.append(reverse(name, args=[world.value(False, path) for path in door.arguments]))
    for name, row in table().items():
        if row.method == "get" and all(path.split(".")[0] in world.plain for path in row.arguments):
            found.append(reverse(name, args=[world.value(False, path) for path in row.arguments]))
    service = f"?scope=service:{world.plain['service'].pk}"
    found += [f"{address}{service}" for address in found if "/review/" in address and "?" not in address]
    found += [f"{reverse('analytics:review_delivery_records')}?of={which}" for which in LISTS]
    return found


# ------------------------------------------------------------------ refusals

REFUSED = [
    ("cause-list", {"incident": "#", "status": "confirmed"}),
    ("fix-list", {"incident": "#"}),
    ("factor-list", {"incident": "#", "text": "x"}),
    ("timeline-entry-list", {"incident": "#", "text": "x", "occurred_at": "2026-11-16T12:00:00Z"}),
    ("timeline-entry-read-chat", {"incident": "#", "text": "x"}),
    ("action-list", {"incident": "#", "title": "x"}),
    ("lesson-list", {"text": "Check it", "incidents": ["#"]}),
]


@pytest.mark.parametrize(("name", "body"), REFUSED)
def test_what_is_restricted_is_refused_in_the_words_for_what_is_not_there(
    world: World, client: Client, name: str, body: dict[str, Any]
) -> None:
    client.force_login(world.users["curator"])
    assert _refusal(client, name, body, NUMBER) == _refusal(client, name, body, 98989)


def _refusal(client: Client, name: str, body: dict[str, Any], number: int) -> tuple[int, str]:
    said = json.dumps(body).replace('"#"', str(number))
    answer = client.post(reverse(f"api:{name}"), said, content_type="application/json")
    assert answer.status_code >= 400
    return answer.status_code, answer.content.decode().replace(str(number), "#")


def test_nothing_is_marked_as_a_duplicate_of_what_may_not_be_seen(world: World, client: Client) -> None:
    client.force_login(world.users["curator"])
    plain = world.plain["incident"]

    def said(number: int) -> tuple[int, str]:
        answer = client.post(
            reverse("incidents:mark_duplicate", args=[plain.number]),
            {"of": number},
            follow=True,
        )
        words = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1])
        return answer.status_code, words.replace(str(number), "#")

    assert said(NUMBER) == said(98989)
    plain.refresh_from_db()
    assert plain.duplicate_of is None
