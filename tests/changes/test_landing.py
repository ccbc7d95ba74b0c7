"""How work lands, and what that tells: squashed, rebased, pushed with other things, merged by machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from changes.facts import ChangeFact, Identity
from changes.forges.github_facts import push_fact
from changes.models import Assistance, Change, ChangeIdentity, Decision, Repository
from changes.services.origin import say_origin
from tests.changes.test_recording import (
    ADA,
    CLAUDE,
    at,
    commit,
    merged,
    record,
    repository,
    sha,
)

pytestmark = pytest.mark.django_db
COPILOT = "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>"
REVIEWER = "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>"
CURSOR = "Co-authored-by: Cursor <cursoragent@cursor.com>"
AGENT = Identity("Claude", "noreply@anthropic.com")
DEPENDABOT = Identity("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")


def part(letter: str, before: str, author: Identity = ADA, **more: Any) -> ChangeFact:
    """One of the commits that a forge made anew, all at once."""
    return replace(commit(letter, f"Part {letter}", 2, author, **more), parent=sha(before))


def rebased() -> list[ChangeFact]:
    closing = merged(2.01, "7", "c", title="Pay exactly once", commits=3, additions=30, deletions=15)
    return [part("a", "0"), part("b", "a"), part("c", "b"), closing]


@pytest.mark.parametrize("order", ["0123", "3012", "3210", "1302", "2031"])
def test_a_rebased_request_is_one_change_when_all_its_commits_are_known(order: str) -> None:
    repo = repository()
    facts = rebased()
    for index in order:
        record(repo, facts[int(index)])
    one = Change.objects.current().get()
    assert (one.title, one.counted_lines, one.commits) == ("Pay exactly once", 45, 3)
    assert one.identities.filter(role__in=["merge", "landed"]).count() == 3


def test_a_rebased_request_keeps_what_was_said_and_its_old_addresses() -> None:
    repo = repository()
    (first,) = record(repo, part("a", "0"))
    say_origin(change_id=first.pk, origin="manual", by=None, prompted_by="queue", now=at(3))
    record(repo, *rebased()[1:])
    whole = Change.objects.current().get()
    first.refresh_from_db()
    assert (first.merged_into_id, whole.origin) == (whole.pk, "manual")
    assert Decision.objects.get().change_id == whole.pk
    record(repo, *rebased()[:3])  # read by a later import
    assert Change.objects.current().get() == whole


@pytest.mark.parametrize(
    ("second", "origin"), [(AGENT, "autonomous"), (ADA, "assisted")], ids=["all by an agent", "some"]
)
def test_a_rebased_request_is_an_agents_only_when_all_its_commits_are(second: Identity, origin: str) -> None:
    closing = merged(2.01, "7", "b", title="Pay", commits=2)
    record(repository(), part("a", "0", AGENT), part("b", "a", second), closing)
    assert Change.objects.current().get().origin == origin


@pytest.mark.parametrize(
    "before",
    [
        replace(commit("a", "Earlier, by itself", 1), parent=sha("0")),
        replace(commit("a", "Of another request (#6)", 2), parent=sha("0")),
    ],
    ids=["long before", "another request"],
)
def test_what_landed_before_a_squash_stays_apart_when_its_subject_names_no_number(before: ChangeFact) -> None:
    repo = repository()
    record(repo, before, part("c", "a"), merged(2.01, "7", "c", title="Pay", commits=2))
    assert Change.objects.current().count() == 2


def pushed(*commits: tuple[str, str], committer: str = "ada-example") -> tuple[ChangeFact, ...]:
    who = {"name": "Ada Example", "email": "ada@example.org", "username": "ada-example"}
    return push_fact(
        {
            "ref": "refs/heads/main", "before": sha("9"), "after": sha(commits[-1][0]),
            "repository": {"id": 7, "full_name": "acme/shop", "default_branch": "main"},
            "commits": [
                {"id": sha(letter), "message": message, "timestamp": at(2).isoformat(), "author": who,
                 "committer": who | {"username": committer}, "modified": ["app.py"]}
                for letter, message in commits
            ],
        }
    ).changes  # fmt: skip


MERGE = "Merge pull request #13 from ada-example/topic\n\nA library"


@pytest.mark.parametrize("is_read_first", [True, False])
def test_a_direct_commit_stays_its_own_when_it_is_pushed_before_a_merge(is_read_first: bool) -> None:
    repo = repository()
    both: list[Callable[[], object]] = [
        lambda: record(repo, *pushed(("d", f"Direct\n\n{CLAUDE}"), ("e", "Work"), ("f", MERGE))),
        lambda: record(repo, merged(2.1, "13", "f", title="A library", commits=1,
                                    shas=(("head", sha("e")), ("merge", sha("f"))))),
        lambda: record(repo, commit("d", f"Direct\n\n{CLAUDE}", 2)),
    ]  # fmt: skip
    for tell in both[::-1] if is_read_first else both:
        tell()
    found = {one.title: one.origin for one in Change.objects.current()}
    assert found == {"Direct": "assisted", "A library": "unknown"}


def test_a_merge_of_the_forge_takes_all_that_was_pushed_with_it() -> None:
    record(
        repository(), *pushed(("d", f"Work\n\n{CLAUDE}"), ("e", "More"), ("f", MERGE), committer="web-flow")
    )
    one = Change.objects.get()
    assert (one.origin, one.identities.filter(role="head").count()) == ("assisted", 2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_number_in_a_subject_gives_way_when_the_forge_says_another(order: tuple[int, int]) -> None:
    """The last commit of a rebased branch may name an issue."""
    repo = repository()
    facts = [commit("a", "Round totals (#55)", 2), merged(2.1, "14", "a", title="Totals")]
    for index in order:
        record(repo, facts[index])
    one = Change.objects.current().get()
    assert set(one.identities.filter(space="number").values_list("value", flat=True)) == {"14"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_request_keeps_its_number_when_other_commits_name_it(order: tuple[int, int, int]) -> None:
    repo = repository()
    facts = [
        commit("a", "First go (#55)", 1),
        commit("b", "Totals (#55)", 2),
        merged(2.1, "55", "b", title="T"),
    ]
    for index in order:
        record(repo, facts[index])
    assert Change.objects.current().count() == 2
    number = ChangeIdentity.objects.get(space="number")
    assert (number.role, number.change.title) == ("number", "T")


def made(repo: Repository, message: str, author: Identity = ADA, **more: Any) -> Change:
    (found,) = record(repo, commit("a", message, 2, author, **more))
    return found


SQUASHED = f"Pay once (#4)\n\n* one\n\n* two\n\n{COPILOT}\n{REVIEWER}\n{CLAUDE}\n{CURSOR}"


def test_a_squash_keeps_every_tool_it_collected_and_a_reviewer_only_reviewed() -> None:
    change = made(repository(), SQUASHED)
    tools = set(change.evidence.exclude(assistant=None).values_list("assistant__slug", flat=True))
    assert (change.origin, len(tools) >= 3) == ("assisted", True)
    kinds = Assistance.objects.filter(change=change, status="declared").values_list("kind__slug", flat=True)
    assert list(kinds) == ["review"]


def test_a_declaration_in_the_merge_commit_alone_is_found() -> None:
    message = "Merge pull request #5 from ada-example/topic\n\nPay once"
    message += "\n\nAI assistance: Claude Code wrote the tests."
    plain = made(repository(), message, is_merge=True)
    assert plain.evidence.filter(place="declaration").exists()


@pytest.mark.parametrize(
    ("author", "message", "origin", "automation"),
    [
        (DEPENDABOT, f"Bump x (#8)\n\n{COPILOT}", "assisted", True),
        (DEPENDABOT, "Bump x (#8)", "unknown", True),
        (ADA, "Pay\n\nReplit-Commit-Author: Assistant", "unknown", False),
        (ADA, "Pay\n\nAi-assisted: true", "unknown", False),
        (Identity("Claude Example", "claude@example.org"), "Pay", "unknown", False),
    ],
    ids=["bot with help", "bot alone", "message assistant", "written by a hook", "a person's name"],
)
def test_what_a_landed_commit_says_of_its_origin(
    author: Identity, message: str, origin: str, automation: bool
) -> None:
    change = made(repository(), message, author)
    assert (change.origin, change.automation) == (origin, automation)


def test_a_revert_by_an_agent_says_nothing_of_what_it_reverts() -> None:
    repo = repository()
    (pay,) = record(repo, commit("b", "Pay", 1))
    undoing = made(repo, f'Revert "Pay"\n\nThis reverts commit {sha("b")}.\n\n{CLAUDE}')
    pay.refresh_from_db()
    assert (undoing.origin, pay.origin, pay.evidence.count()) == ("assisted", "unknown", 0)
    assert pay.undone_by == undoing
