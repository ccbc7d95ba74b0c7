"""Any order and any repetition of what is told gives the same rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changes.facts import (
    ChangeFact,
    CommitFact,
    DeploymentFact,
    DeploymentStep,
    FileFact,
    Identity,
    RepositoryFact,
)
from changes.models import AreaRule, Change, ChangeIdentity, Decision, Deployment, DomainArea, Repository
from changes.services.deployments import map_environment, record_deployments
from changes.services.origin import say_kind, say_origin, set_first_incident, withdraw_decision
from changes.services.policies import end_policy, revoke_policy, state_policy
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository, make_service
from changes.services.shipping import declare_merged_is_shipped
from changes.services.taxonomy import merge_terms, unmerge_term
from changes.wiring import landed_change
from intake.models import LedgerEntry, Setup

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = Identity("Ada Example", "ada@example.org", "adaexample")
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def repository(**more: Any) -> Repository:
    return find_or_make_repository(
        fact=RepositoryFact("acme/shop", "github.com", "7", "https://github.com/acme/shop.git", "main"),
        **more,
    )


def sha(letter: str) -> str:
    return letter * 40


def request(hours: float, number: str = "1", **more: Any) -> ChangeFact:
    fields: dict[str, Any] = {"state": "open", "title": "Pay twice", "opened_at": T0, "author": ADA, **more}
    return ChangeFact(told_at=at(hours), number=number, **fields)


def merged(hours: float, number: str = "1", merge: str = "a", **more: Any) -> ChangeFact:
    shas = more.pop("shas", (("head", sha("b")), ("merge", sha(merge))))
    return request(hours, number, state="merged", merged_at=at(hours), closed_at=at(hours), shas=shas, **more)


def commit(letter: str, message: str, hours: float, author: Identity = ADA, **more: Any) -> ChangeFact:
    files = more.pop("files", (FileFact("app/pay.py", 10, 5),))
    one = CommitFact(sha(letter), message, at(hours), author, author)
    return landed_change(one, is_merge=more.pop("is_merge", False), files=files, **more)


def record(repo: Repository, *facts: ChangeFact) -> list[Change]:
    return record_changes(repository=repo, facts=facts)


def picture(repo: Repository) -> list[object]:
    """All that is known of a repository's changes, without the ids that arrival gives out."""
    rows = []
    for change in Change.objects.current().filter(repository=repo):
        rows.append(
            (
                sorted(change.identities.values_list("space", "role", "value")),
                change.state,
                change.title,
                change.message,
                change.branch,
                sorted(change.labels),
                change.is_draft,
                change.additions,
                change.deletions,
                change.counted_lines,
                change.size_band,
                change.paths,
                change.first_commit_at,
                change.opened_at,
                change.ready_at,
                change.merged_at,
                change.closed_at,
                change.shipped_at,
                change.shipped_basis,
                change.origin,
                change.origin_basis,
                change.origin_counted,
                change.origin_said_at,
                change.automation,
                change.told_at,
                change.told,
                str(change.area),
                change.undone_at,
                str(change.undone_by),
                sorted(change.evidence.values_list("rule_key", "excerpt", "origin", "said_at")),
                sorted(change.links.values_list("kind", "names", "target__title")),
                sorted(change.services.values_list("slug", flat=True)),
                sorted(change.deployments.values_list("external_id", flat=True)),
            )
        )
    return sorted(rows, key=repr)


STORY: list[ChangeFact] = [
    request(0, shas=(("head", sha("c")),), branch="claude/pay", is_draft=True, labels=("ai-assisted",)),
    request(1, shas=(("head", sha("b")),), is_draft=False, additions=30, deletions=2, labels=()),
    ChangeFact(told_at=at(1.5), number="1", title="Pay once"),
    merged(2, additions=40, deletions=2, files_changed=3),
    commit("a", f"Pay once (#1)\n\n{CLAUDE}", 2),
    commit("d", "Tidy", 3, files=(FileFact("uv.lock", 900, 900), FileFact("app/x.py", 5, 1))),
    merged(
        4, "2", "e", title='Revert "Pay once"', message="Reverts acme/shop#1", shas=(("merge", sha("e")),)
    ),
    commit("e", f'Revert "Pay once" (#2)\n\nThis reverts commit {sha("a")}.', 4),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(range(len(STORY))), st.lists(st.integers(0, len(STORY) - 1), max_size=4), st.booleans()
)
def test_the_record_is_the_same_in_any_order_and_repetition(
    order: list[int], again: list[int], at_once: bool
) -> None:
    with transaction.atomic():
        repo = repository()
        record(repo, *STORY)
        expected = picture(repo)
        transaction.set_rollback(True)
    with transaction.atomic():
        repo = repository()
        facts = [STORY[index] for index in [*order, *again]]
        if at_once:
            record(repo, *facts)
        else:
            for fact in facts:
                record(repo, fact)
        assert picture(repo) == expected
        transaction.set_rollback(True)


def test_the_story_ends_as_it_should() -> None:
    repo = repository()
    record(repo, *STORY)
    paid = Change.objects.get(identities__value="1")
    assert (paid.title, paid.state, paid.is_draft) == ("Pay twice", "merged", False)
    assert (paid.origin, paid.origin_counted, paid.origin_basis) == ("assisted", "assisted", "evidence")
    assert paid.assistant is not None
    assert paid.assistant.slug == "claude-code"
    assert paid.undone_at == at(4)
    assert paid.undone_by is not None
    assert paid.labels == []
    tidy = Change.objects.get(identities__value=sha("d"))
    assert (tidy.counted_lines, tidy.size_band) == (6, "small")
    assert Change.objects.current().count() == 3
    assert LedgerEntry.objects.filter(kind="change", object_id=paid.pk).exists()
    assert Setup.objects.get().first_real_fact_at is not None


def test_a_merge_keeps_judgements_and_leaves_the_old_address() -> None:
    repo = repository()
    (direct,) = record(repo, commit("a", "Pay once", 2))
    (open_request,) = record(repo, request(1, shas=(("head", sha("b")),)))
    say_origin(change_id=direct.pk, origin="manual", by=None, prompted_by="queue", now=at(3))
    (survivor,) = record(repo, merged(2))
    assert survivor.pk == open_request.pk
    direct.refresh_from_db()
    assert direct.merged_into_id == survivor.pk
    assert survivor.origin == "manual"
    assert Decision.objects.get().change_id == survivor.pk


def test_two_with_different_numbers_are_never_merged_when_they_share_a_commit() -> None:
    pictures = []
    facts = [request(0, "5", shas=(("head", sha("b")),)), request(1, "6", shas=(("head", sha("b")),))]
    for order in (facts, facts[::-1]):
        with transaction.atomic():
            repo = repository()
            for fact in order:
                record(repo, fact)
            pictures.append(picture(repo))
            transaction.set_rollback(True)
    assert len(pictures[0]) == 2
    assert pictures[0] == pictures[1]


def test_a_number_in_a_subject_is_no_proof_when_another_landed_under_it() -> None:
    repo = repository()
    record(repo, commit("a", "Pay once (#12)", 1), commit("b", "Pay once, really (#12)", 2))
    assert Change.objects.current().count() == 2


def test_no_author_is_left_anywhere_in_the_row() -> None:
    repo = repository()
    who = "Ada Example <ada@example.org>"
    message = f"Fix\n\nThanks @adaexample, {who}\nSigned-off-by: {who}"
    (change,) = record(
        repo, commit("a", message, 1), request(0, "9", branch="adaexample/fix", message=message)
    )[:1]
    for row in Change.objects.all():
        text = " ".join(str(getattr(row, field.name)) for field in Change._meta.concrete_fields)
        assert "ada" not in text.lower()
    assert "<person>" in change.message


def test_a_revert_of_a_revert_cancels_the_undoing() -> None:
    repo = repository()
    record(repo, commit("a", "Pay", 1))
    record(repo, commit("b", f'Revert "Pay"\n\nThis reverts commit {sha("a")}.', 2))
    record(repo, commit("c", f'Reapply "Pay"\n\nThis reverts commit {sha("b")}.', 3))
    pay = Change.objects.get(identities__value=sha("a"))
    assert pay.undone_at is None
    assert Change.objects.get(identities__value=sha("b")).undone_at == at(3)


def test_an_undo_inside_a_squash_body_is_no_revert() -> None:
    repo = repository()
    record(repo, commit("a", "Pay", 1))
    record(repo, commit("b", f"Add refunds (#3)\n\n* wip\n\n* This reverts commit {sha('a')}.", 2))
    assert Change.objects.get(identities__value=sha("a")).undone_at is None


def test_size_is_unknown_when_nobody_told_it() -> None:
    (change,) = record(repository(), request(0))
    assert change.size_band == "unknown"


def test_the_area_that_counts_is_of_the_highest_risk_and_a_persons_word_stays() -> None:
    repo = repository()
    low = DomainArea.objects.create(slug="low-area", name="Low area", risk_level=1)
    high = DomainArea.objects.create(slug="high-area", name="High area", risk_level=3)
    AreaRule.objects.create(repository=repo, glob="app/**", area=low)
    AreaRule.objects.create(repository=repo, glob="pay/", area=high)
    files = (FileFact("app/a.py", 100, 0), FileFact("pay/b.py", 1, 0))
    (change,) = record(repo, commit("a", "Pay", 1, files=files))
    assert change.area == high
    assert set(change.areas_touched.all()) == {low, high}
    from changes.services.places import say_area

    say_area(change_id=change.pk, area=low, by=None)
    (change,) = record(repo, commit("a", "Pay", 1, files=files))
    assert change.area == low


def deployment(
    name: str, letter: str, hours: float, status: str = "succeeded", **more: Any
) -> DeploymentFact:
    step = DeploymentStep(f"{name}-{status}", status, at(hours), int(hours * 100))
    fields: dict[str, Any] = {"environment": "production", "sha": sha(letter), "steps": (step,), **more}
    return DeploymentFact(external_id=name, told_at=at(hours), requested_at=at(hours - 0.1), **fields)


SHIPPING: list[object] = [
    commit("a", "One", 1),
    commit("b", "Two", 2),
    commit("c", "Three", 3),
    deployment("first", "a", 4),
    deployment("second", "c", 5, "running"),
    deployment("second", "c", 6),
    deployment("failed", "c", 4.5, "failed"),
    deployment("preview", "c", 4.2, is_production=False, environment="Preview"),
    deployment("rollback", "a", 7),
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(SHIPPING))))
def test_deployments_hold_the_same_changes_in_any_order(order: list[int]) -> None:
    with transaction.atomic():
        repo = repository()
        for index in order:
            fact = SHIPPING[index]
            if isinstance(fact, DeploymentFact):
                record_deployments(repository=repo, facts=[fact])
            else:
                record(repo, fact)  # type: ignore[arg-type]
        shipped = {one.title: one.shipped_at for one in Change.objects.shipped()}
        assert shipped == {"One": at(4), "Two": at(6), "Three": at(6)}
        held = {one.external_id: one.changes.count() for one in repo.deployments.all()}
        assert held == {"first": 1, "second": 2, "failed": 0, "preview": 3, "rollback": 0}
        second = repo.deployments.get(external_id="second")
        assert (second.status, second.started_at, second.finished_at) == ("succeeded", at(5), at(6))
        assert not repo.deployments.filter(is_gap=True, status="succeeded").exists()
        transaction.set_rollback(True)


def test_an_unknown_commit_is_a_gap_until_it_lands() -> None:
    repo = repository()
    (one,) = record_deployments(repository=repo, facts=[deployment("first", "a", 4)])
    assert one.is_gap
    assert not one.changes.exists()
    record(repo, commit("a", "One", 1))
    filled = Deployment.objects.get()
    assert (filled.is_gap, filled.changes.count()) == (False, 1)


def test_a_service_holds_only_what_touches_its_paths() -> None:
    repo = repository(with_service=False)
    make_service(repository=repo, name="Pay", path_globs=["pay/**"])
    make_service(repository=repo, name="Web", path_globs=["web/**"])
    record(repo, commit("a", "One", 1, files=(FileFact("pay/a.py", 1, 1),)))
    record(repo, commit("b", "Two", 2, files=(FileFact("web/a.py", 1, 1),)))
    (one,) = record_deployments(repository=repo, facts=[deployment("first", "b", 4, service="pay")])
    assert [change.title for change in one.changes.all()] == ["One"]
    assert {change.title for change in Change.objects.shipped()} == {"One"}


def test_changes_follow_when_an_environment_is_mapped() -> None:
    repo = repository()
    record(repo, commit("a", "One", 1))
    (one,) = record_deployments(repository=repo, facts=[deployment("x", "a", 4, environment="eu-west")])
    assert not one.is_production
    assert not Change.objects.shipped().exists()
    map_environment(environment=one.environment, is_production=True, by=None)
    assert Change.objects.shipped().get().shipped_at == at(4)


def test_only_what_stood_before_the_failure_counts() -> None:
    from changes.models import AssistanceKind

    kind, _ = AssistanceKind.objects.get_or_create(slug="debugging", defaults={"name": "Debugging"})
    (change,) = record(repository(), commit("a", "One", 1))
    set_first_incident(change_id=change.pk, at=at(10))
    said = say_origin(change_id=change.pk, origin="assisted", by=None, prompted_by="postmortem", now=at(12))
    say_kind(change_id=change.pk, kind=kind, by=None, prompted_by="postmortem", now=at(12))
    change.refresh_from_db()
    assert (change.origin, change.origin_counted) == ("assisted", "unknown")
    assert change.assistances.get().counted is False
    withdraw_decision(decision_id=said.pk, by=None, now=at(13))
    say_origin(change_id=change.pk, origin="manual", by=None, prompted_by="queue", now=at(9))
    set_first_incident(change_id=change.pk, at=None)
    change.refresh_from_db()
    assert change.origin_counted == "manual"


def test_a_review_bots_kind_is_counted_and_a_dismissal_takes_it_back() -> None:
    message = "One\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"
    (change,) = record(repository(), commit("a", message, 1))
    row = change.assistances.get()
    assert (row.kind.slug, row.status, row.counted) == ("review", "declared", True)
    say_kind(change_id=change.pk, kind=row.kind, by=None, prompted_by="queue", now=at(5), verdict="dismissed")
    row.refresh_from_db()
    assert (row.status, row.counted) == ("dismissed", False)


def test_unmarked_is_manual_under_a_policy_and_counts_from_the_day_it_was_stated() -> None:
    repo = repository()
    early, late = record(repo, commit("a", "One", 1), commit("b", "Two", 72))
    policy = state_policy(repository=repo, since=date(2026, 3, 1), by=None, now=at(48))
    for change in (early, late):
        change.refresh_from_db()
    assert (early.origin, early.origin_counted, early.origin_by_policy) == ("manual", "unknown", True)
    assert late.origin_counted == "manual"
    with pytest.raises(ValueError, match="already in effect"):
        state_policy(repository=repo, since=date(2026, 4, 1), by=None, now=at(49))
    end_policy(policy=policy, on=date(2026, 3, 2), by=None)
    late.refresh_from_db()
    assert late.origin == "unknown"
    revoke_policy(policy=policy, by=None, now=at(99))
    early.refresh_from_db()
    assert early.origin == "unknown"


def test_terms_merge_one_step_deep_and_back() -> None:
    one, two, three = (DomainArea.objects.create(slug=f"m{i}", name=f"m{i}") for i in range(3))
    merge_terms(term=one, into=two, by=None, now=T0)
    merge_terms(term=two, into=three, by=None, now=T0)
    one.refresh_from_db()
    assert one.merged_into == three
    with pytest.raises(ValueError, match="choose that one"):
        merge_terms(term=three, into=one, by=None, now=T0)
    unmerge_term(term=one, by=None)
    one.refresh_from_db()
    assert one.merged_into is None


def test_a_repository_is_found_again_when_it_was_renamed_or_only_its_address_is_known() -> None:
    bare = find_or_make_repository(fact=RepositoryFact("shop", origin_address="git@github.com:Acme/Shop.git"))
    hooked = repository()
    assert hooked.pk == bare.pk
    renamed = find_or_make_repository(
        fact=RepositoryFact("acme/store", "github.com", "7", "https://github.com/acme/store.git")
    )
    assert (renamed.pk, renamed.name) == (bare.pk, "acme/store")
    assert "acme/shop" in renamed.past_names


def test_a_sender_may_declare_origin_and_kind() -> None:
    fact = replace(commit("a", "One", 1), declared_origin="manual")
    (change,) = record(repository(), fact)
    assert (change.origin, change.origin_basis) == ("manual", "declaration")
    assert ChangeIdentity.objects.count() == 1


def test_merged_changes_ship_and_unship_with_the_repositorys_declaration() -> None:
    repo = repository()
    record(repo, commit("a", "One", 1))
    assert declare_merged_is_shipped(repository=repo, is_so=True, by=None) == 1
    assert Change.objects.get().shipped_at == at(1)
    assert declare_merged_is_shipped(repository=repo, is_so=False, by=None) == 1
    assert Change.objects.get().state == "merged"
