"""Readings of load: told by a pipeline, read out of a clone, the last word of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from changes.gitlog import Clone
from changes.manifests.reading import month_ends, standing
from changes.models import LoadReading, Repository
from changes.services.load import Reading, measure_clone, record_readings
from intake.models import LedgerEntry
from tests import make
from tests.changes.clones import Repo

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/load-readings/"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def author() -> APIClient:
    client = APIClient()
    client.force_authenticate(make.user())
    return client


def told(client: APIClient, **body: Any) -> Any:
    return client.post(ADDRESS, {"kind": "dependencies", "count": 41} | body, format="json")


def test_one_line_tells_a_reading_by_the_name_of_the_repository(author: APIClient) -> None:
    repository = make.repository(name="shop/web")
    answer = told(author, repository="shop/web")
    assert answer.status_code == 200, answer.content
    row = LoadReading.objects.get()
    assert (row.repository, row.count, row.service, row.source) == (repository, 41, None, "CI")
    assert answer.json()["repository_name"] == "shop/web"
    assert LedgerEntry.objects.filter(verb="load_told", object_id=repository.pk).exists()


@pytest.mark.parametrize("spelt", ["https://forge.example/shop/web.git", "forge.example/shop/web"])
def test_the_address_names_it_too(author: APIClient, spelt: str) -> None:
    repository = make.repository(name="elsewhere", origin_address="forge.example/shop/web")
    assert told(author, repository=spelt).status_code == 200
    assert LoadReading.objects.get().repository == repository


def test_the_last_word_of_a_day_stands_and_another_day_is_another_reading(author: APIClient) -> None:
    pk = make.repository().pk
    for count, on in ((41, "2026-03-01"), (43, "2026-03-01"), (44, "2026-03-02")):
        assert told(author, repository=pk, count=count, on=on).status_code == 200
    assert sorted(LoadReading.objects.values_list("count", flat=True)) == [43, 44]


def test_an_older_telling_that_comes_late_alters_nothing() -> None:
    repository = make.repository()
    for count, hours in ((5, 0), (4, -1), (6, 1)):
        reading = Reading("settings", date(2026, 3, 1), count)
        record_readings(repository=repository, readings=[reading], told_at=NOW + timedelta(hours=hours))
        if hours == -1:
            assert LoadReading.objects.get().count == 5
    assert LoadReading.objects.get().count == 6


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"repository": "nobody/knows"}, "repository"),
        ({"repository": "twice"}, "repository"),
        ({"kind": "lines"}, "kind"),
        ({"count": -1}, "count"),
        ({"service": "elsewhere"}, "service"),
        ({"on": "2026-02-30"}, "on"),
        ({"counts": 3}, "counts"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    author: APIClient, body: dict[str, Any], field: str
) -> None:
    pk = make.repository().pk
    for host in ("a.example", "b.example"):
        make.repository(name="twice", host=host)
    make.service("Elsewhere", repository=make.repository())
    answer = told(author, **({"repository": pk} | body))
    assert answer.status_code == 400
    assert f"#/{field}" in {fault["pointer"] for fault in answer.json()["errors"]}
    assert not LoadReading.objects.exists()


def test_ends_of_months_and_today() -> None:
    assert month_ends(date(2026, 3, 10), 3) == [
        date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 10),
    ]  # fmt: skip
    assert month_ends(date(2026, 3, 10), 0) == [date(2026, 3, 10)]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Commits of November 2023, by the clock of `clones`: one dependency, then two and a service's file."""
    made = Repo(tmp_path / "web")
    (made.path / "package.json").write_text('{"dependencies": {"a": "1"}}')
    made.commit("First")
    (made.path / "package.json").write_text('{"dependencies": {"a": "1", "b": "1"}}')
    (made.path / "till").mkdir()
    (made.path / "till" / "go.mod").write_text("module x\nrequire example.org/y v1\n")
    (made.path / "till" / "link").symlink_to("go.mod")
    made.hours += 24 * 40
    made.commit("Second")
    return made


def test_the_commit_of_a_day_is_the_newest_by_its_end(repo: Repo) -> None:
    clone = Clone(repo.path)
    head = clone.head()
    days = [date(2023, 11, 1), date(2023, 11, 30), date(2023, 12, 31)]
    found = standing(clone, head, days, UTC)
    assert [one.on for one in found] == days[1:]
    assert found[1].sha == head != found[0].sha


def test_a_clone_is_measured_at_the_ends_of_months_whole_and_by_service(repo: Repo) -> None:
    repository = make.repository()
    till = make.service("Till", repository=repository, path_globs=["till/**"])
    make.service("All of it", repository=repository)
    when = datetime(2024, 1, 15, tzinfo=UTC)
    for _ in range(2):
        measure_clone(clone=Clone(repo.path), repository=repository, months=3, now=when)
    rows: list[tuple[Any, ...]] = list(
        LoadReading.objects.order_by("service", "on").values_list("service", "on", "kind", "count")
    )
    whole = [(on, count) for service, on, kind, count in rows if service is None and kind == "dependencies"]
    assert whole == [(date(2023, 11, 30), 1), (date(2023, 12, 31), 3), (date(2024, 1, 15), 3)]
    part = [(on, count) for service, on, kind, count in rows if service == till.pk and kind == "dependencies"]
    assert part == [(date(2023, 12, 31), 1), (date(2024, 1, 15), 1)]
    assert not LoadReading.objects.filter(kind="settings").exists()


def test_the_command_says_what_it_counted_and_why_it_counted_nothing(repo: Repo) -> None:
    make.repository(name="shop/web")
    out, notes = StringIO(), StringIO()
    call_command("measure_load", str(repo.path), repository="shop/web", months=1, stdout=out, stderr=notes)
    assert "dependencies 3, further that come with them 0, settings not measured" in out.getvalue()
    assert "settings: no file of settings was found" in notes.getvalue()


def test_the_command_finds_the_repository_by_the_address_of_the_clone(repo: Repo) -> None:
    known = make.repository(name="shop/web", origin_address="forge.example/shop/web")
    repo.git("remote", "add", "origin", "git@forge.example:shop/web.git")
    call_command("measure_load", str(repo.path), months=0, stdout=StringIO(), stderr=StringIO())
    assert set(LoadReading.objects.values_list("repository", flat=True)) == {known.pk}
    assert Repository.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Which repository is this"),
        ({"months": 999}, "--months"),
        ({"repository": "x"}, "0 repositories"),
    ],
)
def test_the_command_refuses_what_is_not_clear(repo: Repo, options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("measure_load", str(repo.path), **options)


def test_the_command_refuses_what_is_no_repository(tmp_path: Path) -> None:
    make.repository(name="shop/web")
    for path, words in ((tmp_path / "none", "is not a folder"), (tmp_path, "git cannot read")):
        with pytest.raises(CommandError, match=words):
            call_command("measure_load", str(path), repository="shop/web")
