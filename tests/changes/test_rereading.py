"""A changed rule reads history again: from the clone, from kept deliveries, or from the text that stands."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from changes.facts import ChangeFact, CommitFact, Identity
from changes.models import Change, DetectionRule, HistoryRun, OriginEvidence, Repository
from changes.services import policies, rereading
from changes.services.origin import say_origin
from changes.services.recording import record_changes
from changes.services.rereading import read_some
from changes.services.rulebook import save_rule
from changes.services.rules import current_rules
from changes.tasks import read_history_again
from intake.models import Delivery
from intake.processing import process_next
from intake.services import purge, store
from intake.sources import Letter, providers
from tests import make
from tests.changes.clones import Repo

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOT = "House Bot <bot@house.example>"


def rule(key: str = "house-bot", **over: Any) -> DetectionRule:
    values = {
        "place": "author", "pattern": r"(?i)<bot@house\.example>", "origin": "autonomous", "examples": [BOT],
    } | over  # fmt: skip
    return save_rule(rule=DetectionRule(key=key, **values), by=None)


def finish() -> HistoryRun:
    while read_some():
        pass
    run = HistoryRun.objects.filter(kind="rules").first()
    assert run is not None
    return run


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "shop")
    repo.commit("Begin")
    repo.commit("Let the bot do it", author=BOT)
    repo.commit("Take a hint\n\nCo-authored-by: House Bot <bot@house.example>")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("On a branch", author=BOT, path="other.py")
    repo.git("checkout", "-q", "main")
    repo.merge("topic", "Merge pull request #4 from ada/topic\n\nA topic")
    call_command("import_git", str(repo.path), verbosity=0)
    return repo


def origins() -> dict[str, str]:
    return dict(Change.objects.current().values_list("title", "origin"))


def test_a_new_rule_on_authors_finds_old_commits_in_the_clone(clone: Repo) -> None:
    assert set(origins().values()) == {"unknown"}
    assert "bot@house" not in "".join(Change.objects.values_list("message", flat=True))
    rule()
    assert set(origins().values()) == {"unknown"}  # nothing is read while somebody waits
    run = finish()
    assert origins() == {
        "Begin": "unknown", "Let the bot do it": "autonomous", "Take a hint": "unknown",
        "A topic": "autonomous",
    }  # fmt: skip
    assert (run.state, run.done, run.total, run.altered, run.unreadable) == ("done", 4, 4, 2, 0)
    assert set(Change.objects.values_list("rules_version", flat=True)) == {current_rules().version}


def test_a_new_rule_on_trailers_finds_what_was_not_stored(clone: Repo) -> None:
    rule(place="trailer", pattern=r"(?i)<bot@house\.example>", origin="assisted")
    finish()
    assert origins()["Take a hint"] == "assisted"


def test_evidence_of_the_older_version_is_replaced(clone: Repo) -> None:
    mine = rule()
    finish()
    mine.refresh_from_db()
    mine.pattern = r"(?i)<nobody@house\.example>"
    save_rule(rule=mine, by=None)
    run = finish()
    assert set(origins().values()) == {"unknown"}
    assert not OriginEvidence.objects.exists()
    assert run.altered == 2


def test_evidence_takes_the_new_meaning_when_only_that_changed(clone: Repo) -> None:
    mine = rule(origin="assisted")
    finish()
    shutil.rmtree(clone.path)
    mine.refresh_from_db()
    mine.strength = "weak"
    save_rule(rule=mine, by=None)
    run = finish()
    assert run.unreadable == 0
    assert origins()["Let the bot do it"] == "unknown"
    assert set(OriginEvidence.objects.values_list("rule_version", "strength")) == {(2, "weak")}


def test_evidence_goes_when_its_rule_is_switched_off(clone: Repo) -> None:
    mine = rule()
    finish()
    shutil.rmtree(clone.path)
    mine.refresh_from_db()
    mine.is_active = False
    save_rule(rule=mine, by=None)
    assert finish().unreadable == 0
    assert not OriginEvidence.objects.exists()
    assert set(origins().values()) == {"unknown"}


def test_a_persons_word_stands_when_a_rule_finds_something(clone: Repo) -> None:
    change = Change.objects.get(title="Let the bot do it")
    say_origin(change_id=change.pk, origin="manual", by=None, prompted_by="queue", now=NOW)
    rule()
    finish()
    change.refresh_from_db()
    assert (change.origin, change.origin_basis, change.evidence.count()) == ("manual", "person", 1)
    assert change.decisions.count() == 1


def test_changes_whose_text_is_gone_keep_their_verdict_and_are_counted(clone: Repo) -> None:
    mine = rule()
    finish()
    before = current_rules().version
    shutil.rmtree(clone.path)
    mine.refresh_from_db()
    mine.pattern = r"(?i)<nobody@house\.example>"
    save_rule(rule=mine, by=None)
    run = finish()
    assert (run.state, run.done, run.unreadable, run.altered) == ("done", 4, 4, 0)
    assert origins()["Let the bot do it"] == "autonomous"
    assert set(Change.objects.values_list("rules_version", flat=True)) == {before}


def test_what_was_missed_is_looked_through_everywhere_when_the_clone_is_back(
    clone: Repo, tmp_path: Path
) -> None:
    clone.path.rename(tmp_path / "away")
    rule()
    assert finish().unreadable == 4
    (tmp_path / "away").rename(clone.path)
    rule("by-label", place="label", pattern="^by-bot$", origin="assisted", examples=["by-bot"])
    assert finish().unreadable == 0
    assert origins()["Let the bot do it"] == "autonomous"


def test_stored_text_serves_when_the_rule_looks_at_words_only(clone: Repo) -> None:
    shutil.rmtree(clone.path)
    rule(place="subject", pattern="^Let the bot", origin="assisted", examples=["Let the bot"])
    run = finish()
    assert origins()["Let the bot do it"] == "assisted"
    assert run.unreadable == 1  # of a merge only the request's own words are stored


def test_labels_are_looked_at_again_wherever_the_change_came_from() -> None:
    repository = make.repository()
    fact = ChangeFact(told_at=NOW, number="7", title="One", labels=("by-bot",), state="open")
    record_changes(repository=repository, facts=[fact])
    rule(place="label", pattern="^by-bot$", origin="assisted", examples=["by-bot"])
    finish()
    assert origins() == {"One": "assisted"}


def deliver() -> Delivery:
    body = {
        "repository": {"name": "shop/till", "id": "1"},
        "change": {"id": "c1", "at": "2026-03-02T10:00:00Z", "title": "Fix it", "state": "open",
                   "message": "As said.\n\nCo-authored-by: House Bot <bot@house.example>"},
    }  # fmt: skip
    source = make.source("generic-change")
    letter = Letter({"content-type": "application/json"}, json.dumps(body).encode())
    store(source_id=source.pk, provider=providers()["generic-change"], letter=letter)
    assert process_next(now=timezone.now())
    return Delivery.objects.get()


def test_a_new_rule_reads_deliveries_that_are_still_kept() -> None:
    deliver()
    rule(place="trailer", pattern=r"<bot@house\.example>", origin="assisted")
    run = finish()
    assert origins() == {"Fix it": "assisted"}
    assert (run.unreadable, OriginEvidence.objects.get().delivery_id) == (0, Delivery.objects.get().pk)


def test_a_change_is_counted_when_its_delivery_is_purged() -> None:
    delivery = deliver()
    Delivery.objects.update(received_at=NOW.replace(year=2020), processed_at=NOW.replace(year=2020))
    purge(now=timezone.now())
    delivery.refresh_from_db()
    assert delivery.body_purged_at
    rule(place="trailer", pattern=r"<bot@house\.example>", origin="assisted")
    assert finish().unreadable == 1
    assert origins() == {"Fix it": "unknown"}


def test_a_run_goes_on_where_it_stopped(clone: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "BATCH", 1)
    rule()
    assert read_some()
    run = HistoryRun.objects.get(kind="rules")
    assert (run.state, run.done, run.total) == ("running", 1, 4)
    finish()
    run.refresh_from_db()
    assert (run.state, run.done) == ("done", 4)


def test_nothing_is_half_done_when_a_batch_breaks(clone: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    rule()
    with monkeypatch.context() as patch:
        patch.setattr(rereading, "reweigh", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read_some()
    run = HistoryRun.objects.get(kind="rules")
    assert (run.state, run.done) == ("failed", 0)
    assert "ZeroDivisionError" in run.error
    assert not OriginEvidence.objects.exists()


def test_a_newer_change_takes_over_the_running_one(clone: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "BATCH", 3)
    rule()
    assert read_some()
    rule("by-label", place="label", pattern="^by-bot$", origin="assisted", examples=["by-bot"])
    newer, older = HistoryRun.objects.filter(kind="rules")
    assert (older.state, newer.state) == ("superseded", "waiting")
    finish()
    # What the older one had not come to yet was not forgotten.
    assert origins()["A topic"] == "autonomous"


def test_words_for_people_read_nothing_again(clone: Repo) -> None:
    mine = rule()
    finish()
    mine.refresh_from_db()
    mine.proves = "That it was our bot."
    save_rule(rule=mine, by=None)
    assert not HistoryRun.objects.unfinished().exists()


def test_a_rule_of_an_empty_installation_starts_no_run() -> None:
    rule()
    assert not HistoryRun.objects.exists()


def test_the_tick_reads_history_again(clone: Repo) -> None:
    rule()
    read_history_again()
    assert origins()["Let the bot do it"] == "autonomous"


def test_a_policy_over_many_changes_is_weighed_in_the_background(
    clone: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.objects.get()
    monkeypatch.setattr(policies, "FEW", 3)
    versions = set(Change.objects.values_list("rules_version", flat=True))
    policy = policies.state_policy(repository=repository, since=date(2023, 1, 1), by=None, now=NOW)
    assert set(origins().values()) == {"unknown"}
    assert finish().altered == 4
    assert set(origins().values()) == {"manual"}
    policies.revoke_policy(policy=policy, by=None, now=NOW)
    finish()
    assert set(origins().values()) == {"unknown"}
    assert set(Change.objects.values_list("rules_version", flat=True)) == versions


def test_a_change_that_is_told_of_again_keeps_the_rules_it_was_read_under(clone: Repo) -> None:
    before = current_rules().version
    rule()
    change = Change.objects.get(title="Begin")
    sha = change.identities.get().value
    commit = CommitFact(sha, "Begin", NOW, Identity("Ada Example", "ada@example.org"))
    record_changes(
        repository=change.repository,
        facts=[ChangeFact(told_at=NOW, shas=(("landed", sha),), title="Begin", landed=commit)],
    )
    change.refresh_from_db()
    assert change.rules_version == before
