"""The sections of a postmortem are edited as rows: no curator writes JSON."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from incidents.models import PostmortemTemplate, Severity
from tests import make

pytestmark = pytest.mark.django_db
ADD = "admin:incidents_postmortemtemplate_add"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    return client


def rows(*sections: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": "Data loss", "sections-count": str(len(sections))}
    for place, section in enumerate(sections):
        told |= {f"sections-{place}-{name}": value for name, value in section.items()}
    return told


def test_template_is_kept_in_the_order_given_when_rows_are_filled(client: Client) -> None:
    severity = PostmortemTemplate.objects.filter(severity__isnull=False).values_list("severity", flat=True)
    last = {"title": "What was lost", "step": "facts", "order": "2", "in_short": "on"}
    first = {"title": "Who noticed", "step": "timeline", "order": "1", "required": "on", "prompt": "Who?"}
    empty = {"title": "", "step": "facts", "order": "3"}
    free = Severity.objects.exclude(pk__in=severity)[0]
    told = rows(last, first, empty) | {"severity": str(free.pk)}
    assert client.post(reverse(ADD), told).status_code == 302
    sections = PostmortemTemplate.objects.get(name="Data loss").sections
    assert [section["key"] for section in sections] == ["who_noticed", "what_was_lost"]
    assert sections[0] == {
        "key": "who_noticed",
        "title": "Who noticed",
        "prompt": "Who?",
        "step": "timeline",
        "required": True,
        "in_short": False,
    }


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([], "Give at least one section a title."),
        ([{"title": "A", "step": "facts"}], "The short form needs a section too"),
        ([{"title": "A", "step": "publish", "in_short": "on"}], "needs one of the steps"),
        ([{"title": "A", "step": "facts", "in_short": "on"}] * 2, "Two sections have the key a."),
        (
            [{"title": "A", "key": "B C", "step": "facts", "in_short": "on"}],
            "small letters, digits and _ only",
        ),
    ],
)
def test_template_is_refused_when_rows_do_not_fit(
    client: Client, sections: list[dict[str, Any]], words: str
) -> None:
    before = PostmortemTemplate.objects.count()
    response = client.post(reverse(ADD), rows(*sections))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert PostmortemTemplate.objects.count() == before


def test_page_shows_rows_and_what_the_form_will_ask(client: Client) -> None:
    template = PostmortemTemplate.objects.get(severity=None, type=None)
    page = client.get(reverse("admin:incidents_postmortemtemplate_change", args=[template.pk]))
    text = page.content.decode()
    assert 'name="sections-0-title" value="What happened"' in text
    assert "template-preview" in text
    assert "&quot;key&quot;" not in text, "no JSON to edit"
