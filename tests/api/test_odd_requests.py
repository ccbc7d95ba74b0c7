"""Bodies, times and filters that no polite client sends: a clear answer, and nothing altered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from changes.models import Change, Deployment
from incidents.models import Incident, TimelineEntry
from tests import make
from tests.api.test_problems import check

API = "/api/v1"
NOBODYS = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
OFFSETS = ["2026-01-01T00:00:00%2B23:59", "2026-01-01T00:00:00-20:35", "0001-01-01T00:00:00%2B14:00"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"title": "one", "title": "two"}', "'title' is given twice"),
        (b'{"title": 1e999}', "too large a number"),
        (b'{"title": NaN}', "no JSON value"),
        (b'{"title": "\xff"}', "can't decode byte"),
        (b'{"title": %s}' % (b"9" * 5000), "limit"),
    ],
)
def test_a_body_is_refused_when_json_leaves_open_what_it_says(
    body: bytes, words: str, author: APIClient
) -> None:
    answer = check(author.post(f"{API}/incidents/", data=body, content_type="application/json"), 400)
    assert words in answer["detail"]
    assert not Incident.objects.exists()


def test_a_field_that_is_not_known_is_refused_at_any_depth(author: APIClient) -> None:
    numbers = [{"label": "orders", "value": 1}, {"label": "orders", "value": 2, "units": "lost"}]
    answer = check(author.post(f"{API}/incidents/", {"title": "Down", "impact_numbers": numbers}), 400)
    assert [fault["pointer"] for fault in answer["errors"]] == ["#/impact_numbers/1/units"]
    assert not Incident.objects.exists()


def test_a_body_in_chunks_is_refused_and_never_taken_for_an_empty_one(author: APIClient) -> None:
    incident = make.incident()
    headers = {"Transfer-Encoding": "chunked", "If-Match": "*"}
    answer = author.patch(f"{API}/incidents/{incident.number}/", headers=headers)
    assert check(answer, 411)["code"] == "length_required"


def test_a_body_is_refused_when_it_is_larger_than_is_taken(author: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = author.post(f"{API}/incidents/", {"title": "Down", "summary": "x" * 2000})
    assert check(answer, 413)["code"] == "too_large"
    assert not Incident.objects.exists()


@pytest.mark.parametrize("at", NOBODYS)
def test_a_moment_that_nobody_can_mean_is_refused_and_alters_nothing(at: str, author: APIClient) -> None:
    incident, where = make.incident(), make.repository()
    told = {"repository": where.pk, "external_id": "7", "environment": "production"}
    for path, body in {
        "incidents/": {"title": "Down", "impact_started_at": at},
        "timeline/": {"incident": incident.number, "occurred_at": at, "text": "Noticed"},
        "changes/": {"repository": where.pk, "number": "7", "state": "merged", "merged_at": at},
        "deployments/": {**told, "steps": [{"status": "succeeded", "at": at}]},
    }.items():
        answer = check(author.post(f"{API}/{path}", body), 400)
        assert [fault["code"] for fault in answer["errors"]] == ["outside"], path
    patched = author.patch(f"{API}/incidents/{incident.number}/", {"resolved_at": at}, HTTP_IF_MATCH="*")
    check(patched, 400)
    assert [Incident.objects.count(), TimelineEntry.objects.count()] == [1, 0]
    assert [Change.objects.count(), Deployment.objects.count()] == [0, 0]


@pytest.mark.parametrize("at", OFFSETS)
@pytest.mark.parametrize(
    "filtered",
    [
        "incidents/?began_after",
        "incidents/?resolved_before",
        "changes/?shipped_after",
        "timeline/?occurred_before",
        "test-runs/?ran_after",
        "causes/?said_after",
        "postmortems/?published_before",
    ],
)
def test_a_filter_takes_any_offset_that_a_time_can_have(filtered: str, at: str, author: APIClient) -> None:
    expected = 400 if at.startswith("0001") else 200
    assert author.get(f"{API}/{filtered}={at}").status_code == expected


def test_incidents_of_a_span_go_on_behind_their_first_page(author: APIClient) -> None:
    for day in (1, 2, 3):
        make.incident(impact_started_at=datetime(2026, 3, day, tzinfo=UTC))
    address: str | None = f"{API}/incidents/?began_after=2026-03-02&began_before=2026-04-01&page_size=1"
    seen: list[Any] = []
    while address:
        page = author.get(address).json()
        seen += [row["impact_started_at"][:10] for row in page["results"]]
        address = page["next"]
    assert seen == ["2026-03-03", "2026-03-02"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59", "0001-01-01T00:00+14:00"])
def test_the_form_refuses_a_moment_that_nobody_can_mean(at: str, author: APIClient) -> None:
    answer = author.post(
        "/incidents/report/",
        {"title": "Down", "impact_started_at": at, "zone": "Pacific/Auckland"},
        format="multipart",
    )
    assert answer.status_code == 422
    assert b"no moment from 1970 to 2199" in answer.content
    assert not Incident.objects.exists()


@pytest.mark.parametrize("seen", ["{", "0001-01-01T00:00:00+14:00", "javascript:"])
def test_the_form_stands_when_what_the_writer_saw_cannot_be_read(seen: str, author: APIClient) -> None:
    known = datetime(2026, 3, 1, 10, tzinfo=UTC)
    incident = make.incident(title="Down", detected_at=known)
    told = {"title": "Down", "detected_at": "2026-03-02T10:00:00", "initial-detected_at": seen, "zone": "UTC"}
    answer = author.post(f"/incidents/{incident.number}/edit/", told, format="multipart")
    assert answer.status_code == 409
    incident.refresh_from_db()
    assert incident.detected_at == known
