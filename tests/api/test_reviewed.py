"""Reviews, checks, reasons for size, care, kinds of deployments and reporting of services over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, Role, Scope, Team
from changes.models import Change, ChangeIdentity, CheckRun, Deployment, Review, ReviewCare, Service
from intake.models import LedgerEntry
from tests import make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db
API = "/api/v1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def check(change: Change, number: int, **over: Any) -> CheckRun:
    fields: dict[str, Any] = {
        "repository": change.repository, "kind": "workflow", "external_id": str(number), "name": "Tests",
        "sha": "b" * 40, "queued_at": NOON + timedelta(minutes=number), "told_at": NOON,
    }  # fmt: skip
    return CheckRun.objects.create(**fields | over)


@pytest.fixture
def change(db: None) -> Change:
    row = make.change()
    ChangeIdentity.objects.create(
        change=row, repository=row.repository, space="sha", role="head", value="b" * 40
    )
    return row


def numbers(client: APIClient, **asked: Any) -> list[str]:
    page = client.get(f"{API}/check-runs/", asked)
    assert page.status_code == 200, page.content
    return [row["external_id"] for row in page.json()["results"]]


def test_checks_are_listed_newest_first_and_narrowed(author: APIClient, change: Change) -> None:
    check(change, 1, status="completed", conclusion="failure", end_basis="told", completed_at=NOON)
    check(change, 2, status="running", branch="topic")
    check(change, 3, sha="c" * 40, kind="check")
    check(change, 4, status="completed", end_basis="superseded", completed_at=NOON)
    assert numbers(author) == ["4", "3", "2", "1"]
    assert numbers(author, change=change.pk) == ["4", "2", "1"]
    assert numbers(author, status="running") == ["2"]
    assert numbers(author, conclusion="Failure") == ["1"]
    assert numbers(author, ended_by="superseded") == ["4"]
    assert numbers(author, sha="ccc") == ["3"]
    assert numbers(author, kind="check") == ["3"]
    assert numbers(author, queued_before="2026-03-02T12:02:00Z") == ["1"]
    assert numbers(author, repository=make.repository().pk) == []


def test_reviews_are_listed_and_no_reviewer_is_told(author: APIClient, change: Change) -> None:
    for number, state in enumerate(["approved", "commented"]):
        Review.objects.create(
            change=change, external_id=str(number), state=state, submitted_at=NOON, told_at=NOON,
            reviewer_in_change=b"\xab" * 32, reviewer_on_day=b"\xcd" * 32, is_senior=number == 0,
        )  # fmt: skip
    page = author.get(f"{API}/reviews/")
    assert len(page.json()["results"]) == 2
    assert set(page.json()["results"][0]) == {
        "id", "change", "state", "submitted_at", "is_self", "is_bot", "is_senior", "comments",
    }  # fmt: skip
    assert "abab" not in page.text
    assert [one["state"] for one in author.get(f"{API}/reviews/", {"senior": "true"}).json()["results"]] == [
        "approved"
    ]


@pytest.mark.parametrize("resource", ["check-runs", "reviews"])
def test_what_was_told_is_written_by_nobody(author: APIClient, resource: str) -> None:
    assert author.post(f"{API}/{resource}/", {}, format="json").status_code == 405


def test_a_reason_for_the_size_is_said_and_taken_back(author: APIClient, change: Change) -> None:
    address = f"{API}/changes/{change.pk}/size-exception/"
    assert author.delete(address).status_code == 404
    assert author.post(address, {"reason": ""}, format="json").status_code == 400
    said = author.post(address, {"reason": "Generated client."}, format="json")
    assert (said.status_code, said.json()["reason"]) == (200, "Generated client.")
    assert author.delete(address).status_code == 204
    verbs = LedgerEntry.objects.filter(kind="change", object_id=change.pk).values_list("verb", flat=True)
    assert set(verbs) == {"size exception said", "size exception withdrawn"}


def test_an_answer_is_one_call_and_leaves_nobody_behind(with_token: Ask, change: Change) -> None:
    client = with_token(Scope.CHANGES_WRITE, Scope.READ)
    address = f"{API}/changes/{change.pk}/care/"
    before = AuditEntry.objects.count()
    assert client.post(address, {"answer": "not_really"}, format="json").status_code == 201
    assert ReviewCare.objects.get().answer == "not_really"
    assert client.post(address, {"answer": "sure"}, format="json").status_code == 400
    link = client.get(address).json()["link"]
    assert Client().post(link.replace("http://testserver", ""), {"answer": "no"}).status_code == 200
    assert change.care.count() == 2
    assert AuditEntry.objects.count() == before
    assert set(LedgerEntry.objects.values_list("actor_id", flat=True)) == {None}


def test_a_kind_is_said_by_the_owning_team(as_user: Ask) -> None:
    team = Team.objects.create(name="Till", slug="till")
    owner = make.user()
    team.members.add(owner)
    row = make.deployment(service=make.service(team=team))
    address = f"{API}/deployments/{row.pk}/kind/"
    said = {"kind": "rollback", "reason": "The new one lost baskets."}
    assert as_user(make.user()).post(address, said, format="json").status_code == 403
    client = as_user(owner)
    assert client.post(address, {"kind": "rollback"}, format="json").status_code == 400
    answer = client.post(address, said, format="json")
    assert (answer.status_code, answer.json()["kind"], answer.json()["kind_basis"]) == (
        200, "rollback", "person",
    )  # fmt: skip
    client.post(address, {"kind": None, "reason": "A slip."}, format="json")
    assert Deployment.objects.get(pk=row.pk).kind == "planned"


def test_a_service_says_whether_its_incidents_come_in(as_user: Ask) -> None:
    service = make.service()
    address = f"{API}/services/{service.slug}/"
    client = as_user(role=Role.AUTHOR)
    answer = client.patch(address, {"reports_incidents": False}, format="json")
    assert (answer.status_code, answer.json()["reports_incidents"]) == (200, False)
    client.patch(address, {"exposure_days": 30}, format="json")
    row = Service.objects.get(pk=service.pk)
    assert (row.reports_incidents, row.exposure_days) == (False, 30)
    for wrong in ({"exposure_days": 0}, {"exposure_days": "soon"}, {"name": "Mine"}):
        assert client.patch(address, wrong, format="json").status_code == 400
    row.refresh_from_db()
    assert row.exposure_days == 30


def test_a_change_tells_when_its_work_began(author: APIClient) -> None:
    repository = make.repository()
    told = {
        "repository": repository.pk, "number": "7", "opened_at": "2026-03-02T10:00:00Z",
        "ready_at": "2026-03-02T11:00:00Z",
        "shas": [{"role": "head", "sha": "d" * 40, "at": "2026-03-02T08:00:00Z"}],
    }  # fmt: skip
    answer = author.post(f"{API}/changes/", told, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["first_commit_at"] == "2026-03-02T08:00:00Z"
    assert answer.json()["ready_at"] == "2026-03-02T11:00:00Z"
