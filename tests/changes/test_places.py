"""Path rules of a repository: taken from suggestions, applied in the background, never over a person."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import Role
from changes import tasks
from changes.facts import ChangeFact, FileFact
from changes.gitlog import Clone
from changes.models import (
    AreaRule,
    Assistance,
    Change,
    DomainArea,
    HistoryRun,
    PathClassRule,
    Repository,
    SizeBand,
)
from changes.services.importing import import_clone
from changes.services.places import TakenArea, say_area, take_areas, take_services
from changes.services.placing import ask_to_place, give_up, place_again, place_some
from changes.services.recording import record_changes
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> Repository:
    return make.repository(name="acme/shop")


def landed(repository: Repository, number: int, *files: FileFact, title: str = "Change") -> Change:
    at = timezone.now()
    fact = ChangeFact(
        told_at=at,
        number=str(number),
        state="merged",
        title=title,
        merged_at=at,
        files=files,
        additions=sum(one.added or 0 for one in files),
        deletions=sum(one.deleted or 0 for one in files),
    )
    return record_changes(repository=repository, facts=[fact])[0]


def run_all(repository: Repository) -> HistoryRun:
    run = ask_to_place(repository=repository, by=None)
    assert place_some(run_id=run.pk, now=timezone.now, may_go_on=lambda: True)
    run.refresh_from_db()
    return run


def test_rule_of_the_repository_counts_when_a_change_is_told(repository: Repository) -> None:
    PathClassRule.objects.create(repository=repository, glob="bundle/**", path_class="generated")
    change = landed(repository, 1, FileFact("pay.py", 10, 0), FileFact("bundle/all.js", 900, 900))
    assert (change.counted_lines, change.size_band) == (10, SizeBand.SMALL)


def test_size_follows_a_new_rule_without_a_clone_when_one_answer_is_right(repository: Repository) -> None:
    bundled = landed(repository, 1, FileFact("bundle/all.js", 900, 900))
    written = landed(repository, 2, FileFact("pay.py", 120, 0))
    assert bundled.size_band == SizeBand.LARGE
    PathClassRule.objects.create(repository=repository, glob="bundle/**", path_class="generated")
    run = run_all(repository)
    bundled.refresh_from_db()
    written.refresh_from_db()
    assert (bundled.counted_lines, bundled.size_band) == (0, SizeBand.SMALL)
    assert (written.counted_lines, written.size_band) == (120, SizeBand.MEDIUM)
    assert (run.state, run.done, run.altered, run.unreadable) == (HistoryRun.State.DONE, 2, 1, 0)


def test_size_stays_and_is_counted_when_lines_of_files_are_gone(repository: Repository) -> None:
    change = landed(repository, 1, FileFact("pay.py", 10, 0), FileFact("bundle/all.js", 900, 0))
    PathClassRule.objects.create(repository=repository, glob="bundle/**", path_class="generated")
    run = run_all(repository)
    change.refresh_from_db()
    assert (change.counted_lines, run.unreadable, run.altered) == (910, 1, 0)


def test_size_is_read_again_from_the_clone_when_only_a_part_counts(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "pay.py").write_text("a\n" * 10)
    (tmp_path / "bundle" / "all.js").write_text("b\n" * 400)
    git("add", ".")
    git("commit", "-q", "-m", "Pay")
    git("mv", "pay.py", "charge.py")
    git("commit", "-q", "-m", "Rename it")
    repository = import_clone(clone=Clone(tmp_path), progress=lambda read, total: None).repository
    Repository.objects.filter(pk=repository.pk).update(clone_path=str(tmp_path))
    PathClassRule.objects.create(repository=repository, glob="bundle/**", path_class="generated")
    run = run_all(repository)
    sizes = dict(Change.objects.filter(repository=repository).values_list("title", "counted_lines"))
    assert sizes == {"Pay": 10, "Rename it": 0}
    assert run.unreadable == 0


def test_suggested_kind_follows_a_new_rule(repository: Repository) -> None:
    change = landed(repository, 1, FileFact("handbook/pay.txt", 5, 0))
    Change.objects.filter(pk=change.pk).update(origin="assisted")
    fact = ChangeFact(told_at=timezone.now(), number="1", declared_origin="assisted")
    record_changes(repository=repository, facts=[fact])
    assert not Assistance.objects.exists()
    PathClassRule.objects.create(repository=repository, glob="handbook/**", path_class="docs")
    place_again(repository=repository)
    assert Assistance.objects.get().kind.slug == "documentation"
    assert Assistance.objects.get().status == Assistance.Status.SUGGESTED


def test_taken_areas_become_rules_with_the_deeper_folder_first(repository: Repository) -> None:
    curator = make.user(Role.CURATOR)
    checkout = make.area("checkout-flow", name="Checkout flow")
    taken = [
        TakenArea("Shop", ("shop/**",), DomainArea.Risk.LOW),
        TakenArea("checkout Flow", ("shop/checkout/**", "tests/checkout/**"), DomainArea.Risk.HIGH),
    ]
    take_areas(repository=repository, taken=taken, by=curator)
    assert list(AreaRule.objects.values_list("glob", "area__name")) == [
        ("shop/checkout/**", "Checkout flow"),
        ("tests/checkout/**", "Checkout flow"),
        ("shop/**", "Shop"),
    ]
    checkout.refresh_from_db()
    assert checkout.risk_level == DomainArea.Risk.MEDIUM, "an area that is there keeps its risk"
    assert take_areas(repository=repository, taken=taken, by=curator) == []
    touched = LedgerEntry.objects.filter(actor_id=curator.pk).values_list("verb", flat=True)
    assert sorted(touched) == ["area made", "path rules taken"]


def test_area_is_empty_until_a_rule_says_it_and_a_person_s_word_stays(repository: Repository) -> None:
    said = landed(repository, 1, FileFact("shop/pay.py", 5, 0))
    placed = landed(repository, 2, FileFact("shop/pay.py", 5, 0))
    other = landed(repository, 3, FileFact("web/x.ts", 5, 0))
    assert said.area is None
    identity = make.area("identity-of-people")
    say_area(change_id=said.pk, area=identity, by=None)
    take_areas(repository=repository, taken=[TakenArea("Shop", ("shop/**",))], by=None)
    run_all(repository)
    areas = dict(Change.objects.values_list("pk", "area__name"))
    assert areas == {said.pk: identity.name, placed.pk: "Shop", other.pk: None}


def test_taken_services_get_their_changes_and_are_made_once(repository: Repository) -> None:
    change = landed(repository, 1, FileFact("services/pay/a.go", 5, 0))
    made = take_services(repository=repository, taken=[("Pay", "services/pay/**")], by=None)
    assert take_services(repository=repository, taken=[("Pay", "services/pay/**")], by=None) == []
    run_all(repository)
    assert list(change.services.all()) == made


def test_newer_run_overtakes_the_one_before_and_the_tick_goes_on_with_it(repository: Repository) -> None:
    landed(repository, 1, FileFact("shop/pay.py", 5, 0))
    first = ask_to_place(repository=repository, by=None)
    second = ask_to_place(repository=repository, by=None)
    assert place_some(run_id=first.pk, now=timezone.now, may_go_on=lambda: True)
    tasks.place_waiting()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.done) == (HistoryRun.State.SUPERSEDED, 0)
    assert (second.state, second.done) == (HistoryRun.State.DONE, 1)


def test_run_goes_on_where_it_stopped(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changes.services.placing.PIECE", 1)
    for number in range(3):
        landed(repository, number, FileFact("shop/pay.py", 5, 0))
    run = ask_to_place(repository=repository, by=None)
    turns = iter([True, False, True, True, True, True])
    assert not place_some(run_id=run.pk, now=timezone.now, may_go_on=lambda: next(turns))
    run.refresh_from_db()
    assert (run.state, run.done) == (HistoryRun.State.RUNNING, 1)
    assert place_some(run_id=run.pk, now=timezone.now, may_go_on=lambda: next(turns))
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == (HistoryRun.State.DONE, 3, 3)


def test_run_that_failed_is_over_and_says_why(repository: Repository) -> None:
    run = ask_to_place(repository=repository, by=None)
    give_up(run_id=run.pk, error="ValueError('x')", now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.error) == (HistoryRun.State.FAILED, "ValueError('x')")
    assert place_some(run_id=run.pk, now=timezone.now, may_go_on=lambda: True)
