"""The five steps as a browser without JavaScript walks them: plain forms, redirects, whole pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Role, Team, User
from changes.models import Assistance, AssistanceKind, Change, Decision, Origin, Service
from incidents.models import Cause, Incident, Lesson, Postmortem, PostmortemDraft, Severity
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Payments", slug="payments")


@pytest.fixture
def checkout(team: Team) -> Service:
    return make.service("Checkout", team=team)


@pytest.fixture
def author(team: Team) -> User:
    user = make.user(
        username="ana", first_name="Ana", last_name="Silva", role_title="on-call engineer, payments"
    )
    team.members.add(user)
    return user


@pytest.fixture
def client(author: User) -> Client:
    return signed_in(author)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def incident(checkout: Service) -> Incident:
    incident = make.incident(
        title="Checkout answers slowly",
        impact_started_at=BEGAN,
        detected_at=BEGAN + timedelta(minutes=4),
        severity=Severity.objects.get(rank=3),
    )
    incident.services.add(checkout)
    return incident


def step(incident: Incident, name: str) -> str:
    return reverse("incidents:step", args=[incident.number, name])


def hidden(client: Client, address: str) -> dict[str, Any]:
    """What the page itself would send along."""
    context = client.get(address).context
    return {"version": context["version"], "page": context["page"]}


def facts(incident: Incident, **typed: str) -> dict[str, Any]:
    """The whole facts form as it was shown, with what was typed over it."""

    def local(at: datetime | None, sep: str) -> str:
        return at.strftime(f"%Y-%m-%d{sep}%H:%M:%S") if at else ""

    shown: dict[str, Any] = {
        "title": incident.title,
        "impact": incident.impact,
        "severity": str(incident.severity_id or ""),
        "services": [str(pk) for pk in incident.services.values_list("pk", flat=True)],
    }
    initial = {f"initial-{name}": value for name, value in shown.items()}
    for name in ("impact_started_at", "detected_at", "resolved_at", "reported_at"):
        shown[name] = local(getattr(incident, name), "T")
        initial[f"initial-{name}"] = local(getattr(incident, name), " ")
    return shown | initial | typed


def test_postmortem_is_published_when_all_five_steps_are_walked_without_javascript(
    client: Client, author: User, incident: Incident, checkout: Service
) -> None:
    change = make.change(shipped_at=BEGAN - timedelta(minutes=14), title="Cache the tax table")
    change.services.add(checkout)
    kind = AssistanceKind.objects.get(slug="refactoring")

    response = client.post(reverse("incidents:start", args=[incident.number]))
    assert response["Location"] == step(incident, "facts")

    typed = facts(incident, impact="Shoppers waited 20 s.", resolved_at="2026-03-02T13:00:00")
    typed |= {"section_what_happened": "@ana saw the alert.", "do": "next"} | hidden(
        client, step(incident, "facts")
    )
    assert client.post(step(incident, "facts"), typed)["Location"] == step(incident, "timeline")

    typed = {
        "entry-occurred_at": "2026-03-02T12:20",
        "entry-kind": "decision",
        "entry-text": "Rolled back.",
        "section_resolution": "A rollback by Ana Silva.",
        "do": "next",
    } | hidden(client, step(incident, "timeline"))
    assert client.post(step(incident, "timeline"), typed)["Location"] == step(incident, "causes")

    page = client.get(step(incident, "causes"))
    assert b"shipped to Checkout 14 minutes before impact" in page.content
    client.post(
        step(incident, "causes"),
        {"do": f"pick:confirmed:{change.pk}"} | hidden(client, step(incident, "causes")),
    )
    cause = Cause.objects.get()
    typed = {
        f"cause-{cause.pk}-status": "confirmed",
        f"cause-{cause.pk}-role": "trigger",
        f"cause-{cause.pk}-rationale": "The slow calls began with it.",
        f"cause-{cause.pk}-origin": "assisted",
        f"cause-{cause.pk}-kinds": [str(kind.pk)],
        "factor-text": "The tax service has no time limit.",
        "do": "next",
    } | hidden(client, step(incident, "causes"))
    assert client.post(step(incident, "causes"), typed)["Location"] == step(incident, "lessons")

    typed = {
        "lesson-text": "Give every call to the tax service a time limit.",
        "lesson-path_globs": "src/tax/**\n",
        "action-title": "Alert on slow tax calls",
        "action-type": "detect",
        "do": "next",
    } | hidden(client, step(incident, "lessons"))
    assert client.post(step(incident, "lessons"), typed)["Location"] == step(incident, "publish")

    page = client.get(step(incident, "publish"))
    assert page.context["points"] == []
    response = client.post(
        step(incident, "publish"), {"do": "publish"} | hidden(client, step(incident, "publish"))
    )
    assert response["Location"] == reverse("incidents:postmortem", args=[incident.number])

    page = client.get(response["Location"])
    text = page.content.decode()
    assert "on-call engineer, payments saw the alert." in text
    assert "Ana Silva" not in page.content.decode().split("<main")[1]
    change.refresh_from_db()
    assert change.origin == Origin.ASSISTED
    assert change.origin_counted == Origin.UNKNOWN, "said afterwards: shown, and in no rate"
    assert not change.decisions.filter(reason__contains=str(incident)).exists(), "not all may see it"
    assert change.first_incident_at == BEGAN
    said = Assistance.objects.get(change=change, kind=kind)
    assert (said.status, said.counted) == ("confirmed", False)
    lesson = Lesson.objects.get()
    assert (lesson.path_globs, list(lesson.services.all())) == (["src/tax/**"], [checkout])
    assert AuditEntry.objects.filter(verb="publish", actor=author).exists()
    assert LedgerEntry.objects.filter(
        kind="incident", object_id=incident.pk, verb="postmortem_published"
    ).exists()


def test_every_step_opens_in_any_order_when_nothing_is_started(client: Client, incident: Incident) -> None:
    for name in ("publish", "lessons", "causes", "timeline", "facts"):
        assert client.get(step(incident, name)).status_code == 200
    assert Postmortem.objects.get().state == "not_started", "reading starts nothing"


def test_gate_lists_every_open_point_when_nothing_was_written(client: Client, incident: Incident) -> None:
    incident.services.clear()
    Incident.objects.update(severity=None, impact_started_at=None)
    codes = {entry["point"].code for entry in client.get(step(incident, "publish")).context["points"]}
    assert codes == {
        "impact_missing",
        "severity_missing",
        "service_missing",
        "impact_start_missing",
        "resolved_missing",
        "section_what_happened_empty",
        "section_resolution_empty",
        "causes_unanswered",
        "factor_missing",
    }


def test_publish_is_refused_when_points_are_open(client: Client, incident: Incident) -> None:
    client.post(reverse("incidents:start", args=[incident.number]))
    response = client.post(step(incident, "publish"), {"do": "publish", "override_reason": "Quick"})
    assert response.status_code == 422
    assert b"Only a curator may publish with open points." in response.content
    assert Postmortem.objects.get().state == "draft"


def test_curator_publishes_with_open_points_when_the_reason_is_given(incident: Incident) -> None:
    curator = signed_in(make.user(Role.CURATOR))
    curator.post(reverse("incidents:start", args=[incident.number]))
    curator.post(step(incident, "publish"), {"do": "publish", "override_reason": "The auditors wait."})
    postmortem = Postmortem.objects.get()
    assert (postmortem.state, postmortem.override_reason) == ("published", "The auditors wait.")
    assert (
        b"The auditors wait." in curator.get(reverse("incidents:postmortem", args=[incident.number])).content
    )


def test_severe_incident_needs_a_second_pair_of_eyes_when_only_the_owner_approved(
    client: Client, incident: Incident
) -> None:
    Incident.objects.update(severity=Severity.objects.get(rank=1))
    client.post(reverse("incidents:start", args=[incident.number]))
    review = reverse("incidents:review", args=[incident.number])
    client.post(review, {"verdict": "approved"})
    assert "second_pair_of_eyes" in codes(client, incident)
    signed_in(make.user()).post(review, {"verdict": "approved"})
    assert "second_pair_of_eyes" not in codes(client, incident)


def codes(client: Client, incident: Incident) -> set[str]:
    return {entry["point"].code for entry in client.get(step(incident, "publish")).context["points"]}


def test_both_texts_are_shown_with_409_when_two_write_the_same_section(
    client: Client, incident: Incident
) -> None:
    address = step(incident, "timeline")
    seen_by_both = hidden(client, address)
    assert client.post(address, seen_by_both | {"section_resolution": "Mine came first."}).status_code == 302
    other = signed_in(make.user(Role.CURATOR))
    response = other.post(address, seen_by_both | {"section_resolution": "Another text."})
    assert response.status_code == 409
    assert b"Mine came first." in response.content
    assert b"Another text." in response.content
    assert Postmortem.objects.get().sections.get(key="resolution").text == "Mine came first."


def test_both_are_kept_when_two_write_different_sections(client: Client, incident: Incident) -> None:
    address = step(incident, "timeline")
    seen_by_both = hidden(client, address) | {"section_detection": "", "section_resolution": ""}
    client.post(address, seen_by_both | {"section_detection": "By an alert."})
    signed_in(make.user(Role.CURATOR)).post(address, seen_by_both | {"section_resolution": "A rollback."})
    texts = dict(Postmortem.objects.get().sections.values_list("key", "text"))
    assert texts == {"detection": "By an alert.", "resolution": "A rollback."}


def test_both_are_kept_when_two_correct_different_facts(client: Client, incident: Incident) -> None:
    typed = facts(incident)
    client.post(step(incident, "facts"), typed | {"impact": "Slow for all."})
    signed_in(make.user(Role.CURATOR)).post(step(incident, "facts"), typed | {"title": "Slow checkout"})
    incident.refresh_from_db()
    assert (incident.impact, incident.title) == ("Slow for all.", "Slow checkout")


def test_conflict_is_shown_when_two_correct_the_same_fact(client: Client, incident: Incident) -> None:
    typed = facts(incident)
    client.post(step(incident, "facts"), typed | {"title": "Slow checkout"})
    response = client.post(step(incident, "facts"), typed | {"title": "Checkout stands still"})
    assert response.status_code == 409
    assert b"Slow checkout" in response.content
    assert b"Checkout stands still" in response.content


def test_typed_words_come_back_when_the_page_is_opened_again(client: Client, incident: Incident) -> None:
    address = step(incident, "lessons")
    kept = hidden(client, address) | {"section_surprised": "Half a thought", "lesson-text": "Half a lesson"}
    response = client.post(reverse("incidents:keep_draft", args=[incident.number, "lessons"]), kept)
    assert b"Saved" in response.content
    page = client.get(address)
    assert b"Half a thought" in page.content
    assert b"Half a lesson" in page.content
    assert Postmortem.objects.get().state == "not_started", "a draft is no record yet"
    client.post(address, hidden(client, address) | {"do": "discard"})
    assert b"Half a thought" not in client.get(address).content


def test_late_autosave_is_let_go_when_its_page_was_saved(client: Client, incident: Incident) -> None:
    address = step(incident, "lessons")
    typed = hidden(client, address) | {"lesson-text": "Retry with a limit."}
    client.post(address, typed | {"do": "lesson.add"})
    client.post(reverse("incidents:keep_draft", args=[incident.number, "lessons"]), typed)
    assert "fields" not in PostmortemDraft.objects.get().data
    assert Lesson.objects.count() == 1


def test_nothing_is_saved_when_a_row_does_not_fit(client: Client, incident: Incident) -> None:
    typed = {"section_resolution": "A rollback.", "entry-text": "Something", "entry-occurred_at": "yesterday"}
    response = client.post(step(incident, "timeline"), typed | hidden(client, step(incident, "timeline")))
    assert response.status_code == 422
    assert b"A rollback." in response.content, "what was typed stands in the page"
    assert not Postmortem.objects.get().sections.exists()


def test_times_are_read_in_the_readers_zone(incident: Incident) -> None:
    user = make.user(Role.CURATOR, time_zone="Asia/Tokyo")
    typed = {"entry-text": "Rolled back.", "entry-occurred_at": "2026-03-02T21:20", "entry-kind": "note"}
    signed_in(user).post(step(incident, "timeline"), typed)
    assert incident.timeline.get().occurred_at == datetime(2026, 3, 2, 12, 20, tzinfo=UTC)


def test_outsider_reads_and_does_not_write_when_a_team_owns_the_service(incident: Incident) -> None:
    outsider = signed_in(make.user())
    assert outsider.get(reverse("incidents:detail", args=[incident.number])).status_code == 200
    assert outsider.get(reverse("incidents:postmortem", args=[incident.number])).status_code == 200
    assert outsider.get(step(incident, "facts")).status_code == 403
    assert outsider.post(step(incident, "facts"), facts(incident)).status_code == 403
    assert (
        outsider.post(reverse("incidents:close", args=[incident.number]), {"reason": "test"}).status_code
        == 403
    )
    assert Incident.objects.get().status == "open"


def test_restricted_incident_does_not_exist_for_those_not_named(client: Client, incident: Incident) -> None:
    client.post(reverse("incidents:access", args=[incident.number]), {"do": "restrict"})
    other = make.user(Role.CURATOR)
    assert list(Incident.objects.hidden_from(other)) == [incident]
    assert not Incident.objects.visible_to(other).exists()
    assert not Incident.objects.hidden_from(User.objects.get(username="ana")).exists()
    curator = signed_in(other)
    for name in ("detail", "edit", "access", "postmortem", "postmortem_markdown", "postmortem_json"):
        address = reverse(f"incidents:{name}", args=[incident.number])
        assert curator.get(address).status_code == 404
        assert client.get(address).status_code == 200
    assert curator.get(step(incident, "facts")).status_code == 404
    assert b"Checkout answers slowly" not in curator.get(reverse("incidents:list")).content


def test_markdown_and_json_tell_the_same_when_asked_for(client: Client, incident: Incident) -> None:
    address = step(incident, "facts")
    client.post(
        address, facts(incident) | hidden(client, address) | {"section_what_happened": "It was **slow**."}
    )
    text = client.get(reverse("incidents:postmortem_markdown", args=[incident.number])).content.decode()
    told = client.get(reverse("incidents:postmortem_json", args=[incident.number])).json()
    assert "It was **slow**." in text
    assert "Impact to resolution: not applicable" in text
    assert told["sections"][0]["html"] == "<p>It was <strong>slow</strong>.</p>\n"
    assert told["durations"][3] == {
        "label": "Impact to resolution",
        "seconds": None,
        "state": "not applicable",
    }


def test_cause_question_is_answered_when_no_change_is_involved(client: Client, incident: Incident) -> None:
    client.post(step(incident, "causes"), {"do": "answer:no_change"})
    incident.refresh_from_db()
    assert incident.cause_answer == "no_change"
    assert "causes_unanswered" not in codes(client, incident)


def test_first_incident_is_taken_back_when_the_cause_is_ruled_out(
    client: Client, incident: Incident, checkout: Service
) -> None:
    change = make.change(shipped_at=BEGAN - timedelta(hours=1))
    address = step(incident, "causes")
    client.post(address, {"do": f"pick:suspected:{change.pk}"})
    assert Change.objects.get(pk=change.pk).first_incident_at is None, "suspected counts nowhere"
    client.post(address, {"do": f"pick:confirmed:{change.pk}"})
    assert Change.objects.get(pk=change.pk).first_incident_at == BEGAN
    client.post(address, {"do": f"pick:ruled_out:{change.pk}"})
    assert Change.objects.get(pk=change.pk).first_incident_at is None
    incident.refresh_from_db()
    assert incident.cause_answer == "open"


def test_unknown_is_an_answer_when_said_of_a_confirmed_change(client: Client, incident: Incident) -> None:
    change = make.change(shipped_at=BEGAN - timedelta(hours=1))
    address = step(incident, "causes")
    client.post(address, {"do": f"pick:confirmed:{change.pk}"})
    cause = Cause.objects.get()
    assert f"origin_unanswered_{cause.pk}" in codes(client, incident)
    told = {"status": "confirmed", "role": "trigger", "origin": "unknown"}
    client.post(address, {f"cause-{cause.pk}-{name}": value for name, value in told.items()})
    assert f"origin_unanswered_{cause.pk}" not in codes(client, incident)
    assert Decision.objects.get().prompted_by == "postmortem"


@pytest.mark.parametrize("name", ["facts", "timeline", "causes", "lessons", "publish"])
def test_step_takes_few_queries_when_much_is_written(
    client: Client, incident: Incident, checkout: Service, name: str, django_assert_max_num_queries: Any
) -> None:
    for minutes in range(1, 8):
        change = make.change(shipped_at=BEGAN - timedelta(minutes=minutes))
        change.services.add(checkout)
        make.lesson(incident)
        make.action(incident)
        if minutes > 4:
            Cause.objects.create(incident=incident, change=change, status="suspected")
    client.get(step(incident, name))
    with django_assert_max_num_queries(40):
        assert client.get(step(incident, name)).status_code == 200
