"""Texts that undo, repair or apply again, in the forms that forges and people write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from changes.facts import CommitFact, Identity
from changes.models import Change, ChangeIdentity, ChangeLink, Repository
from changes.services.recording import record_changes
from changes.wiring import landed_change, links

SOMEBODY = Identity("Ada Example", "ada@example.org")
A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("subject", "body", "names"),
    [
        ('Revert "Pay once"', f"This reverts commit {A}.", {A}),
        ('Revert "Pay once" (#7)', f"This reverts commits {A} and {B}.", {A, B}),
        ('fix: revert "Pay once"', "Reverts acme/shop#12", {"#12"}),
        ('Revert "Pay once"', "This reverts merge request !12", {"#12"}),
        ('Revert "Pay once (#12)" (#13)', "", {"#12"}),
        ("Revert PR #12", "", {"#12"}),
        (f'Revert commit {A[:9]} ("Pay once")', "", {A[:9]}),
        ("revert: feat(pay): pay once", "", {"subject: feat(pay): pay once"}),
        ('[3.2] Revert "Pay once"', "", {"subject: Pay once"}),
        ('Revert "Pay once and fo…', '…r all"', {"subject: Pay once and for all"}),
        ("Merge pull request #13 from acme/revert-12-pay", 'Revert "Pay once"', {"#12"}),
        ('Revert "Merge pull request #12 from a/b"', "", {"#12"}),
        ('Reland "Pay once"', "", {"subject: Pay once"}),
        ("[Reapply] Pay once", "", {"subject: Pay once"}),
        ("Pay twice (#12)", f"* wip\n\n* This reverts commit {A}.", set()),
        ("Add revert-safe payments", "", set()),
        ("Revert-safe payments", f"This reverts commit {A}.", set()),
        ("Revert to the old colours", "", set()),
        ("Merge pull request #13 from acme/revert-12-pay", "Pay better", set()),
    ],
)
def test_a_text_names_what_it_undoes_only_when_it_says_so(subject: str, body: str, names: set[str]) -> None:
    assert {one.names for one in links(subject, body)} == names


def test_several_fixes_trailers_name_several_changes() -> None:
    body = f'Fixes: {A[:12]} ("Pay once")\nFixes: {B[:12]} ("Pay twice")'
    assert {(one.kind, one.names) for one in links("Count payments", body)} == {
        ("fixes", A[:12]),
        ("fixes", B[:12]),
    }


class Shop:
    def __init__(self) -> None:
        self.repository = Repository.objects.create(name="acme/shop", merged_is_shipped=True)

    def land(self, letter: str, message: str, hour: int) -> Change:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        fact = landed_change(CommitFact(letter * 40, message, at, SOMEBODY, SOMEBODY), is_merge=False)
        record_changes(repository=self.repository, facts=[fact])
        return ChangeIdentity.objects.get(repository=self.repository, value=letter * 40).change


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


def test_the_change_that_still_stood_is_meant_when_one_title_landed_twice(shop: Shop) -> None:
    first = shop.land("a", "Pay once", 1)
    shop.land("b", 'Revert "Pay once"', 2)
    second = shop.land("c", "Pay once", 3)
    assert second.undone_at is None
    again = shop.land("d", 'Revert "Pay once"', 4)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.undone_by, second.undone_by) == (ChangeIdentity.objects.get(value="b" * 40).change, again)


def test_a_title_is_left_for_a_person_when_two_of_them_still_stand(shop: Shop) -> None:
    shop.land("a", "Pay once", 1)
    shop.land("b", "Pay once", 2)
    shop.land("c", 'Revert "Pay once"', 3)
    assert ChangeLink.objects.get().target is None
    assert not Change.objects.exclude(undone_at=None).exists()


def test_a_revert_told_before_what_it_undoes_is_resolved_when_that_comes(shop: Shop) -> None:
    shop.land("b", f'Revert "Pay once"\n\nThis reverts commit {"e" * 40}.', 2)
    assert shop.land("a", "Pay once", 1).undone_at is not None


def test_the_title_beside_an_unknown_commit_finds_the_change_that_a_fix_names(shop: Shop) -> None:
    cause = shop.land("a", "Pay once", 1)
    shop.land("b", f'Count payments\n\nFixes: {"e" * 12} ("Pay once")', 2)
    assert ChangeLink.objects.get().target == cause


def test_a_fix_is_left_for_a_person_when_commit_and_title_say_two_things(shop: Shop) -> None:
    shop.land("a", "Pay once", 1)
    shop.land("b", "Write mails", 2)
    shop.land("c", f'Count payments\n\nFixes: {A[:12]} ("Write mails")', 3)
    assert ChangeLink.objects.get().target is None


def test_a_relanded_change_stands_again(shop: Shop) -> None:
    first = shop.land("a", "Pay once", 1)
    shop.land("b", 'Revert "Pay once"', 2)
    shop.land("c", 'Reland "Pay once"', 3)
    first.refresh_from_db()
    assert first.undone_at is None
