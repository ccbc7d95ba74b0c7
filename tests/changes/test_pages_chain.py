"""A change's rework as a chain, and the questions that only a person can answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from changes.facts import ChangeFact
from changes.models import Change, ChangeLink, DetectionRule, FollowUp, OriginEvidence, Repository
from changes.queries.chains import chain_of, may_be_meant, questions_of
from changes.services.recording import record_changes
from intake.models import LedgerEntry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> Repository:
    return make.repository(merged_is_shipped=True)


def landed(repository: Repository, number: int, title: str, message: str = "") -> Change:
    at = timezone.now() - timedelta(days=60) + timedelta(days=number)
    fact = ChangeFact(
        told_at=at, number=str(number), state="merged", title=title, message=message, merged_at=at
    )
    return record_changes(repository=repository, facts=[fact])[0]


def sentences(change: Change) -> list[tuple[str, str, str]]:
    return [(step.change.title, step.verb, step.target.title) for step in chain_of(change)]


def test_chain_is_told_over_several_steps_from_any_of_its_changes(repository: Repository) -> None:
    first = landed(repository, 1, "Pay twice")
    revert = landed(repository, 2, 'Revert "Pay twice"', "Reverts #1")
    again = landed(repository, 3, 'Revert "Revert "Pay twice""', "Reverts #2")
    told = sentences(first)
    assert told == sentences(again)
    assert told == [(revert.title, "reverts", first.title), (again.title, "reverts", revert.title)]
    assert [step.has_no_effect for step in chain_of(first)] == [True, False]


def test_follow_up_stands_in_the_chain_as_an_estimate(repository: Repository) -> None:
    change, fix = landed(repository, 1, "Pay twice"), landed(repository, 2, "Fix paying")
    FollowUp.objects.create(
        change=change,
        fix=fix,
        at=fix.merged_at or timezone.now(),
        lines=9,
        deleted_lines=12,
        method_version=1,
    )
    (step,) = chain_of(change)
    assert step.is_estimate
    assert step.note == "of the 12 lines that it deleted, 9 came from there"


def ambiguous(repository: Repository) -> tuple[Change, Change, Change, ChangeLink]:
    one, other = landed(repository, 1, "Pay twice"), landed(repository, 2, "Pay twice")
    revert = landed(repository, 3, 'Revert "Pay twice"')
    link, _ = ChangeLink.objects.get_or_create(
        change=revert, kind="reverts", names="subject: Pay twice", defaults={"rule": "revert-subject"}
    )
    return one, other, revert, link


def test_ambiguous_revert_is_asked_about_and_the_answer_is_kept(
    client: Client, repository: Repository
) -> None:
    one, other, revert, link = ambiguous(repository)
    (question,) = questions_of(revert)
    assert question.candidates == [other, one]
    assert may_be_meant(one) == [link]
    author = make.user(Role.AUTHOR)
    client.force_login(author)
    shown = client.get(revert.get_absolute_url()).content.decode()
    assert "2 changes are called that: which one?" in shown
    client.post(reverse("changes:decide_link", args=[revert.pk, link.pk]), {"target": one.pk})
    link.refresh_from_db()
    one.refresh_from_db()
    assert (link.target, link.said_by) == (one, author)
    assert one.undone_by == revert
    assert LedgerEntry.objects.filter(actor_id=author.pk, verb="link said", object_id=one.pk).exists()
    landed(repository, 3, 'Revert "Pay twice"')
    link.refresh_from_db()
    assert link.target == one
    assert questions_of(revert) == []


def test_changing_the_answer_gives_the_first_one_back(client: Client, repository: Repository) -> None:
    one, other, revert, link = ambiguous(repository)
    client.force_login(make.user(Role.AUTHOR))
    answer = reverse("changes:decide_link", args=[revert.pk, link.pk])
    client.post(answer, {"target": one.pk})
    client.post(answer, {"target": other.pk})
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.undone_by, other.undone_by) == (None, revert)


def test_none_of_these_is_an_answer_that_no_import_undoes(client: Client, repository: Repository) -> None:
    one, _, revert, link = ambiguous(repository)
    client.force_login(make.user(Role.AUTHOR))
    client.post(reverse("changes:decide_link", args=[revert.pk, link.pk]), {"target": "none"})
    Change.objects.filter(pk=one.pk).update(title="Another name")
    landed(repository, 9, "Something else")
    landed(repository, 3, 'Revert "Pay twice"')
    link.refresh_from_db()
    assert link.target is None
    assert "none of the changes known here is meant" in client.get(revert.get_absolute_url()).content.decode()
    assert may_be_meant(one) == []


def test_number_names_the_change_and_an_unknown_one_keeps_nothing(
    client: Client, repository: Repository
) -> None:
    _, other, revert, link = ambiguous(repository)
    client.force_login(make.user(Role.AUTHOR))
    answer = reverse("changes:decide_link", args=[revert.pk, link.pk])
    told = client.post(answer, {"named": "#77"}, follow=True).content.decode()
    assert "No one change of this repository goes by" in told
    assert "cannot mean itself" in client.post(answer, {"named": "3"}, follow=True).content.decode()
    link.refresh_from_db()
    assert link.said_at is None
    client.post(answer, {"named": "#2"})
    link.refresh_from_db()
    assert link.target == other


def test_viewer_and_another_change_s_link_are_turned_away(client: Client, repository: Repository) -> None:
    one, _, revert, link = ambiguous(repository)
    client.force_login(make.user(Role.VIEWER))
    answer = reverse("changes:decide_link", args=[revert.pk, link.pk])
    assert client.post(answer, {"target": one.pk}).status_code == 403
    client.force_login(make.user(Role.AUTHOR))
    assert client.post(reverse("changes:decide_link", args=[one.pk, link.pk])).status_code == 404
    assert client.post(answer, {"target": "all"}).status_code == 400


def test_evidence_says_what_it_proves_and_that_its_rule_is_newer(client: Client) -> None:
    change = make.change(origin="assisted", origin_basis="evidence")
    rule = DetectionRule.objects.exclude(proves="").order_by("pk")[0]
    OriginEvidence.objects.create(
        change=change, rule_key=rule.key, rule_version=rule.version, place=rule.place, origin="assisted",
        strength="strong", excerpt="Co-authored-by: A tool",
    )  # fmt: skip
    client.force_login(make.user(Role.VIEWER))
    text = client.get(change.get_absolute_url()).content.decode()
    assert f"rule {rule.key}, version {rule.version}" in text
    assert "A rule has changed since" not in text
    DetectionRule.objects.filter(pk=rule.pk).update(version=rule.version + 1)
    assert "A rule has changed since" in client.get(change.get_absolute_url()).content.decode()


def test_paths_are_told_by_class_with_what_counts(client: Client) -> None:
    change = make.change(paths=["pay.py", "uv.lock"], additions=5, deletions=0, counted_lines=3)
    client.force_login(make.user(Role.VIEWER))
    text = client.get(change.get_absolute_url()).content.decode()
    assert "3 without generated and lock files" in text
    assert "not counted for the size" in text
