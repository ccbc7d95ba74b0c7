"""Test results on their way in: who they belong to, sent twice, compressed, understood or parked."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from changes.ci.junit import JUnit
from changes.models import Repository, TestCaseResult, TestRun
from intake import processing
from intake.models import Delivery, LedgerEntry, Refusal, Source
from intake.packing import inflated
from intake.sources import Letter, TooLarge, Unprocessable
from tests import make
from tests.changes.test_junit import OWN

pytestmark = pytest.mark.django_db
REPORT = (OWN / "pytest.xml").read_bytes()
SHA = "8c1f" * 10
SAID = {
    "repository": "https://git.example/shop/till.git",
    "default_branch": "trunk",
    "sha": SHA.upper(),
    "branch": "refs/heads/feature/a+b&c",
    "run": "77.1",
    "suite": "unit",
    "url": "https://ci.example/77",
}


@pytest.fixture
def source() -> Source:
    return make.source("junit")


def post(source: Source, body: bytes, said: dict[str, str] | None = None, **headers: str) -> HttpResponse:
    proof = {"Authorization": f"Bearer {make.SECRET}"}
    response: Any = Client().post(
        reverse("intake:receive", args=[source.slug]),
        body,
        content_type="application/xml",
        query_params=SAID if said is None else said,
        headers={**proof, **{name.replace("_", "-"): value for name, value in headers.items()}},
    )
    return response  # type: ignore[no-any-return]


def taken(source: Source, body: bytes, said: dict[str, str] | None = None, **headers: str) -> Delivery:
    assert post(source, body, said, **headers).status_code == 202
    return processing.process_one(delivery_id=source.deliveries.latest("id").pk)


def status(response: HttpResponse) -> str:
    return str(response.json()["status"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "said", [{"repository": "http://[::1"}, {"repository": "shop/till", "url": "http://["}]
)
def test_a_report_is_parked_at_once_when_an_address_beside_it_is_none(
    said: dict[str, str], source: Source
) -> None:
    delivery = taken(source, REPORT, said)
    assert (delivery.state, TestRun.objects.count()) == (Delivery.State.PARKED, 0)
    assert "Invalid IPv6 URL" in delivery.reason


def test_a_report_becomes_a_run_with_counts_and_the_cases_of_scenarios(source: Source) -> None:
    assert taken(source, REPORT).state == Delivery.State.DONE
    run = TestRun.objects.select_related("repository").get()
    assert (run.repository.name, run.repository.origin_address) == ("shop/till", "git.example/shop/till")
    assert run.repository.default_branch == "trunk"
    assert (run.key, run.sha, run.branch, run.suite) == ("77.1/unit", SHA, "feature/a+b&c", "unit")
    assert (run.passed, run.flaky, run.skipped, run.failed, run.suite_errors) == (2, 0, 2, 2, 0)
    assert run.url == "https://ci.example/77"
    assert run.ran_at == datetime(2026, 3, 2, 9, 15, 30, 250000, UTC)
    assert sorted(run.cases.values_list("scenario", "outcome")) == [
        ("TS-42", "passed"), ("TS-7", "failed"), ("TS-8", "skipped"),
    ]  # fmt: skip
    entry = LedgerEntry.objects.get(kind="test_run")
    assert (entry.object_id, entry.repository_id) == (run.pk, run.repository_id)


def test_errors_of_suites_are_rows_without_a_scenario(source: Source) -> None:
    taken(source, (OWN / "nested.xml").read_bytes())
    assert TestRun.objects.get().suite_errors == 2
    assert set(TestCaseResult.objects.values_list("scenario", "name")) == {("", "provider")}


def test_what_is_said_in_headers_counts_as_in_the_query(source: Source) -> None:
    headers = {f"X-Hindcast-{name.replace('_', '-')}": value for name, value in SAID.items()}
    taken(source, REPORT, {}, **headers)
    run = TestRun.objects.get()
    assert (run.key, run.branch, run.repository.default_branch) == ("77.1/unit", "feature/a+b&c", "trunk")


def test_the_mapping_of_the_source_says_what_the_sender_does_not() -> None:
    source = make.source("junit", mapping={"repository": "shop/till", "default_branch": "trunk"})
    taken(source, REPORT, {})
    assert TestRun.objects.get().repository.default_branch == "trunk"


def test_a_bare_name_finds_the_repository_that_a_forge_told_of(source: Source) -> None:
    known = make.repository(name="shop/till", host="github.com", forge_id="9")
    taken(source, REPORT, SAID | {"repository": "shop/till"})
    assert TestRun.objects.get().repository == known
    assert Repository.objects.count() == 1


def test_an_upload_is_one_when_it_is_sent_again_however_packed(source: Source) -> None:
    assert status(post(source, REPORT)) == "accepted"
    assert status(post(source, REPORT)) == "seen"
    for level in (1, 9):
        packed = gzip.compress(REPORT, level, mtime=level)
        assert status(post(source, packed, Content_Encoding="gzip")) == "seen"
    assert source.deliveries.count() == 1


def test_a_gzip_upload_is_read_and_kept_small(source: Source) -> None:
    packed = gzip.compress(REPORT[:700]) + gzip.compress(REPORT[700:])
    delivery = taken(source, packed, Content_Encoding="gzip")
    assert (delivery.state, bytes(delivery.body)) == (Delivery.State.DONE, packed)
    assert TestRun.objects.get().passed == 2
    letter = Letter(delivery.headers, bytes(delivery.body))
    assert JUnit().shown(letter) == REPORT.decode()


def test_another_body_under_the_same_names_is_kept_and_not_applied(source: Source) -> None:
    taken(source, REPORT)
    other = REPORT.replace(b'<skipped type="pytest.xfail" message="known" />', b"")
    assert status(post(source, other)) == "conflict"
    assert TestRun.objects.get().skipped == 2
    kept = source.deliveries.get(conflicting=True)
    processing.apply_conflicting(delivery_id=kept.pk, by=None)
    run = TestRun.objects.get()
    assert (run.skipped, run.passed) == (1, 3)
    assert run.cases.get(scenario="TS-8").outcome == "passed"


def test_files_of_one_run_are_uploads_of_their_own_when_they_are_named(source: Source) -> None:
    without = {name: value for name, value in SAID.items() if name != "suite"}
    taken(source, REPORT, SAID | {"file": "a.xml"})
    taken(source, REPORT, SAID | {"file": "b.xml"})
    taken(source, REPORT, without)
    taken(source, REPORT + b"<!-- b -->", without)
    assert {"77.1/unit/a.xml", "77.1/unit/b.xml"} < set(TestRun.objects.values_list("key", flat=True))
    assert TestRun.objects.count() == 4


def test_a_replay_gives_the_same_rows(source: Source) -> None:
    delivery = taken(source, REPORT)
    before = list(TestCaseResult.objects.values_list("run", "scenario", "name", "outcome"))
    Delivery.objects.update(state=Delivery.State.RECEIVED)
    processing.process_one(delivery_id=delivery.pk)
    assert list(TestCaseResult.objects.values_list("run", "scenario", "name", "outcome")) == before


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "Whose results"),
        (SAID | {"sha": "main"}, "sha"),
        (SAID | {"url": "javascript:alert(1)"}, "url"),
        (SAID | {"ran_at": "yesterday"}, "not a time"),
    ],
)
def test_a_report_is_parked_when_what_is_said_beside_it_is_wrong(
    source: Source, said: dict[str, str], reason: str
) -> None:
    delivery = taken(source, REPORT, said)
    assert delivery.state == Delivery.State.PARKED
    assert reason in delivery.reason
    assert not TestRun.objects.exists()


@pytest.mark.parametrize("body", [REPORT[:-30], b"<!DOCTYPE a []>" + REPORT[38:], b"junk"])
def test_a_report_is_parked_and_leaves_nothing_when_it_cannot_be_read(source: Source, body: bytes) -> None:
    delivery = taken(source, body)
    assert delivery.state == Delivery.State.PARKED
    assert delivery.reason
    assert not TestRun.objects.exists()
    assert not Repository.objects.exists()


@pytest.mark.parametrize("body", [gzip.compress(REPORT)[:-9], REPORT, gzip.compress(REPORT) + b"rest"])
def test_what_is_called_gzip_is_parked_when_it_is_broken(source: Source, body: bytes) -> None:
    delivery = taken(source, body, Content_Encoding="gzip")
    assert delivery.state == Delivery.State.PARKED
    assert "gzip" in delivery.reason
    assert "gzip" in JUnit().shown(Letter(delivery.headers, b"x"))


def test_an_upload_is_refused_when_it_inflates_too_far(source: Source, settings: Settings) -> None:
    bomb = gzip.compress(b"<testsuite>" + b" " * 5_000_000)
    refused = post(source, bomb, Content_Encoding="gzip")
    assert (refused.status_code, refused["Content-Type"]) == (413, "application/problem+json")
    settings.INTAKE_MAX_INFLATED_BYTES = len(REPORT) - 1
    assert post(source, gzip.compress(REPORT), Content_Encoding="gzip").status_code == 413
    assert not source.deliveries.exists()
    assert Refusal.objects.get(source=source, reason="too large").count == 2


def test_what_was_let_in_is_parked_when_less_is_allowed_by_now(source: Source, settings: Settings) -> None:
    post(source, gzip.compress(REPORT), Content_Encoding="gzip")
    settings.INTAKE_MAX_INFLATED_BYTES = len(REPORT) - 1
    delivery = processing.process_one(delivery_id=source.deliveries.get().pk)
    assert (delivery.state, "once inflated" in delivery.reason) == (Delivery.State.PARKED, True)


def test_nothing_is_inflated_when_the_sender_is_not_proved(source: Source) -> None:
    bomb = gzip.compress(b" " * 5_000_000)
    assert post(source, bomb, Content_Encoding="gzip", Authorization="Bearer wrong").status_code == 401


def test_a_stream_is_inflated_piece_by_piece() -> None:
    text = bytes(range(256)) * 4000
    assert b"".join(inflated(gzip.compress(text), len(text))) == text
    assert max(map(len, inflated(gzip.compress(text), len(text)))) <= 64 * 1024
    with pytest.raises(TooLarge):
        list(inflated(gzip.compress(text), len(text) - 1))
    with pytest.raises(Unprocessable):
        list(inflated(b"", 10))


def test_a_report_runs_no_later_than_it_came(source: Source) -> None:
    ahead = REPORT.replace(b"2026-03-02T10:15:30", b"2199-03-02T10:15:30")
    delivery = taken(source, ahead)
    assert TestRun.objects.get().ran_at == delivery.received_at


def test_the_page_of_a_source_shows_lines_for_the_usual_places() -> None:
    lines = JUnit().curl("https://hindcast.example/hooks/ci/")
    assert lines.count("https://hindcast.example/hooks/ci/?repository=") == 3
    for variable in ("$GITHUB_SHA", "$CI_COMMIT_SHA", "Content-Encoding: gzip"):
        assert variable in lines


def test_the_lines_in_the_docs_are_those_of_the_page() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "test-scenarios.md").read_text(encoding="utf-8")
    lines = re.findall(r"(gzip -c junit\.xml \| .*?)'?$", text, re.MULTILINE)
    shown = JUnit().curl("https://hindcast.example/hooks/my-ci/")
    assert len(lines) == 2
    for line in lines:
        assert line.replace("$SOURCE", "https://hindcast.example/hooks/my-ci/") in shown


def test_deliver_takes_a_file_with_what_it_is_about(source: Source, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_bytes(REPORT)
    said = StringIO()
    call_command(
        "deliver", source.slug, str(file), "--header", "X-Hindcast-Repository=shop/till", stdout=said
    )
    assert "done" in said.getvalue()
    assert TestRun.objects.get().repository.name == "shop/till"
