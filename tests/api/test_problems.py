"""Errors in one shape, whatever went wrong and wherever."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from rest_framework.test import APIClient

from accounts import problems
from accounts.models import Role
from accounts.throttles import ReadOrWriteThrottle
from config import env
from tests.api.conftest import Ask

API = "/api/v1"


def check(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(content)
    assert content["status"] == status
    return content


def test_malformed_json(author: APIClient) -> None:
    answer = author.post(f"{API}/incidents/", data=b'{"title": ', content_type="application/json")
    assert check(answer, 400)["code"] == "parse_error"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_a_body_that_is_no_object(body: bytes, author: APIClient) -> None:
    check(author.post(f"{API}/incidents/", data=body, content_type="application/json"), 400)


def test_faults_point_at_their_fields(author: APIClient) -> None:
    body = {"severity": "no-such", "titel": "x", "impact_numbers": [{"value": "many"}]}
    answer = check(author.post(f"{API}/incidents/", body), 400)
    assert [fault["pointer"] for fault in answer["errors"]] == ["#/titel"]
    del body["titel"]
    answer = check(author.post(f"{API}/incidents/", body), 400)
    pointers = {fault["pointer"] for fault in answer["errors"]}
    assert {"#/title", "#/severity", "#/impact_numbers/0/value"} <= pointers


def test_another_media_type(author: APIClient) -> None:
    check(author.post(f"{API}/incidents/", data="<a/>", content_type="text/xml"), 415)


def test_an_answer_in_another_form(author: APIClient) -> None:
    check(author.get(f"{API}/incidents/", HTTP_ACCEPT="text/csv"), 406)


def test_a_method_that_does_not_exist(author: APIClient) -> None:
    assert "GET" in author.put(f"{API}/incidents/", {})["Allow"]
    check(author.put(f"{API}/incidents/", {}), 405)
    check(author.post(f"{API}/test-runs/", {}), 405)


@pytest.mark.parametrize("address", [f"{API}/no-such/", f"{API}/incidents/none/", "/api/v2/", f"{API}/teams"])
def test_an_address_that_does_not_exist(address: str, author: APIClient) -> None:
    check(author.get(address), 404)


def test_an_unknown_address_says_the_same_to_strangers(db: None) -> None:
    check(APIClient().get(f"{API}/no-such/"), 404)


def test_no_key(db: None) -> None:
    check(APIClient().get(f"{API}/incidents/"), 401)
    check(APIClient().get(f"{API}/incidents/", HTTP_AUTHORIZATION="Bearer nonsense"), 401)


def test_a_nul_character(author: APIClient) -> None:
    check(author.get(f"{API}/incidents/", {"q": "a\0b"}), 400)
    check(author.post(f"{API}/incidents/", {"title": "a\0b"}), 400)
    check(author.get(f"{API}/services/a%00b/"), 404)
    answer = check(author.post("/hooks/junit/?repository=a%00b"), 400)
    assert answer["detail"] == "The address holds a NUL character."


@pytest.mark.parametrize(
    "address", ["/incidents/?q=%00", "/?x%00=1", "/admin/accounts/auditentry/?target_kind=%00"]
)
def test_a_nul_character_in_the_address_of_a_page(address: str, as_user: Ask) -> None:
    answer = as_user(role=Role.ADMIN).get(address)
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")


def test_a_nul_character_in_the_path_of_a_page(author: APIClient) -> None:
    assert author.post("/account/tokens/a%00b/revoke/").status_code == 404
    check(author.post("/hooks/a%00b/"), 404)


def test_a_pointer_steps_over_what_stands_in_a_name(author: APIClient) -> None:
    answer = check(author.post(f"{API}/incidents/", {"a/b~c": 1}), 400)
    assert [fault["pointer"] for fault in answer["errors"]] == ["#/a~1b~0c"]


def test_too_many_requests(author: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReadOrWriteThrottle, "THROTTLE_RATES", {"api_read": "1/min", "api_write": "1/min"})
    assert author.get(f"{API}/teams/").status_code == 200
    answer = author.get(f"{API}/teams/")
    check(answer, 429)
    assert int(answer["Retry-After"]) > 0


def test_a_bug_is_a_problem_and_tells_nothing(author: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("inner words")

    monkeypatch.setattr("changes.api.places.Teams.get_queryset", broken)
    answer = author.get(f"{API}/teams/")
    check(answer, 500)
    assert b"inner words" not in answer.content


def test_a_plain_view_answers_the_same_way() -> None:
    answer = problems.problem(413, detail="Too large.", code="too_large")
    assert answer["Content-Type"] == "application/problem+json"
    requests = RequestFactory()
    for handler, status in (
        (problems.bad_request, 400),
        (problems.permission_denied, 403),
        (problems.not_found, 404),
        (problems.server_error, 500),
    ):
        assert handler(requests.get("/api/x")).status_code == status
        assert handler(requests.get("/api/x"))["Content-Type"] == "application/problem+json"


def test_pages_keep_their_own_errors(author: APIClient) -> None:
    answer = author.get("/no-such-page/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_a_rate_of_the_environment_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.rate("API_READ_RATE", "1200/min") == "1200/min"
    monkeypatch.setenv("API_READ_RATE", "60/Hour ")
    assert env.rate("API_READ_RATE", "1200/min") == "60/hour"


@pytest.mark.parametrize("value", ["", "many", "0/min", "60", "60/week", "-1/min"])
def test_a_rate_that_cannot_be_read_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_READ_RATE", value)
    with pytest.raises(ImproperlyConfigured, match="API_READ_RATE"):
        env.rate("API_READ_RATE", "1200/min")
