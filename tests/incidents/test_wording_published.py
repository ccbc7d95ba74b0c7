"""Wherever a postmortem is published, and in lessons, people appear by role and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import Role, User
from incidents.models import ContributingFactor, Incident, Lesson, PostmortemSection, TimelineEntry
from incidents.queries.document import names_and_roles
from incidents.services import lessons, postmortems, reviewing
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SAID = "Ana Silva (@ana) looked; Ana's pager, ana@example.org, ANA SILVA. Susana stayed."
SHOWN = (
    "on-call engineer looked; on-call engineer's pager, on-call engineer, on-call engineer. Susana stayed."
)


@pytest.fixture
def ana(db: None) -> User:
    """Who has left."""
    return make.user(
        username="ana",
        email="ana@example.org",
        first_name="Ana",
        last_name="Silva",
        role_title="on-call engineer",
        is_active=False,
    )


@pytest.fixture
def incident(ana: User) -> Incident:
    incident = make.incident(title=f"Checkout: {SAID}", impact=SAID, summary=SAID)
    PostmortemSection.objects.create(
        postmortem=incident.postmortem, key="what_happened", title="What happened", position=1, text=SAID
    )
    TimelineEntry.objects.create(
        incident=incident, occurred_at=NOW, recorded_at=NOW, kind="note", text=f"`@ana` {SAID}"
    )
    ContributingFactor.objects.create(incident=incident, text=SAID)
    lesson = Lesson.objects.create(text="Ask @ana first.", why=SAID, created_at=NOW)
    lesson.incidents.add(incident)
    curator = make.user(username="kim", role=Role.CURATOR)
    postmortems.start(incident_id=incident.pk, by=curator, now=NOW)
    reviewing.publish(incident_id=incident.pk, by=curator, now=NOW, override_reason="For the test.")
    return incident


@pytest.mark.parametrize("ending", ["/", ".md", ".json"])
def test_published_postmortem_names_nobody(incident: Incident, ending: str) -> None:
    client = Client()
    client.force_login(make.user(role=Role.VIEWER))
    text = client.get(f"/incidents/{incident.number}/postmortem{ending}").content.decode()
    text = text.replace("&#x27;", "'").replace("\\u0027", "'")
    assert SHOWN in text
    assert "Silva" not in text
    assert "ana@example" not in text
    assert text.lower().count("@ana") == 1, "in code, where it may be an option"


def test_published_sections_are_stored_with_roles_and_so_answered_by_the_api(incident: Incident) -> None:
    client = Client()
    client.force_login(make.user(role=Role.VIEWER))
    answer = client.get(f"/api/v1/postmortems/{incident.number}/").json()
    assert answer["sections"][0]["text"] == SHOWN


def test_lesson_names_nobody_from_its_first_word_on(ana: User) -> None:
    lesson = lessons.record(text="Ask Ana Silva first.", why=SAID, by=ana, now=NOW)
    assert (lesson.text, lesson.why) == ("Ask on-call engineer first.", SHOWN)
    lesson = lessons.edit(lesson_id=lesson.pk, by=ana, text="Ask @ana twice.", why=SAID)
    assert (lesson.text, lesson.why) == ("Ask on-call engineer twice.", SHOWN)


def test_first_name_of_people_with_different_roles_is_a_responder(ana: User) -> None:
    make.user(username="ana2", first_name="Ana", last_name="Lima", role_title="database owner")
    assert names_and_roles()["Ana"] == "responder"
    assert names_and_roles()["Ana Lima"] == "database owner"
