"""Sampled checks over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role, Scope, User
from analytics.models import Sample, SampledChange
from changes.models import Change, Decision, Repository
from tests import make

pytestmark = pytest.mark.django_db
API = "/api/v1/samples/"


@pytest.fixture
def where() -> Repository:
    return make.repository()


@pytest.fixture
def by() -> User:
    return make.user()


@pytest.fixture
def client(by: User) -> APIClient:
    return of(by)


def of(user: User) -> APIClient:
    found = APIClient(raise_request_exception=False)
    found.force_login(user)
    return found


def near(where: Repository, count: int) -> list[Change]:
    at = timezone.now() - timedelta(days=10)
    return [make.change(repository=where, shipped_at=at) for _ in range(count)]


def drawn(client: APIClient, **over: Any) -> Any:
    answer = client.post(API, {"size": 4} | over, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def say(client: APIClient, sample: int, row: int, word: str) -> Any:
    return client.post(f"{API}{sample}/answer/", {"drawn": row, "say": word}, format="json")


def test_check_is_drawn_answered_to_the_end_and_read(client: APIClient, where: Repository) -> None:
    near(where, 6)
    sample = drawn(client)
    assert (sample["drawn"], sample["population"], sample["answered"]) == (4, 6, 0)
    assert sample["estimate"]["hidden"] == {"value": None, "low": 0.0, "high": 6.0}
    for left, word in zip((4, 3, 2, 1), ("assisted", "manual", "cannot_say", "autonomous"), strict=True):
        told = client.get(f"{API}{sample['id']}/next/").json()
        assert told["left"] == left
        assert say(client, sample["id"], told["next"]["id"], word).json()["answer"] in {
            "ai", "no_ai", "cannot_say",
        }  # fmt: skip
    assert client.get(f"{API}{sample['id']}/next/").json() == {"next": None, "left": 0}
    found = client.get(f"{API}{sample['id']}/").json()
    assert found["answered"] == 4
    assert found["estimate"]["answers"] == {"assisted": 2, "manual": 1, "cannot_say": 1}
    assert found["estimate"]["hidden"]["value"] == pytest.approx(4)
    assert found["known"]["population"] == 6
    rows = client.get(f"{API}{sample['id']}/drawn/").json()
    assert [one["answer"] for one in rows] == ["ai", "no_ai", "cannot_say", "ai"]
    assert {one.prompted_by for one in Decision.objects.all()} == {"sample"}


def test_next_begins_behind_the_one_that_is_named(client: APIClient, where: Repository) -> None:
    near(where, 4)
    sample = drawn(client)
    rows = [one["id"] for one in client.get(f"{API}{sample['id']}/drawn/").json()]
    told = client.get(f"{API}{sample['id']}/next/", {"after": rows[1]}).json()
    assert told["next"]["id"] == rows[2]
    assert client.get(f"{API}{sample['id']}/next/", {"after": "x"}).status_code == 400


def test_answer_is_taken_back_by_who_gave_it(client: APIClient, where: Repository) -> None:
    near(where, 4)
    sample = drawn(client)
    row = client.get(f"{API}{sample['id']}/next/").json()["next"]["id"]
    say(client, sample["id"], row, "assisted")
    address = f"{API}{sample['id']}/undo/"
    other = of(make.user()).post(address, {"drawn": row}, format="json")
    assert (other.status_code, other.json()["code"]) == (422, "not_yours")
    assert client.post(address, {"drawn": row}, format="json").json()["answer"] is None
    again = client.post(address, {"drawn": row}, format="json")
    assert (again.status_code, again.json()["code"]) == (422, "not_answered")


def test_second_answer_and_one_to_a_closed_check_are_refused(client: APIClient, where: Repository) -> None:
    near(where, 4)
    sample = drawn(client)
    row = client.get(f"{API}{sample['id']}/next/").json()["next"]["id"]
    say(client, sample["id"], row, "manual")
    again = say(client, sample["id"], row, "assisted")
    assert (again.status_code, again.json()["code"]) == (422, "answered")
    assert client.post(f"{API}{sample['id']}/close/").json()["closed_at"]
    rows = client.get(f"{API}{sample['id']}/drawn/").json()
    assert say(client, sample["id"], rows[1]["id"], "manual").json()["code"] == "closed"
    assert client.get(f"{API}{sample['id']}/next/").json()["next"] is None
    assert client.post(f"{API}{sample['id']}/reopen/").json()["closed_at"] is None
    assert say(client, sample["id"], rows[1]["id"], "manual").status_code == 200


def test_drawn_change_of_another_check_is_not_found(client: APIClient, where: Repository) -> None:
    near(where, 4)
    one, other = drawn(client), drawn(client)
    row = SampledChange.objects.filter(sample=other["id"])[0]
    assert say(client, one["id"], row.pk, "manual").status_code == 404
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"size": 0},
        {"size": 501},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"team": "nobody"},
        {"team": "\0"},
        {"repository": 10**12},
        {"size": "many"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"seed": 7},
    ],
)
def test_nothing_is_drawn_when_the_body_is_wrong(
    client: APIClient, where: Repository, body: dict[str, Any]
) -> None:
    near(where, 2)
    assert client.post(API, body, format="json").status_code == 400
    assert not Sample.objects.exists()


def test_list_is_narrowed_by_place_and_by_whether_it_is_closed(client: APIClient, where: Repository) -> None:
    near(where, 3)
    whole, of_one = drawn(client), drawn(client, repository=where.pk)
    client.post(f"{API}{whole['id']}/close/")

    def listed(**asked: Any) -> list[int]:
        return [one["id"] for one in client.get(API, asked).json()["results"]]

    assert listed() == [of_one["id"], whole["id"]]
    assert listed(repository=where.pk) == [of_one["id"]]
    assert listed(closed="true") == [whole["id"]]
    assert listed(drawn_after="2999-01-01") == []


def test_draw_under_one_key_is_done_once(client: APIClient, where: Repository) -> None:
    near(where, 3)
    first, again = (
        client.post(API, {}, format="json", headers={"Idempotency-Key": "check-1"}) for _ in range(2)
    )
    assert first.json() == again.json()
    assert Sample.objects.count() == 1


def test_scope_and_role_must_both_allow_an_answer(where: Repository, client: APIClient) -> None:
    near(where, 3)
    sample = drawn(client)
    row = client.get(f"{API}{sample['id']}/next/").json()["next"]["id"]
    for role, scopes in ((Role.VIEWER, [Scope.CHANGES_WRITE]), (Role.AUTHOR, [Scope.READ])):
        _, secret = make.token(make.user(role=role), [str(one) for one in scopes])
        other = APIClient(raise_request_exception=False)
        other.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        assert say(other, sample["id"], row, "manual").status_code == 403
    assert not Decision.objects.exists()
