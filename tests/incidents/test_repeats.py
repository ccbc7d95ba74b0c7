"""A lesson that an incident taught again is linked, not written twice."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from changes.models import DomainArea
from incidents.models import Lesson
from incidents.queries.repeats import known_lessons
from tests import make

pytestmark = pytest.mark.django_db


def test_lessons_of_its_area_are_offered_and_taken_with_one_button(client: Client) -> None:
    author = make.user(Role.AUTHOR)
    area, other = DomainArea.objects.all()[:2]
    incident = make.incident(area=area)
    known = Lesson.objects.create(text="Charge once.", area=area)
    Lesson.objects.create(text="Elsewhere.", area=other)
    Lesson.objects.create(text="Gone.", area=area, state="retired", retired_reason="x")
    hidden = Lesson.objects.create(text="Hidden.", area=area)
    hidden.incidents.add(make.incident(is_restricted=True))
    assert list(known_lessons(incident, author)) == [known]
    client.force_login(author)
    step = reverse("incidents:step", args=[incident.number, "lessons"])
    assert "Charge once." in client.get(step).content.decode()
    client.post(step, {"do": f"lesson.link:{known.pk}"})
    assert list(incident.lessons.all()) == [known]
    assert not known_lessons(incident, author)


def test_hidden_or_retired_lesson_is_not_linked(client: Client) -> None:
    author = make.user(Role.AUTHOR)
    incident = make.incident()
    hidden = Lesson.objects.create(text="Hidden.")
    hidden.incidents.add(make.incident(is_restricted=True))
    gone = Lesson.objects.create(text="Gone.", state="retired", retired_reason="x")
    client.force_login(author)
    step = reverse("incidents:step", args=[incident.number, "lessons"])
    for lesson in (hidden, gone):
        client.post(step, {"do": f"lesson.link:{lesson.pk}"})
    assert not incident.lessons.exists()
