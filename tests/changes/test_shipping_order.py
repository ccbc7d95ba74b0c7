"""What counts as shipped where an import and deployments both tell, in any order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from changes.models import Change, Repository
from changes.services.deployments import record_deployments
from changes.services.shipping import declare_for_import, declare_merged_is_shipped
from tests.changes.test_recording import at, commit, deployment, record, repository

pytestmark = pytest.mark.django_db
Step = Callable[[Repository], object]


def landed(letter: str, title: str, hours: float) -> Step:
    return lambda repo: record(repo, commit(letter, title, hours))


def deployed(name: str, letter: str, hours: float) -> Step:
    return lambda repo: record_deployments(repository=repo, facts=[deployment(name, letter, hours)])


def imported(repo: Repository) -> None:
    repo.refresh_from_db()
    declare_for_import(repository=repo)


STEPS: list[Step] = [
    landed("a", "Long ago", 1),
    landed("b", "Before the first", 2),
    landed("c", "In the second", 5),
    landed("d", "Not deployed yet", 8),
    deployed("first", "b", 3),
    deployed("second", "c", 6),
    imported,
]


def shipped() -> dict[str, tuple[datetime | None, str]]:
    return {one.title: (one.shipped_at, one.shipped_basis) for one in Change.objects.current()}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(STEPS))))
def test_deployments_decide_from_their_first_on_whichever_is_told_first(order: list[int]) -> None:
    with transaction.atomic():
        repo = repository()
        for index in order:
            STEPS[index](repo)
        assert shipped() == {
            "Long ago": (at(1), "merge"),
            "Before the first": (at(2), "merge"),
            "In the second": (at(6), "deployment"),
            "Not deployed yet": (None, ""),
        }
        transaction.set_rollback(True)


@pytest.mark.parametrize("when", range(len(STEPS) + 1))
@pytest.mark.parametrize("is_so", [True, False])
def test_a_persons_word_on_shipping_stays_whatever_comes_after(
    is_so: bool, when: int, django_user_model: type[User]
) -> None:
    person = django_user_model.objects.create(username="grace")
    repo = repository()
    for step in STEPS[:when]:
        step(repo)
    declare_merged_is_shipped(repository=repo, is_so=is_so, by=person)
    for step in STEPS[when:]:
        step(repo)
    repo.refresh_from_db()
    assert (repo.merged_is_shipped, repo.shipping_said_by_person) == (is_so, True)
    found = shipped()
    assert found["In the second"] == (at(6), "deployment")
    assert found["Not deployed yet"] == ((at(8), "merge") if is_so else (None, ""))
    assert found["Long ago"] == ((at(1), "merge") if is_so else (at(3), "deployment"))
