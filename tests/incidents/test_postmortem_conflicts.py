"""Two wrote the same words: one page settles it, without JavaScript, and what was not disputed goes along."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from incidents.models import Incident, PostmortemDraft
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return make.incident(title="Checkout answers slowly", impact="Slow.")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def first() -> Client:
    return signed_in(make.user(Role.CURATOR, role_title="on-call engineer, payments"))


@pytest.fixture
def second() -> Client:
    return signed_in(make.user(Role.CURATOR))


def address(incident: Incident) -> str:
    return reverse("incidents:step", args=[incident.number, "facts"])


def facts(**typed: str) -> dict[str, str]:
    shown = {"title": "Checkout answers slowly", "impact": "Slow."}
    return shown | {f"initial-{name}": value for name, value in shown.items()} | typed


def carried(response: Any) -> dict[str, Any]:
    """What the page of the conflict sends along unseen."""
    told: dict[str, Any] = {"version": str(response.context["version"]), "keep": "1"}
    for name, value in response.context["carried"]:
        told[name] = value
    return told


@pytest.mark.parametrize(("choice", "stands"), [("mine", "Shoppers waited."), ("theirs", "Very slow.")])
def test_fact_stands_as_chosen_when_two_corrected_it(
    first: Client, second: Client, incident: Incident, choice: str, stands: str
) -> None:
    first.post(address(incident), facts(impact="Very slow."))
    response = second.post(address(incident), facts(impact="Shoppers waited.", title="Slow checkout"))
    assert response.status_code == 409
    assert second.post(address(incident), carried(response) | {"keep_impact": choice}).status_code == 302
    incident.refresh_from_db()
    assert (incident.impact, incident.title) == (stands, "Slow checkout")


def test_next_conflict_is_shown_when_it_was_altered_once_more(
    first: Client, second: Client, incident: Incident
) -> None:
    typed = {"version": "1", "section_what_happened": "Theirs."}
    first.post(address(incident), facts() | typed)
    response = second.post(address(incident), facts() | typed | {"section_what_happened": "Mine."})
    assert response.status_code == 409
    told = carried(response) | {"keep_what_happened": "both", "theirs_what_happened": "Theirs."}
    version = first.get(address(incident)).context["version"]
    first.post(
        address(incident), facts() | {"version": version, "section_what_happened": "Theirs, once more."}
    )
    again = second.post(address(incident), told)
    assert again.status_code == 409
    assert b"Theirs, once more." in again.content
    assert b"Theirs.\n\nMine." in again.content


def test_typed_words_are_kept_as_a_draft_when_the_save_met_a_conflict(
    first: Client, second: Client, incident: Incident
) -> None:
    typed = {"version": "1", "section_what_happened": "Theirs."}
    first.post(address(incident), facts() | typed)
    second.post(address(incident), facts() | typed | {"section_what_happened": "Mine.", "page": "p"})
    kept = PostmortemDraft.objects.get(data__has_key="fields")
    assert kept.data["fields"]["section_what_happened"] == ["Mine."]
    assert b"Mine." in second.get(address(incident)).content


def test_who_else_writes_is_told_by_role_when_a_draft_is_kept(
    first: Client, second: Client, incident: Incident
) -> None:
    keep = reverse("incidents:keep_draft", args=[incident.number, "facts"])
    assert b"on-call engineer" not in first.post(keep, {"page": "p", "version": "1"}).content, "not oneself"
    page = second.get(address(incident)).content.decode()
    assert "Somebody else (on-call engineer, payments) has been writing here since" in page
    assert "on-call engineer, payments" in second.post(keep, {"page": "q", "version": "1"}).content.decode()


def test_change_is_judged_with_its_reason_when_its_candidate_is_saved(
    first: Client, incident: Incident
) -> None:
    change = make.change()
    step = reverse("incidents:step", args=[incident.number, "causes"])
    told = {
        f"change-{change.pk}-status": "confirmed",
        f"change-{change.pk}-role": "contributor",
        f"change-{change.pk}-rationale": "It began with it.",
        f"change-{change.pk}-origin": "unknown",
    }
    assert first.post(step, told).status_code == 302
    cause = incident.causes.get()
    assert (cause.change, cause.status, cause.role) == (change, "confirmed", "contributor")
    assert cause.rationale == "It began with it."
    assert "origin_unanswered" not in str(first.get(step).context["points"])


def test_repair_is_named_and_others_are_left_alone_when_candidates_are_saved(
    first: Client, incident: Incident
) -> None:
    repair, other = make.change(), make.change()
    step = reverse("incidents:step", args=[incident.number, "causes"])
    told = {f"change-{repair.pk}-status": "repaired", f"change-{other.pk}-status": ""}
    assert first.post(step, told).status_code == 302
    assert incident.fixes.get().change == repair
    assert not incident.causes.exists()
