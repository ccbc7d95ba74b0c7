"""Hints over the API: any text, at most 64 kB, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Role, Scope

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/wording/"


def test_one_text_is_answered_with_its_hints(author: APIClient) -> None:
    answer = author.post(ADDRESS, {"text": "🙈 the AI broke it"})
    assert answer.status_code == 200
    assert answer.json() == {
        "hints": [
            {
                "slug": "ai-broke",
                "phrase": "the AI broke",
                "offset": 2,
                "reason": "A new scapegoat in the old place.",
                "offer": "Which kind of help was it, and which review or test let it through?",
                "rewrite": "a change made with the AI's help broke",
            }
        ]
    }


def test_many_texts_are_answered_in_their_order(author: APIClient) -> None:
    answer = author.post(ADDRESS, {"texts": ["human error", "", " bad deploy", "The job failed to start."]})
    assert [[hint["offset"] for hint in hints] for hints in answer.json()["results"]] == [[0], [], [1], []]


def test_white_space_around_a_text_counts(author: APIClient) -> None:
    assert author.post(ADDRESS, {"text": "\t\r\n human error "}).json()["hints"][0]["offset"] == 4


def test_reader_with_a_reading_token_may_ask(with_token: Any) -> None:
    client = with_token(Scope.READ, role=Role.VIEWER)
    answer = client.post(ADDRESS, {"text": "human error"})
    assert answer.status_code == 200
    assert [hint["phrase"] for hint in answer.json()["hints"]] == ["human error"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "Give either"),
        ({"text": "a", "texts": ["a"]}, "Give either"),
        ({"text": "é" * 33_000}, "longer than 64 kB"),
        ({"texts": ["x" * 40_000, "y" * 40_000]}, "longer than 64 kB"),
        ({"texts": "a"}, "list"),
        ({"text": "a", "more": 1}, "no such field"),
        ({"text": None}, "null"),
        ({"text": "a\0b"}, "Null"),
    ],
)
def test_bad_question_is_refused_with_the_reason(author: APIClient, body: Any, detail: str) -> None:
    answer = author.post(ADDRESS, body, format="json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert detail in answer.content.decode()


def test_text_of_64_kilobytes_is_read(author: APIClient) -> None:
    text = "x " * ((64 * 1024 - 11) // 2) + "human error"
    assert len(author.post(ADDRESS, {"text": text}).json()["hints"]) == 1


def test_text_that_is_no_utf8_is_refused(author: APIClient) -> None:
    answer = author.post(ADDRESS, b'{"text": "\xff"}', content_type="application/json")
    assert answer.status_code == 400
