"""What sort of deployment one was: told, seen by where it went, or said by a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from changes.facts import DeploymentFact, DeploymentStep
from changes.models import Deployment
from changes.services.deployments import record_deployments
from changes.services.kinds import KindRefused, say_deployment_kind
from intake.models import LedgerEntry, Source
from tests import make
from tests.changes.test_github import body, deliver, own
from tests.changes.test_recording import at, commit, deployment, record, repository

pytestmark = pytest.mark.django_db
LANDED = [commit(letter, f"Commit {letter}", hours) for hours, letter in enumerate("abcd", start=1)]
ROLLED = [deployment(f"{place}{letter}", letter, 10 + place) for place, letter in enumerate("abcdb")]


def tell(repo: Any, *facts: Any) -> None:
    for fact in facts:
        if isinstance(fact, DeploymentFact):
            record_deployments(repository=repo, facts=[fact])
        else:
            record(repo, fact)


def kinds() -> list[tuple[str, str]]:
    return list(Deployment.objects.order_by("external_id").values_list("kind", "kind_basis"))


PLANNED = ("planned", "")
BACK = ("rollback", "older")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([*LANDED, *ROLLED, *ROLLED[3:]]))
def test_the_last_of_a_b_c_d_b_is_a_rollback_in_any_order(order: list[Any]) -> None:
    with transaction.atomic():
        tell(repository(), *order)
        assert kinds() == [PLANNED, PLANNED, PLANNED, PLANNED, BACK]
        transaction.set_rollback(True)


def test_going_forward_again_is_planned_when_it_reaches_the_furthest_point() -> None:
    tell(repository(), *LANDED, *ROLLED, deployment("5d", "d", 20), deployment("6d", "d", 21))
    assert kinds()[5:] == [PLANNED, PLANNED]


def test_an_unknown_commit_is_no_rollback_until_it_is_known() -> None:
    repo = repository()
    tell(repo, *LANDED[2:], *ROLLED)
    assert kinds()[-1] == PLANNED
    LedgerEntry.objects.all().delete()
    tell(repo, *LANDED[:2])
    assert kinds()[-1] == BACK
    last = Deployment.objects.get(external_id="4b")
    assert LedgerEntry.objects.filter(kind="deployment", object_id=last.pk).exists()


@pytest.mark.parametrize("status", ["failed", "cancelled", "running"])
def test_only_a_success_goes_back(status: str) -> None:
    tell(repository(), *LANDED, *ROLLED[:4], deployment("4b", "b", 14, status))
    assert kinds()[-1] == PLANNED


def test_a_success_that_turned_out_to_fail_went_nowhere() -> None:
    repo = repository()
    tell(repo, *LANDED, *ROLLED)
    later = DeploymentStep("4b-failed", "failed", at(14.5), 9999)
    tell(repo, DeploymentFact("4b", "production", at(14.5), steps=(later,)))
    assert kinds()[-1] == PLANNED


def test_another_environment_is_another_lane() -> None:
    tell(repository(), *LANDED, *ROLLED[:4], deployment("4b", "b", 14, environment="staging"))
    assert kinds()[-1] == PLANNED


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([0, 1, 2]))
def test_the_senders_latest_word_stands_before_what_is_seen(order: list[int]) -> None:
    told = [
        deployment("4b", "b", 14, kind="hotfix"),
        deployment("4b", "b", 15, "succeeded", kind="planned"),
        deployment("4b", "b", 16, "succeeded"),
    ]
    with transaction.atomic():
        tell(repository(), *LANDED, *ROLLED[:4], *(told[index] for index in order))
        assert kinds()[-1] == ("planned", "told")
        transaction.set_rollback(True)


@pytest.mark.parametrize(("task", "kind"), [
    ("deploy", PLANNED), ("deploy:rollback", ("rollback", "told")), ("Hotfix", ("hotfix", "told")),
])  # fmt: skip
def test_the_forges_task_tells_the_kind(task: str, kind: tuple[str, str]) -> None:
    source = Source.objects.create(slug="github", name="GitHub", kind="github")
    document = own("deployment_status__failure.json")
    document["deployment"]["task"] = task
    deliver(source, "deployment_status", body(document))
    assert kinds() == [kind]


def say(kind: str, reason: str = "The bank asked for it.") -> Deployment:
    one = Deployment.objects.get(external_id="4b")
    return say_deployment_kind(deployment_id=one.pk, kind=kind, reason=reason, by=make.user(), now=at(30))


def test_a_persons_word_stays_whatever_is_told_after() -> None:
    repo = repository()
    tell(repo, *LANDED, *ROLLED)
    say("planned")
    tell(repo, *ROLLED, deployment("4b", "b", 19, kind="hotfix"), commit("e", "Late", 0.5))
    assert kinds()[-1] == ("planned", "person")
    entry = AuditEntry.objects.get(verb="say_deployment_kind")
    assert entry.detail["reason"] == "The bank asked for it."
    assert entry.detail["before"] == {"kind": "rollback", "basis": "older"}


def test_a_word_taken_back_leaves_what_was_told_or_seen() -> None:
    repo = repository()
    tell(repo, *LANDED, *ROLLED)
    say("hotfix")
    assert say("", "A slip").kind_basis == "older"
    tell(repo, deployment("4b", "b", 19, kind="planned"))
    say("hotfix")
    assert (say("", "A slip").kind, kinds()[-1]) == ("planned", ("planned", "told"))


@pytest.mark.parametrize(("kind", "reason", "field"), [
    ("odd", "So", "kind"), ("planned", " ", "reason"), ("planned", "x" * 2001, "reason"),
])  # fmt: skip
def test_a_word_is_refused_and_changes_nothing(kind: str, reason: str, field: str) -> None:
    tell(repository(), *LANDED, *ROLLED)
    with pytest.raises(KindRefused) as refusal:
        say(kind, reason)
    assert refusal.value.field == field
    assert kinds()[-1] == BACK
