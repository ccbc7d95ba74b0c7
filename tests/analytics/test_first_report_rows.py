"""The first report of an imported repository: the same report, with what people said, on screen."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.first_report.build import build
from analytics.first_report.from_rows import read_repository
from analytics.first_report.shapes import Report
from changes.models import Blame, Change, FollowUp, Repository
from tests.analytics import histories as make
from tests.analytics.test_first_report import Repo, fill, told

pytestmark = pytest.mark.django_db


def report_of(repository: Repository) -> Report:
    return build(*read_repository(repository=repository, now=timezone.now()))


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("reader", password="x", role=Role.VIEWER))
    return client


def history(where: Repository) -> list[Change]:
    origins = ["assisted", "unknown"] * 15
    return [
        make.shipped(where, 60 + number, origin=origin, counted_lines=20, paths=["pay/a.py"])
        for number, origin in enumerate(origins)
    ] + [make.shipped(where, 1)]


def test_import_and_clone_give_the_same_shares(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "shop")
    fill(repo, marked=12, unmarked=20)
    call_command("import_git", str(repo.path), stdout=StringIO())
    ours, clones = report_of(Repository.objects.get()), told(repo)
    assert ours.overall == clones.overall
    assert ours.sizes == clones.sizes
    assert ours.months == clones.months
    assert ours.classes == clones.classes
    assert [tool.n for tool in ours.tools] == [tool.n for tool in clones.tools]


def test_undone_and_followed_changes_count_on_their_side() -> None:
    where = make.repository()
    changes = history(where)
    bad, worse, fix = changes[0], changes[1], changes[2]
    assert bad.merged_at
    Change.objects.filter(pk=bad.pk).update(undone_at=bad.merged_at + timedelta(days=2))
    Blame.objects.create(fix=fix, method_version=1, outcome=Blame.Outcome.READ, deleted_lines=5)
    assert worse.merged_at
    at = worse.merged_at + timedelta(days=3)
    FollowUp.objects.create(change=worse, fix=fix, at=at, lines=4, deleted_lines=5, method_version=1)
    undone, followed, either = report_of(where).comparisons
    assert (undone.marked.failed, undone.unmarked.failed) == (1, 0)
    assert (followed.marked.failed, followed.unmarked.failed) == (0, 1)
    assert (either.marked.failed, either.unmarked.failed) == (1, 1)
    assert either.marked.n == 15


def test_what_was_undone_before_it_shipped_is_said_apart_and_not_called_late() -> None:
    where = make.repository()
    one = history(where)[1]
    assert one.shipped_at
    merged, undone = one.shipped_at - timedelta(days=9), one.shipped_at - timedelta(days=8)
    Change.objects.filter(pk=one.pk).update(merged_at=merged, undone_at=undone)
    report = report_of(where)
    found = report.comparisons[0]
    assert (found.unmarked.failed, found.late, found.early) == (0, 0, 1)
    assert any("within 30 days of shipping" in words for words in report.outcome_words)
    assert any(words.startswith("1 change was undone before a deployment") for words in report.outcome_words)
    assert not any("after more than 30 days" in words for words in report.outcome_words)


def test_what_was_said_after_a_failure_is_in_no_rate() -> None:
    where = make.repository()
    changes = history(where)
    Change.objects.filter(pk=changes[1].pk).update(origin="assisted", origin_counted="unknown")
    report = report_of(where)
    assert report.overall.marked == 15
    assert any("only after a failure" in one for one in report.caveats)


def test_follow_ups_are_left_out_when_no_clone_is_at_hand() -> None:
    where = make.repository()
    history(where)
    report = report_of(where)
    assert [one.key for one in report.comparisons] == ["undone"]
    assert any("No clone is at hand" in one for one in report.outcome_words)


def test_failures_on_one_side_alone_give_no_ratio_and_no_equality() -> None:
    where = make.repository()
    changes = history(where)
    assert changes[0].merged_at
    Change.objects.filter(pk=changes[0].pk).update(undone_at=changes[0].merged_at + timedelta(days=2))
    report = report_of(where)
    assert "too few to tell the two apart. Not even a 10-fold difference" in report.summary[1]
    assert any(
        one.startswith("No ratio is given, since there are not enough failures")
        for one in report.outcome_words
    )


def test_kinds_that_people_said_are_told_as_theirs() -> None:
    where = make.repository()
    make.help_in(history(where)[0], make.kind("debugging"))
    report = report_of(where)
    assert report.kind_words.startswith("Said so far: debugging (1). Of 14 marked changes nobody has said it")
    assert len(report.candidates) == 10


def test_marking_policy_that_stands_is_named_with_what_it_covers() -> None:
    where = make.repository()
    changes = history(where)
    where.policies.create(since=(timezone.now() - timedelta(days=300)).date())
    Change.objects.filter(pk=changes[1].pk).update(
        origin="manual", origin_counted="manual", origin_by_policy=True
    )
    assert "1 change counts as manual on its word" in report_of(where).policy_words[0]


def test_page_shows_the_report_and_is_kept_until_something_is_told() -> None:
    where = make.repository()
    history(where)
    client, url = signed_in(), reverse("analytics:report", args=[where.pk])
    first = client.get(url)
    assert "At least 48\u202f% of 31 changes carry a mark" in first.content.decode()
    assert " style=" not in first.content.decode()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(url)
    assert not [one for one in asked if "changes_originevidence" in one["sql"]]
    make.shipped(where, 2, origin="assisted")
    assert "of 32 changes" in client.get(url).content.decode()


def test_figures_are_the_page_as_json() -> None:
    where = make.repository()
    history(where)
    found = signed_in().get(reverse("analytics:report_json", args=[where.pk])).json()
    assert (found["overall"]["n"], found["overall"]["marked"]) == (31, 15)
    assert "clone_path" not in str(found)


def test_demonstration_data_says_so() -> None:
    where = make.repository(is_demo=True)
    history(where)
    content = signed_in().get(reverse("analytics:report", args=[where.pk])).content.decode()
    assert "This is demonstration data. It is invented." in content


def test_repository_without_any_change_says_that_there_is_nothing() -> None:
    where = make.repository()
    content = signed_in().get(reverse("analytics:report", args=[where.pk])).content.decode()
    assert "Nothing landed" in content


def test_guide_ends_with_the_report_once_a_history_is_there() -> None:
    where = make.repository(imported_to="a" * 40)
    make.shipped(where, 400)
    content = signed_in().get(reverse("analytics:home")).content.decode()
    assert reverse("analytics:report", args=[where.pk]) in content
