"""Writes: by whom, once, and never over what somebody else wrote in the meantime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import IdempotencyKey, Role, Scope, Team
from analytics.models import TestScenario
from changes.models import AssistanceKind, Change, Decision, Deployment, DomainArea, Environment, Repository
from changes.services import repositories
from incidents.api import Incidents
from incidents.models import Cause, FactorKind, Fix, Incident, Lesson, Postmortem, Severity
from intake.models import LedgerEntry
from tests import make
from tests.api.conftest import Ask

API = "/api/v1"
BEGAN = "2026-03-01T10:00:00Z"


def report(client: APIClient, **over: Any) -> Any:
    return client.post(f"{API}/incidents/", {"title": "Checkout is down", "impact_started_at": BEGAN} | over)


def test_a_report_opens_an_incident_and_is_found_at_its_location(author: APIClient) -> None:
    service = make.service("Checkout")
    answer = report(author, severity="sev1", services=[service.slug], impact="Nobody could pay.")
    assert answer.status_code == 201, answer.content
    assert answer["ETag"] == '"1"'
    assert author.get(answer["Location"]).json() == answer.json()
    incident = Incident.objects.get()
    assert incident.impact_started_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert "title" in incident.held_fields
    assert LedgerEntry.objects.filter(kind="incident", object_id=incident.pk).exists()


def test_a_dedup_key_opens_one_incident(author: APIClient) -> None:
    first, second = (
        report(author, dedup_key="monitor-7"),
        report(author, dedup_key="monitor-7", title="Again"),
    )
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    Incident.objects.update(is_restricted=True)
    third = report(author, dedup_key="monitor-7")
    assert third.status_code == 409
    assert third.json()["code"] == "dedup_key_taken"


def test_a_dedup_key_opens_one_incident_when_two_tell_of_it_at_once(
    author: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, looks = report(author, dedup_key="monitor-7"), [None]
    known = Incidents._opened_by
    monkeypatch.setattr(Incidents, "_opened_by", lambda one, key: looks.pop() if looks else known(one, key))
    second = report(author, dedup_key="monitor-7")
    assert (second.status_code, second.json()) == (200, first.json())
    assert Incident.objects.count() == 1


def test_a_term_that_another_made_meanwhile_is_a_conflict(
    as_user: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    DomainArea.objects.create(slug="till", name="Till")
    monkeypatch.setattr("rest_framework.validators.UniqueValidator.__call__", lambda *_: None)
    answer = as_user(role=Role.CURATOR).post(f"{API}/areas/", {"slug": "till", "name": "Till"})
    assert (answer.status_code, answer.json()["code"]) == (409, "made_meanwhile")


def test_a_repository_that_another_made_meanwhile_is_found(
    author: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"name": "shop/till"}
    first, looks = author.post(f"{API}/repositories/", told).json(), [None]
    find = repositories._find
    monkeypatch.setattr(repositories, "_find", lambda *fact: looks.pop() if looks else find(*fact))
    assert author.post(f"{API}/repositories/", told).json()["id"] == first["id"]
    assert Repository.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        (Role.VIEWER, [Scope.READ, Scope.INCIDENTS_WRITE], 403),
        (Role.AUTHOR, [Scope.READ], 403),
        (Role.ADMIN, [Scope.READ, Scope.CHANGES_WRITE], 403),
        (Role.AUTHOR, [Scope.INCIDENTS_WRITE], 201),
    ],
)
def test_role_and_scope_must_both_allow_a_write(
    role: Role, scopes: list[Scope], status: int, with_token: Ask
) -> None:
    answer = report(with_token(*scopes, role=role))
    assert answer.status_code == status
    assert Incident.objects.exists() == (status == 201)


def test_a_revoked_or_old_token_opens_nothing(with_token: Ask) -> None:
    past = datetime(2026, 1, 1, tzinfo=UTC)
    for over in ({"revoked_at": past}, {"expires_at": past}):
        assert report(with_token(Scope.INCIDENTS_WRITE, **over)).status_code == 401


def test_a_session_without_the_form_token_writes_nothing(db: None) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make.user())
    assert report(client).status_code == 403


# ------------------------------------------------------------------ sent twice


def test_the_same_key_is_answered_again_and_done_once(author: APIClient) -> None:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "report-1"}
    body = {"title": "Checkout is down"}
    first = author.post(f"{API}/incidents/", body, **headers)
    second = author.post(f"{API}/incidents/", body, **headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert (second["Location"], second["ETag"]) == (first["Location"], first["ETag"])
    assert second["Idempotency-Replayed"] == "true"
    assert Incident.objects.count() == 1


def test_the_same_key_for_another_body_is_refused(author: APIClient) -> None:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "report-1"}
    author.post(f"{API}/incidents/", {"title": "One"}, **headers)
    answer = author.post(f"{API}/incidents/", {"title": "Two"}, **headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Incident.objects.count() == 1


def test_what_was_refused_may_be_mended_under_its_key(author: APIClient) -> None:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "report-1"}
    assert author.post(f"{API}/incidents/", {"title": ""}, **headers).status_code == 400
    assert author.post(f"{API}/incidents/", {"title": "One"}, **headers).status_code == 201


def test_a_key_is_free_again_after_seven_days_and_is_each_person_s_own(as_user: Ask) -> None:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "k"}
    body = {"title": "One"}
    author = as_user()
    author.post(f"{API}/incidents/", body, **headers)
    as_user().post(f"{API}/incidents/", body, **headers)
    assert Incident.objects.count() == 2
    IdempotencyKey.objects.update(created_at=datetime.now(UTC) - timedelta(days=8))
    author.post(f"{API}/incidents/", body, **headers)
    assert Incident.objects.count() == 3


def test_a_key_that_is_none_is_refused(author: APIClient) -> None:
    assert author.post(f"{API}/incidents/", {"title": "x"}, HTTP_IDEMPOTENCY_KEY="k" * 201).status_code == 400


# ------------------------------------------------------------------ versions


def test_facts_are_corrected_only_by_who_has_read_them(author: APIClient) -> None:
    incident = make.incident()
    address = f"{API}/incidents/{incident.number}/"
    assert author.patch(address, {"title": "x"}).status_code == 428
    assert author.patch(address, {"title": "x"}, HTTP_IF_MATCH='"7"').status_code == 412
    etag = author.get(address)["ETag"]
    answer = author.patch(address, {"title": "Prices are wrong", "resolved_at": BEGAN}, HTTP_IF_MATCH=etag)
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["status"]) == ("Prices are wrong", "resolved")
    assert author.patch(address, {"title": "x"}, HTTP_IF_MATCH=etag).status_code == 412
    incident.refresh_from_db()
    assert incident.title == "Prices are wrong"


def test_a_time_that_is_null_becomes_unknown(author: APIClient) -> None:
    incident = make.incident(detected_at=datetime(2026, 1, 1, tzinfo=UTC))
    answer = author.patch(f"{API}/incidents/{incident.number}/", {"detected_at": None}, HTTP_IF_MATCH="*")
    assert answer.json()["detected_at"] is None


def test_another_team_s_incident_is_not_written(as_user: Ask) -> None:
    incident = make.incident()
    incident.services.add(make.service(team=Team.objects.create(name="Search", slug="search")))
    author, number = as_user(), incident.number
    tries = [
        author.patch(f"{API}/incidents/{number}/", {"title": "x"}, HTTP_IF_MATCH="*"),
        author.post(f"{API}/incidents/{number}/close/", {"reason": "test"}),
        author.post(f"{API}/factors/", {"incident": number, "text": "x"}),
        author.patch(f"{API}/postmortems/{number}/sections/", {"sections": {"a": "b"}}, HTTP_IF_MATCH="*"),
    ]
    assert [answer.status_code for answer in tries] == [403] * 4
    curator = as_user(role=Role.CURATOR)
    assert curator.post(f"{API}/incidents/{number}/close/", {"reason": "test"}).status_code == 200


@pytest.mark.parametrize("verb", ["status", "close", "reopen", "restrict", "cause-answer"])
def test_a_restricted_incident_takes_no_verb_from_others(verb: str, as_user: Ask) -> None:
    incident = make.incident(is_restricted=True)
    assert as_user(role=Role.ADMIN).post(f"{API}/incidents/{incident.number}/{verb}/", {}).status_code == 404
    parts = as_user().post(f"{API}/factors/", {"incident": incident.number, "text": "x"})
    assert parts.status_code == 400, "to name it is to name nothing"


# ------------------------------------------------------------------ verbs


def test_an_incident_goes_through_its_states(author: APIClient) -> None:
    number = report(author).json()["number"]
    kept = make.incident()

    def do(verb: str, **body: Any) -> Any:
        return author.post(f"{API}/incidents/{number}/{verb}/", body)

    assert do("status", status="mitigated").json()["mitigated_at"] is not None
    assert do("status", status="closed").status_code == 400
    assert do("close", reason="duplicate").status_code == 400
    assert do("close", reason="resolved", duplicate_of=kept.number).status_code == 400
    assert do("close", reason="duplicate", duplicate_of=kept.number).json()["duplicate_of"] == kept.number
    again = do("close", reason="resolved")
    assert (again.status_code, again.json()["code"]) == (422, "closed")
    assert do("reopen").json()["duplicate_of"] is None
    assert do("cause-answer", answer="no_change").json()["cause_answer"] == "no_change"


def test_restricting_hides_it_from_all_but_the_named(as_user: Ask) -> None:
    author, friend = as_user(), make.user()
    number = report(author).json()["number"]
    body = {"is_restricted": True, "people": [friend.username]}
    assert author.post(f"{API}/incidents/{number}/restrict/", body).json()["is_restricted"] is True
    assert as_user(friend).get(f"{API}/incidents/{number}/").status_code == 200
    assert as_user().get(f"{API}/incidents/{number}/").status_code == 404
    opened = author.post(f"{API}/incidents/{number}/restrict/", {"is_restricted": False})
    assert opened.json()["is_restricted"] is False


def test_causes_fixes_factors_and_the_timeline_are_written_and_taken_back(author: APIClient) -> None:
    incident, change = make.incident(impact_started_at=datetime.now(UTC)), make.change()
    kind = FactorKind.objects.create(slug="fog", name="Fog")
    target = {"incident": incident.number, "change": change.pk}
    cause = author.post(f"{API}/causes/", {**target, "status": "suspected"})
    assert cause.status_code == 201, cause.content
    confirmed = author.patch(cause["Location"], {"status": "confirmed", "weight": 2})
    assert (confirmed.json()["status"], confirmed.json()["weight"]) == ("confirmed", 2)
    change.refresh_from_db()
    assert change.first_incident_at == incident.impact_started_at
    assert author.post(f"{API}/causes/", {**target, "status": "suggested"}).status_code == 400
    fix = author.post(f"{API}/fixes/", target)
    factor = author.post(f"{API}/factors/", {"incident": incident.number, "text": "No alert", "kind": "fog"})
    assert author.patch(factor["Location"], {"text": "No alert at all"}).json()["kind"] == kind.slug
    entry = author.post(
        f"{API}/timeline/", {"incident": incident.number, "occurred_at": BEGAN, "text": "Noticed"}
    )
    assert author.patch(entry["Location"], {"starred": True}).json()["starred"] is True
    for made in (cause, fix, factor, entry):
        assert made.status_code == 201
        assert author.delete(made["Location"]).status_code == 204
        assert author.get(made["Location"]).status_code == 404
    assert not Cause.objects.exists()
    assert not Fix.objects.exists()


def test_a_postmortem_is_written_and_published(author: APIClient) -> None:
    number = report(author, severity="sev3", impact="Nobody could pay.").json()["number"]
    address = f"{API}/postmortems/{number}/"
    early = author.post(f"{address}publish/", {})
    assert early.status_code == 422
    blank = author.get(address)
    points = [point["code"] for point in blank.json()["open_points"]]
    assert "service_missing" in points
    key = next(code for code in points if code.startswith("section_")).removeprefix("section_")
    key = key.removesuffix("_empty")
    saved = author.patch(
        f"{address}sections/", {"sections": {key: "The queue was full."}}, HTTP_IF_MATCH=blank["ETag"]
    )
    assert saved.status_code == 200, saved.content
    assert saved.json()["state"] == "draft"
    stale = author.patch(f"{address}sections/", {"sections": {key: "x"}}, HTTP_IF_MATCH=blank["ETag"])
    assert stale.status_code == 412
    refused = author.post(f"{address}publish/", {})
    assert refused.status_code == 422
    assert "service_missing" in {fault["code"] for fault in refused.json()["errors"]}
    unknown = author.patch(f"{address}sections/", {"sections": {"no-such": "x"}}, HTTP_IF_MATCH="*")
    assert unknown.status_code == 422


def test_a_curator_publishes_with_open_points_saying_why(as_user: Ask) -> None:
    incident = make.incident()
    Postmortem.objects.update(state="draft")
    body = {"override_reason": "Agreed in the weekly review."}
    address = f"{API}/postmortems/{incident.number}/publish/"
    assert as_user().post(address, body).status_code == 422
    curator = as_user(role=Role.CURATOR)
    assert curator.post(address, body).json()["state"] == "published"
    revised = curator.post(f"{API}/postmortems/{incident.number}/revise/")
    assert revised.json()["state"] == "draft"


def test_lessons_actions_and_scenarios_are_written(author: APIClient) -> None:
    number = report(author).json()["number"]
    lesson = author.post(f"{API}/lessons/", {"incident": number, "text": "Bound every retry"})
    assert lesson.status_code == 201, lesson.content
    assert lesson.json()["incidents"] == [number]
    edited = author.patch(lesson["Location"], {"path_globs": ["shop/**"]}, HTTP_IF_MATCH=lesson["ETag"])
    assert edited.json()["path_globs"] == ["shop/**"]
    assert author.patch(lesson["Location"], {"why": "x"}, HTTP_IF_MATCH=lesson["ETag"]).status_code == 412
    state = f"{lesson['Location']}state/"
    assert author.post(state, {"state": "retired"}).status_code == 422
    assert author.post(state, {"state": "approved"}).json()["state"] == "approved"

    item = author.post(f"{API}/actions/", {"incident": number, "title": "Alert on retries"})
    assert item.json()["state"] == "proposed"
    assert author.patch(item["Location"], {"priority": 1}).json()["priority"] == 1
    assert author.post(f"{item['Location']}state/", {"state": "verified"}).status_code == 422
    assert author.post(f"{item['Location']}state/", {"state": "accepted"}).json()["state"] == "accepted"
    assert author.delete(item["Location"]).status_code == 422

    words = {"title": "Retries are bounded", "given": "a full queue", "when": "we retry", "then": "we stop"}
    scenario = author.post(f"{API}/scenarios/", {**words, "lessons": [lesson.json()["id"]]})
    assert scenario.status_code == 201, scenario.content
    later = author.patch(scenario["Location"], {"then": "we give up"}, HTTP_IF_MATCH=scenario["ETag"])
    assert later.json()["then"] == "we give up"
    assert author.patch(scenario["Location"], {"then": "x"}).status_code == 428
    accepted = author.post(f"{scenario['Location']}state/", {"state": "accepted"})
    assert accepted.json()["state"] == "accepted"
    assert (Lesson.objects.count(), TestScenario.objects.count()) == (1, 1)


def test_a_scenario_takes_no_lesson_that_its_writer_may_not_see(author: APIClient) -> None:
    hidden = make.lesson(make.incident(is_restricted=True))
    words = {"title": "t", "given": "a", "when": "b", "then": "c", "lessons": [hidden.pk]}
    assert author.post(f"{API}/scenarios/", words).status_code == 400


# ------------------------------------------------------------------ what shipped


def test_a_change_is_recorded_once_under_all_its_names(with_token: Ask) -> None:
    client = with_token(Scope.CHANGES_WRITE, Scope.READ)
    made = client.post(f"{API}/repositories/", {"name": "shop/till", "merged_is_shipped": True})
    repository = made.json()["id"]
    kind = AssistanceKind.objects.order_by("pk").first() or AssistanceKind.objects.create(slug="k", name="K")
    body = {
        "repository": repository,
        "number": "12",
        "title": "Round prices",
        "state": "merged",
        "merged_at": BEGAN,
        "shas": [{"role": "merge", "sha": "a" * 40}],
        "files": [{"path": "till/prices.py", "added": 30, "deleted": 2}],
        "declared_origin": "assisted",
        "declared_kinds": [{"slug": kind.slug}],
    }
    first = client.post(f"{API}/changes/", body)
    assert first.status_code == 200, first.content
    shown = first.json()
    assert (shown["state"], shown["origin"], shown["size_band"]) == ("shipped", "assisted", "small")
    assert [one["kind"] for one in shown["assistances"]] == [kind.slug]
    known = {"repository": repository, "shas": [{"role": "landed", "sha": "A" * 40}], "branch": "rounding"}
    assert client.post(f"{API}/changes/", known).json()["id"] == shown["id"]
    assert Change.objects.count() == 1
    assert client.post(f"{API}/changes/", {"repository": repository, "title": "Nameless"}).status_code == 400


def test_a_deployment_is_recorded_step_by_step(author: APIClient) -> None:
    repository = make.repository()
    body = {"repository": repository.pk, "external_id": "d-1", "environment": "production", "sha": "b" * 40}
    done = {"status": "succeeded", "at": "2026-03-01T11:00:00Z"}
    begun = {"status": "running", "at": BEGAN}
    assert author.post(f"{API}/deployments/", {**body, "steps": [done]}).status_code == 200
    late = author.post(f"{API}/deployments/", {**body, "steps": [begun, done]}).json()
    assert (late["status"], late["started_at"], late["is_gap"]) == ("succeeded", BEGAN, True)
    deployment = Deployment.objects.get()
    assert deployment.events.count() == 2
    curator_only = f"{API}/environments/{deployment.environment_id}/"
    assert author.patch(curator_only, {"is_production": False}).status_code == 403


def test_a_curator_maps_an_environment(as_user: Ask) -> None:
    deployment = make.deployment()
    address = f"{API}/environments/{deployment.environment_id}/"
    assert (
        as_user(role=Role.CURATOR).patch(address, {"is_production": False}).json()["is_production"] is False
    )
    deployment.refresh_from_db()
    assert deployment.is_production is False
    assert Environment.objects.get().is_production is False


def test_the_latest_word_on_a_change_holds_and_can_be_taken_back(author: APIClient) -> None:
    change, kind = make.change(), AssistanceKind.objects.create(slug="guessing", name="Guessing")
    address = f"{API}/changes/{change.pk}/"
    said = author.post(f"{address}decisions/", {"origin": "assisted", "reason": "I was there"})
    assert said.status_code == 201, said.content
    assert (said.json()["origin"], said.json()["origin_basis"]) == ("assisted", "person")
    kinds = author.post(f"{address}decisions/", {"kind": kind.slug}).json()
    assert [(one["kind"], one["status"]) for one in kinds["assistances"]] == [("guessing", "confirmed")]
    assert author.post(f"{address}decisions/", {"origin": "manual", "kind": kind.slug}).status_code == 400
    assert {one.prompted_by for one in Decision.objects.all()} == {"api"}
    first = Decision.objects.exclude(origin="").get()
    other = make.change()
    wrong = author.post(f"{API}/changes/{other.pk}/decisions/{first.pk}/withdraw/")
    assert wrong.status_code == 404
    back = author.post(f"{address}decisions/{first.pk}/withdraw/").json()
    assert back["decisions"][0]["withdrawn_at"] is not None
    area = make.area("till")
    assert author.post(f"{address}area/", {"area": area.slug}).json()["area"] == "till"


# ------------------------------------------------------------------ taxonomy


def test_only_curators_with_the_scope_write_the_taxonomy(with_token: Ask) -> None:
    body = {"slug": "till", "name": "Till", "risk_level": 3}
    assert with_token(Scope.TAXONOMY_WRITE).post(f"{API}/areas/", body).status_code == 403
    short = with_token(Scope.READ, Scope.INCIDENTS_WRITE, role=Role.ADMIN)
    assert short.post(f"{API}/areas/", body).status_code == 403
    curator = with_token(Scope.TAXONOMY_WRITE, Scope.READ, role=Role.CURATOR)
    made = curator.post(f"{API}/areas/", body)
    assert made.status_code == 201, made.content
    assert curator.get(made["Location"]).json()["risk_level"] == 3
    assert curator.patch(made["Location"], {"name": "Tills"}).json()["name"] == "Tills"
    assert curator.post(f"{API}/areas/", body).json()["errors"][0]["pointer"] == "#/slug"
    retired = curator.post(f"{made['Location']}retire/")
    assert retired.json()["retired_at"] is not None
    offered = curator.get(f"{API}/areas/", {"offered": "true"}).json()["results"]
    assert "till" not in [one["slug"] for one in offered]
    assert curator.post(f"{made['Location']}restore/").json()["retired_at"] is None
    entry = LedgerEntry.objects.filter(kind="taxonomy", object_id=DomainArea.objects.get(slug="till").pk)
    assert entry.count() == 4


def test_the_rank_of_a_severity_is_fixed(as_user: Ask) -> None:
    severity = Severity.objects.order_by("rank")[0]
    address = f"{API}/severities/{severity.slug}/"
    curator = as_user(role=Role.CURATOR)
    assert curator.patch(address, {"rank": 4}).status_code == 400
    assert curator.patch(address, {"name": "Catastrophe"}).json()["name"] == "Catastrophe"
    assert curator.post(f"{API}/severities/", {"name": "x", "slug": "x"}).status_code == 405


def test_deliveries_are_for_admins_and_show_no_body(as_user: Ask) -> None:
    source = make.source()
    source.deliveries.create(key="k", body=b"secret words", body_sha256=b"x" * 32)
    assert as_user(role=Role.CURATOR).get(f"{API}/deliveries/").status_code == 403
    answer = as_user(role=Role.ADMIN).get(f"{API}/deliveries/")
    assert answer.json()["results"][0]["source"] == source.slug
    assert b"secret words" not in answer.content
    assert Repository.objects.count() == 0
