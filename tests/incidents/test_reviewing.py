"""Reviewers are asked, answer, and what they ask for is settled before anything is published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, Role, User
from incidents.models import Incident, Postmortem, PostmortemComment, ReviewRequest, Severity
from incidents.queries.gate import open_points
from incidents.services import postmortems, reviewing
from incidents.services.refusals import Refused
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def owner() -> User:
    return make.user(role_title="on-call engineer")


@pytest.fixture
def reviewer() -> User:
    return make.user(role_title="platform engineer")


@pytest.fixture
def incident(owner: User) -> Incident:
    incident = make.incident(title="Checkout slow", severity=Severity.objects.get(rank=2))
    postmortems.start(incident_id=incident.pk, by=owner, now=NOW)
    return incident


def ask(incident: Incident, reviewer: User, by: User) -> ReviewRequest:
    return reviewing.ask(incident_id=incident.pk, reviewer=reviewer, by=by, now=NOW)


def say(incident: Incident, by: User, verdict: str, text: str = "Why so?", **over: Any) -> PostmortemComment:
    said: dict[str, Any] = {"incident_id": incident.pk, "verdict": verdict, "text": text, "by": by}
    return reviewing.review(**(said | {"now": NOW + timedelta(minutes=5)} | over))


def state(incident: Incident) -> str:
    return Postmortem.objects.get(incident=incident).state


def codes(incident: Incident) -> set[str]:
    fresh = Incident.objects.get(pk=incident.pk)
    return {point.code for point in open_points(fresh, fresh.postmortem)}


def test_a_reviewer_is_told_once_when_asked_twice(incident: Incident, owner: User, reviewer: User) -> None:
    assert ask(incident, reviewer, owner) == ask(incident, reviewer, owner)
    told = Notification.objects.get(user=reviewer)
    assert told.path == reverse("incidents:postmortem", args=[incident.number])
    assert told.about == f"incident:{incident.pk}"
    assert state(incident) == "in_review"


def test_the_owner_is_not_asked_when_somebody_tries(incident: Incident, owner: User) -> None:
    with pytest.raises(Refused) as raised:
        ask(incident, owner, owner)
    assert raised.value.code == "reviewer_is_owner"


def test_a_viewer_is_not_asked_when_somebody_tries(incident: Incident, owner: User) -> None:
    with pytest.raises(Refused) as raised:
        ask(incident, make.user(Role.VIEWER), owner)
    assert raised.value.code == "reviewer_cannot"


def test_nobody_learns_of_a_restricted_incident_when_not_named_on_it(
    incident: Incident, owner: User, reviewer: User
) -> None:
    Incident.objects.update(is_restricted=True)
    incident.people.set([owner])
    with pytest.raises(Refused) as raised:
        ask(incident, reviewer, owner)
    assert raised.value.code == "reviewer_not_named"
    assert not Notification.objects.filter(user=reviewer).exists()


def test_a_withdrawn_request_is_taken_from_the_list_when_it_was_not_answered(
    incident: Incident, owner: User, reviewer: User
) -> None:
    request = ask(incident, reviewer, owner)
    reviewing.withdraw(request_id=request.pk, by=owner, now=NOW)
    assert not Notification.objects.filter(user=reviewer).exists()
    with pytest.raises(Refused, match="already"):
        reviewing.withdraw(request_id=request.pk, by=owner, now=NOW)
    assert ask(incident, reviewer, owner).pk != request.pk


@pytest.mark.parametrize(("verdict", "answered"), [("comment", False), ("approved", True)])
def test_a_request_is_answered_when_a_verdict_comes(
    incident: Incident, owner: User, reviewer: User, verdict: str, answered: bool
) -> None:
    request = ask(incident, reviewer, owner)
    say(incident, reviewer, verdict)
    request.refresh_from_db()
    assert (request.answered_at is not None) is answered
    assert Notification.objects.filter(user=owner, kind="review-answered").exists() is answered


def test_every_wish_is_an_open_point_when_two_reviewers_ask_for_changes(
    incident: Incident, owner: User, reviewer: User
) -> None:
    one = say(incident, reviewer, "changes_requested", "Say when")
    two = say(incident, make.user(), "changes_requested", "Say how")
    assert {f"changes_requested_{one.pk}", f"changes_requested_{two.pk}"} <= codes(incident)
    assert state(incident) == "changes_requested"


def test_it_is_not_approved_yet_when_another_still_waits_for_changes(
    incident: Incident, reviewer: User
) -> None:
    say(incident, make.user(), "changes_requested")
    say(incident, reviewer, "approved")
    assert state(incident) == "changes_requested"


def test_own_wishes_are_settled_when_their_author_approves(incident: Incident, reviewer: User) -> None:
    wish = say(incident, reviewer, "changes_requested")
    say(incident, reviewer, "approved", now=NOW + timedelta(minutes=9))
    wish.refresh_from_db()
    assert wish.resolved_at is not None
    assert state(incident) == "approved"


def test_it_goes_back_to_review_when_the_last_wish_is_settled(
    incident: Incident, owner: User, reviewer: User
) -> None:
    wish = say(incident, reviewer, "changes_requested")
    reviewing.resolve_comment(comment_id=wish.pk, by=owner, now=NOW)
    assert state(incident) == "in_review"
    assert Notification.objects.filter(user=reviewer, kind="review-settled").count() == 1
    reviewing.reopen_comment(comment_id=wish.pk, by=reviewer)
    assert state(incident) == "changes_requested"


def test_it_is_approved_when_the_last_wish_is_settled_and_another_approved(
    incident: Incident, owner: User, reviewer: User
) -> None:
    wish = say(incident, make.user(), "changes_requested")
    say(incident, reviewer, "approved")
    reviewing.resolve_comment(comment_id=wish.pk, by=owner, now=NOW + timedelta(minutes=9))
    assert state(incident) == "approved"


def test_a_severe_one_needs_other_eyes_again_when_words_changed_after_the_approval(
    incident: Incident, owner: User, reviewer: User
) -> None:
    from incidents.starter import TEMPLATE_SECTIONS

    assert "second_pair_of_eyes" in codes(incident)
    say(incident, reviewer, "approved")
    assert "second_pair_of_eyes" not in codes(incident)
    postmortems.save_sections(
        incident_id=incident.pk,
        texts={TEMPLATE_SECTIONS[0]["key"]: "Other words."},
        expected_version=1,
        by=owner,
        now=NOW + timedelta(hours=1),
    )
    assert "second_pair_of_eyes" in codes(incident)
    assert state(incident) == "in_review"


def test_a_comment_is_refused_when_its_section_is_unknown(incident: Incident, reviewer: User) -> None:
    with pytest.raises(Refused) as raised:
        say(incident, reviewer, "comment", section_key="weather")
    assert raised.value.code == "section_unknown"


def test_requests_end_when_it_is_published(incident: Incident, owner: User, reviewer: User) -> None:
    request = ask(incident, reviewer, owner)
    curator = make.user(Role.CURATOR)
    reviewing.publish(incident_id=incident.pk, by=curator, now=NOW, override_reason="The auditors wait.")
    request.refresh_from_db()
    assert request.withdrawn_at is not None
    assert Postmortem.objects.get(incident=incident).override_reason == "The auditors wait."


# ------------------------------------------------------------------ the page


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(incident: Incident) -> str:
    return reverse("incidents:reviews", args=[incident.number])


def test_a_review_goes_through_when_everything_is_done_on_the_page(
    incident: Incident, owner: User, reviewer: User
) -> None:
    theirs, mine = client_of(reviewer), client_of(owner)
    mine.post(address(incident), {"do": "ask", "reviewer": reviewer.pk})
    assert "You are asked to review this" in theirs.get(address(incident)).content.decode()
    wish = {"do": "review", "verdict": "changes_requested", "text": "Say when it began.", "section_key": ""}
    assert theirs.post(address(incident), wish).status_code == 302
    comment = PostmortemComment.objects.get()
    assert f'id="comment-{comment.pk}"' in mine.get(address(incident)).content.decode()
    assert mine.post(address(incident), {"do": f"resolve:{comment.pk}"}).status_code == 302
    assert theirs.post(address(incident), {"do": "review", "verdict": "approved"}).status_code == 302
    assert state(incident) == "approved"


def test_the_words_stay_when_the_page_refuses_them(incident: Incident, owner: User) -> None:
    answer = client_of(owner).post(
        address(incident), {"do": "review", "verdict": "approved", "text": "Fine by me"}
    )
    assert answer.status_code == 422
    assert "Fine by me" in answer.content.decode()


def test_a_comment_of_another_incident_is_not_found_when_its_id_is_sent(
    incident: Incident, owner: User, reviewer: User
) -> None:
    other = make.incident()
    comment = PostmortemComment.objects.create(postmortem=other.postmortem, text="x", written_by=reviewer)
    assert client_of(owner).post(address(incident), {"do": f"resolve:{comment.pk}"}).status_code == 404


def test_an_outsider_settles_only_their_own_when_another_team_owns_the_service(
    incident: Incident, reviewer: User
) -> None:
    from accounts.models import Team

    team = Team.objects.create(name="Payments", slug="payments")
    incident.services.add(make.service(team=team))
    mine = say(incident, reviewer, "comment")
    others = say(incident, make.user(), "comment")
    client = client_of(reviewer)
    assert client.post(address(incident), {"do": f"resolve:{mine.pk}"}).status_code == 302
    assert client.post(address(incident), {"do": f"resolve:{others.pk}"}).status_code == 403


def test_the_api_goes_the_same_way_when_a_machine_reviews(
    incident: Incident, owner: User, reviewer: User
) -> None:
    base = f"/api/v1/postmortems/{incident.number}/"
    mine, theirs = client_of(owner), client_of(reviewer)
    asked = mine.post(
        f"{base}review-requests/", {"reviewer": reviewer.username}, content_type="application/json"
    )
    assert asked.status_code == 201
    wish = {"verdict": "changes_requested", "text": "Say when"}
    made = theirs.post(f"{base}comments/", wish, content_type="application/json").json()
    assert made["written_by"] == "platform engineer"
    points = [point["code"] for point in theirs.get(f"{base}open-points/").json()]
    assert f"changes_requested_{made['id']}" in points
    assert mine.post(f"{base}comments/{made['id']}/resolve/").json()["resolved_at"]
    assert mine.post(f"{base}comments/{made['id']}/reopen/").json()["resolved_at"] is None
    answered = mine.post(f"{base}review-requests/{asked.json()['id']}/withdraw/")
    assert (answered.status_code, answered.json()["code"]) == (422, "not_waiting")


def test_the_admin_lists_the_same_points_with_links_when_an_incident_is_opened(
    incident: Incident, reviewer: User
) -> None:
    wish = say(incident, reviewer, "changes_requested", "Say when it began.")
    answer = client_of(make.user(Role.ADMIN, is_staff=True)).get(
        reverse("admin:incidents_incident_change", args=[incident.pk])
    )
    html = answer.content.decode()
    assert f'href="{address(incident)}#comment-{wish.pk}"' in html
    assert html.count("<li><a href=") >= len(codes(incident))
