"""Reviews, remarks and checks: GitHub's deliveries and anybody's JSON, in any order and any repetition."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changes.models import Change, CheckRun, Repository, Review, ReviewRemark, SeniorReviewer
from intake.models import LedgerEntry, Source
from intake.sources import Unprocessable
from tests.changes import test_generic as generic
from tests.changes.test_github import body, deliver, own

pytestmark = pytest.mark.django_db
NAMES = [
    "pull_request__opened", "pull_request__merged", "pull_request_review__approved",
    "pull_request_review_comment__created", "issue_comment__created",
    "workflow_run__requested", "workflow_run__in_progress", "workflow_run__completed",
    "workflow_run__second_attempt", "workflow_job__in_progress", "check_run__created", "check_run__completed",
]  # fmt: skip
any_order = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def source() -> Source:
    return Source.objects.create(slug="github", name="GitHub", kind="github")


def send(source: Source, name: str, alter: Callable[[dict[str, Any]], None] = lambda told: None) -> str:
    document = own(f"{name}.json")
    alter(document)
    return deliver(source, name.split("__")[0], body(document))


def time(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{text}+00:00")


def rows() -> list[Any]:
    """Everything told of reviews, remarks and checks, and what it made of the change."""
    reviews = Review.objects.order_by("external_id").values_list(
        "external_id", "state", "submitted_at", "commit_sha", "reviewer_in_change", "reviewer_on_day",
        "is_self", "is_bot", "is_senior", "comments", "told_at",
    )  # fmt: skip
    remarks = ReviewRemark.objects.order_by("kind", "external_id").values_list(
        "kind", "external_id", "at", "reviewer_in_change", "reviewer_on_day", "is_self", "is_bot",
        "is_meaningful", "deleted_at", "told_at",
    )  # fmt: skip
    checks = CheckRun.objects.order_by("kind", "external_id", "attempt").values_list(
        "kind", "external_id", "attempt", "name", "sha", "branch", "status", "conclusion", "queued_at",
        "started_at", "completed_at", "end_basis", "told_at", "url",
    )  # fmt: skip
    changes = Change.objects.current().values_list("state", "ready_at", "first_commit_at", "is_draft")
    plain = [*reviews, *remarks, *checks, *sorted(changes, key=str)]
    return [tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in plain]


def edited(document: dict[str, Any]) -> None:
    document["action"] = "edited"
    document["comment"] |= {"body": "+1", "updated_at": "2026-03-02T10:30:00Z"}


def deleted(document: dict[str, Any]) -> None:
    document["action"] = "deleted"


def dismissed(document: dict[str, Any]) -> None:
    document["action"] = "dismissed"
    document["review"] |= {"state": "dismissed", "updated_at": "2026-03-02T11:00:00Z"}


def with_words(document: dict[str, Any]) -> None:
    document["review"] |= {"body": "The voucher is split twice.", "updated_at": "2026-03-02T10:00:00Z"}


def emptied(document: dict[str, Any]) -> None:
    document["action"] = "edited"
    document["review"] |= {"body": "", "updated_at": "2026-03-02T10:40:00Z"}


def drafted(document: dict[str, Any]) -> None:
    document["action"] = "converted_to_draft"
    document["pull_request"] |= {"draft": True, "updated_at": "2026-03-02T09:10:00Z"}


def readied(document: dict[str, Any]) -> None:
    document["action"] = "ready_for_review"
    document["pull_request"] |= {"draft": False, "updated_at": "2026-03-02T09:20:00Z"}


def letters(source: Source) -> list[Callable[[], str]]:
    return [
        *(partial(send, source, name) for name in NAMES),
        partial(send, source, "pull_request_review_comment__created", edited),
        partial(send, source, "issue_comment__created", deleted),
        partial(send, source, "pull_request_review__approved", dismissed),
        partial(send, source, "pull_request_review__approved", with_words),
        partial(send, source, "pull_request_review__approved", emptied),
        partial(send, source, "pull_request__opened", drafted),
        partial(send, source, "pull_request__opened", readied),
    ]


@any_order
@given(st.data())
def test_any_order_and_repetition_gives_equal_rows(data: st.DataObject) -> None:
    source, _ = Source.objects.get_or_create(slug="github", defaults={"name": "GitHub", "kind": "github"})
    # The key of the day is drawn at random: all tries share one.
    send(source, "pull_request_review__approved")
    Repository.objects.update(name="before")
    Change.objects.all().delete()
    told = letters(source)
    seen = []
    more = data.draw(st.lists(st.sampled_from(told), max_size=8))
    for order in (told, data.draw(st.permutations(told + more))):
        with transaction.atomic():
            for letter in order:
                letter()
            seen.append(rows())
            transaction.set_rollback(True)
    assert seen[0] == seen[1]


def test_what_was_told_of_a_request_stands_when_all_came(source: Source) -> None:
    for letter in letters(source):
        letter()
    one = Change.objects.current().get()
    assert one.ready_at == time("09:20")
    review = Review.objects.get()
    assert (review.state, review.submitted_at, review.commit_sha) == ("dismissed", time("10:00"), "b" * 40)
    inline, talk, words = ReviewRemark.objects.order_by("external_id")
    assert (inline.kind, inline.is_meaningful, inline.told_at) == ("inline", False, time("10:30"))
    assert (talk.kind, talk.is_meaningful, talk.deleted_at) == ("thread", True, time("10:05"))
    assert (words.external_id, words.is_meaningful, words.told_at) == ("review-900", False, time("10:40"))
    assert {bytes(row.reviewer_in_change) for row in (review, inline, talk, words)} == {
        bytes(review.reviewer_in_change)
    }
    first, second = CheckRun.objects.filter(kind="workflow").order_by("attempt")
    assert (first.conclusion, first.queued_at, first.started_at, first.completed_at) == (
        "failure", time("09:01"), time("09:03:10"), time("09:12"),
    )  # fmt: skip
    assert (second.conclusion, second.queued_at, second.completed_at) == (
        "success", time("09:20"), time("09:29"),
    )  # fmt: skip
    scan = CheckRun.objects.get(kind="check")
    assert (scan.status, scan.conclusion, scan.queued_at, scan.started_at, scan.completed_at) == (
        "completed", "neutral", time("09:01:05"), time("09:02"), time("09:02:40"),
    )  # fmt: skip
    assert {row.end_basis for row in (first, second, scan)} == {"told"}


@pytest.mark.parametrize(
    ("alter", "is_self", "is_bot"),
    [
        (lambda told: told["comment"].update(user=told["pull_request"]["user"]), True, False),
        (lambda told: told["comment"]["user"].update(type="Bot"), False, True),
        (lambda told: told["comment"]["user"].update(login="dependabot[bot]", id=49699333), False, True),
        (lambda told: told["comment"]["user"].update(login="Copilot", id=175728472), False, True),
        (lambda told: None, False, False),
    ],
)
def test_only_what_another_person_wrote_is_meaningful(
    source: Source, alter: Callable[[dict[str, Any]], None], is_self: bool, is_bot: bool
) -> None:
    send(source, "pull_request_review_comment__created", alter)
    remark = ReviewRemark.objects.get()
    assert (remark.is_self, remark.is_bot) == (is_self, is_bot)
    assert remark.is_meaningful is not (is_self or is_bot)


@pytest.mark.parametrize(("closed", "merged", "state"), [
    (None, {"merged_at": None}, "open"),
    ("2026-03-02T11:00:00Z", {"merged_at": "2026-03-02T11:00:00Z"}, "merged"),
    ("2026-03-02T11:00:00Z", {"merged_at": None}, "dropped"),
    ("2026-03-02T11:00:00Z", {}, "open"),
])  # fmt: skip
def test_a_conversation_tells_how_its_request_ended(
    source: Source, closed: str | None, merged: dict[str, Any], state: str
) -> None:
    def alter(told: dict[str, Any]) -> None:
        told["issue"] |= {"closed_at": closed, "state": "closed" if closed else "open"}
        told["issue"]["pull_request"] = {"url": "", **merged}

    send(source, "issue_comment__created", alter)
    one = Change.objects.get()
    assert (one.state, one.opened_at, bool(one.merged_at)) == (state, time("09:00"), state == "merged")


def test_no_word_of_a_remark_is_kept(source: Source) -> None:
    send(source, "pull_request_review_comment__created")
    send(source, "issue_comment__created")
    send(source, "pull_request_review__approved", with_words)
    assert (ReviewRemark.objects.count(), Review.objects.count(), Change.objects.count()) == (3, 1, 1)
    for row in [*ReviewRemark.objects.all(), *Review.objects.all(), *Change.objects.all()]:
        text = " ".join(str(getattr(row, field.name)) for field in row._meta.concrete_fields)
        for word in ("voucher", "already paid", "ada-example"):
            assert word not in text


@pytest.mark.parametrize(
    ("name", "alter"),
    [
        ("issue_comment__on_an_issue", lambda told: None),
        ("issue_comment__created", lambda told: told.update(action="pinned")),
        ("issue_comment__created", lambda told: told["comment"].update(user=None)),
        (
            "check_run__created",
            lambda told: told["check_run"].update(
                details_url="https://github.com/acme/till/actions/runs/7001/job/1"
            ),
        ),
        ("check_suite", None),
        ("status", None),
        ("pull_request_review_thread", None),
    ],
)
def test_what_tells_nothing_new_is_ignored_with_a_reason(
    source: Source, name: str, alter: Callable[[dict[str, Any]], None] | None
) -> None:
    if alter is None:
        assert deliver(source, name, body({"action": "completed"})) == "ignored"
    else:
        assert send(source, name, alter) == "ignored"
    assert not Repository.objects.exists()


@pytest.mark.parametrize(
    ("name", "part"),
    [("workflow_run__completed", "workflow_run"), ("check_run__created", "check_run"),
     ("issue_comment__created", "comment"), ("pull_request_review_comment__created", "pull_request"),
     ("workflow_job__in_progress", "workflow_job")],
)  # fmt: skip
def test_a_letter_is_parked_when_its_part_is_missing(source: Source, name: str, part: str) -> None:
    with pytest.raises(Unprocessable, match=part):
        send(source, name, lambda told: told.pop(part))
    assert not CheckRun.objects.exists()
    assert not ReviewRemark.objects.exists()


# Seniors


@pytest.mark.parametrize(("account", "where", "is_senior"), [
    ("ada-example", None, True), ("Ada-Example", "acme/till", True), ("ada-example", "acme/other", False),
    ("grace-example", None, False),
])  # fmt: skip
def test_a_senior_is_known_by_the_list_when_the_review_comes(
    source: Source, account: str, where: str | None, is_senior: bool
) -> None:
    send(source, "pull_request__opened")
    place = Repository.objects.get_or_create(name=where)[0] if where else None
    SeniorReviewer.objects.create(account=account, repository=place)
    send(source, "pull_request_review__approved")
    assert Review.objects.get().is_senior is is_senior


def test_a_review_keeps_what_it_was_when_the_list_changes(source: Source) -> None:
    listed = SeniorReviewer.objects.create(account="ada-example")
    send(source, "pull_request_review__approved")
    listed.delete()
    send(source, "pull_request_review__approved", dismissed)
    assert Review.objects.get().is_senior


# Checks


def checked_changes() -> set[int | None]:
    return set(LedgerEntry.objects.filter(kind="change", verb="checked").values_list("object_id", flat=True))


def test_a_check_touches_the_changes_of_its_commit(source: Source) -> None:
    send(source, "pull_request__opened")
    send(source, "workflow_run__requested")
    assert checked_changes() == {Change.objects.get().pk}


def test_a_check_of_an_unknown_commit_is_found_when_the_change_comes(source: Source) -> None:
    send(source, "workflow_run__in_progress")
    assert checked_changes() == set()
    send(source, "pull_request__opened")
    one = Change.objects.get()
    assert CheckRun.objects.all().of_change(one).get().status == "running"
    assert LedgerEntry.objects.filter(kind="change", object_id=one.pk).exists()


def test_a_check_that_nobody_ends_is_over_when_its_change_is_merged(source: Source) -> None:
    send(source, "pull_request__opened")
    send(source, "check_run__created")
    assert CheckRun.objects.get().status == "queued"
    send(source, "pull_request__merged")
    check, merged = CheckRun.objects.get(), Change.objects.current().get()
    assert (check.status, check.end_basis, check.completed_at) == ("completed", "closed", merged.merged_at)
    assert check.conclusion == ""
    send(source, "check_run__completed")
    check.refresh_from_db()
    assert (check.end_basis, check.conclusion, check.completed_at) == ("told", "neutral", time("09:02:40"))


def test_a_check_goes_on_when_its_change_is_opened_again(source: Source) -> None:
    def dropped(told: dict[str, Any]) -> None:
        told["pull_request"] |= {
            "state": "closed",
            "closed_at": "2026-03-02T09:30:00Z",
            "updated_at": "2026-03-02T09:30:00Z",
        }

    def reopened(told: dict[str, Any]) -> None:
        told["pull_request"] |= {"state": "open", "updated_at": "2026-03-02T09:40:00Z"}

    send(source, "pull_request__opened")
    send(source, "workflow_run__in_progress")
    send(source, "pull_request__opened", dropped)
    assert CheckRun.objects.get().end_basis == "closed"
    send(source, "pull_request__opened", reopened)
    again = CheckRun.objects.get()
    assert (again.status, again.end_basis, again.completed_at) == ("running", "", None)


def test_an_attempt_that_nobody_ends_is_over_when_the_next_begins(source: Source) -> None:
    send(source, "pull_request__opened")
    send(source, "workflow_run__in_progress")
    send(source, "workflow_run__second_attempt")
    first = CheckRun.objects.get(attempt=1)
    assert (first.end_basis, first.completed_at) == ("superseded", time("09:20"))
    assert not CheckRun.objects.all().pending().exists()


@pytest.mark.parametrize(("sha", "end"), [("b" * 40, "superseded"), ("c" * 40, "")])
def test_a_check_is_over_with_a_later_one_of_its_name_on_the_same_commit(
    source: Source, sha: str, end: str
) -> None:
    def later(told: dict[str, Any]) -> None:
        told["check_run"] |= {"id": 9002, "head_sha": sha, "started_at": "2026-03-02T09:05:00Z"}

    send(source, "pull_request__opened")
    send(source, "check_run__created")
    send(source, "check_run__created", later)
    assert CheckRun.objects.get(external_id="9001").end_basis == end


def test_a_check_of_no_change_is_over_with_the_next_on_its_branch(source: Source) -> None:
    def later(told: dict[str, Any]) -> None:
        told["check_run"] |= {"id": 9002, "head_sha": "c" * 40, "started_at": "2026-03-02T09:05:00Z"}

    send(source, "check_run__created", later)
    send(source, "check_run__created")
    assert [one.end_basis for one in CheckRun.objects.order_by("external_id")] == ["superseded", ""]


@pytest.mark.parametrize(
    "conclusion", ["skipped", "neutral", "cancelled", "timed_out", "stale", "action_required"]
)
def test_a_conclusion_is_kept_in_the_forges_word(source: Source, conclusion: str) -> None:
    send(source, "workflow_run__completed", lambda told: told["workflow_run"].update(conclusion=conclusion))
    assert (CheckRun.objects.get().conclusion, CheckRun.objects.get().status) == (conclusion, "completed")


@pytest.mark.parametrize("status", ["queued", "requested", "waiting", "pending"])
def test_a_check_waits_until_it_runs(source: Source, status: str) -> None:
    send(source, "workflow_run__requested", lambda told: told["workflow_run"].update(status=status))
    assert CheckRun.objects.get().status == "queued"


# Anybody's JSON

REVIEW: dict[str, Any] = {
    "number": 41, "id": "r1", "state": "changes_requested", "account": "ada", "at": "2026-03-02T10:00:00Z",
    "sha": "B" * 40, "text": "The total is wrong for vouchers.", "comments": 2,
}  # fmt: skip
REMARK: dict[str, Any] = {
    "number": 41, "id": "c1", "kind": "inline", "account": "ada", "at": "2026-03-02T09:50:00Z",
    "text": "Why twice?",
}  # fmt: skip
CHECK: dict[str, Any] = {
    "id": 77, "name": "unit", "sha": "B" * 40, "status": "queued", "at": "2026-03-02T09:00:00Z",
}  # fmt: skip


@pytest.fixture
def anybody() -> Source:
    return Source.objects.create(slug="ci", name="CI", kind="generic-change")


def told(source: Source, **parts: Any) -> None:
    with transaction.atomic():
        generic.deliver(source, **parts)


def test_any_forge_tells_reviews_remarks_and_checks(anybody: Source) -> None:
    told(anybody, review=REVIEW)
    told(anybody, remark=REMARK)
    told(anybody, check=CHECK)
    told(anybody, check=CHECK | {"status": "running", "at": "2026-03-02T09:02:00Z"})
    told(
        anybody, check=CHECK | {"status": "completed", "conclusion": "success", "at": "2026-03-02T09:09:00Z"}
    )
    told(anybody, remark=REMARK | {"deleted": True, "at": "2026-03-02T11:00:00Z", "text": None})
    review = Review.objects.get()
    assert (review.state, review.commit_sha, review.comments) == ("changes_requested", "b" * 40, 2)
    inline, words = ReviewRemark.objects.order_by("external_id")
    assert (inline.is_meaningful, inline.deleted_at) == (True, time("11:00"))
    assert words.is_meaningful
    assert bytes(inline.reviewer_in_change) == bytes(review.reviewer_in_change)
    check = CheckRun.objects.get()
    assert (check.status, check.conclusion, check.queued_at, check.started_at, check.completed_at) == (
        "completed", "success", time("09:00"), time("09:02"), time("09:09"),
    )  # fmt: skip
    one = Change.objects.get()
    assert (one.state, one.opened_at, one.identities.get().value) == ("open", None, "41")


def test_a_change_is_named_by_its_senders_own_id_as_well(anybody: Source) -> None:
    change = {"id": "I8f2", "at": "2026-03-02T09:00:00Z", "title": "Round", "state": "open"}
    told(anybody, review={**REVIEW, "number": None, "change": "I8f2"})
    told(anybody, change=change)
    assert Change.objects.get().reviews.get().external_id == "r1"


@any_order
@given(st.data())
def test_any_order_of_json_gives_equal_rows(data: st.DataObject) -> None:
    source, _ = Source.objects.get_or_create(slug="ci", defaults={"name": "CI", "kind": "generic-change"})
    told(source, review=REVIEW)
    Change.objects.all().delete()
    times = st.sampled_from(
        [f"2026-03-02T{hour:02}:{minute}:00Z" for hour in (9, 10, 11) for minute in (10, 40)]
    )
    review = st.fixed_dictionaries(
        {"at": times, "state": st.sampled_from(Review.State.values),
         "text": st.sampled_from([None, "", "Why?"]), "comments": st.none() | st.integers(0, 3),
         "is_author": st.booleans()}
    )  # fmt: skip
    remark = st.fixed_dictionaries(
        {"at": times, "written_at": times, "text": st.sampled_from([None, "", "+1", "Rounds twice"]),
         "deleted": st.sampled_from([False, False, True]), "is_bot": st.sampled_from([False, False, True])}
    )  # fmt: skip
    check = st.fixed_dictionaries(
        {"at": times, "status": st.sampled_from(CheckRun.Status.values), "attempt": st.integers(1, 2),
         "id": st.integers(1, 2), "conclusion": st.sampled_from(["success", "failure"]),
         "sha": st.just("b" * 40)}
    )  # fmt: skip
    change = st.fixed_dictionaries(
        {"at": times, "number": st.just("41"), "ready_at": st.none() | times, "draft": st.booleans(),
         "state": st.sampled_from(["open", "dropped"]), "closed_at": times,
         "commits": st.lists(st.fixed_dictionaries(
             {"sha": st.sampled_from(["b" * 40, "c" * 40]), "at": st.none() | times, "role": st.just("head")}
         ), max_size=2)}
    )  # fmt: skip
    parts = st.one_of(
        review.map(lambda one: {"review": REVIEW | one}),
        remark.map(lambda one: {"remark": REMARK | one}),
        check.map(lambda one: {"check": CHECK | one}),
        change.map(lambda one: {"change": one}),
    )
    letters = data.draw(st.lists(parts, min_size=2, max_size=7))
    again = data.draw(st.permutations(letters + letters[:2]))
    seen = []
    for order in (letters, again):
        with transaction.atomic():
            for letter in order:
                generic.deliver(source, **letter)
            seen.append(rows())
            transaction.set_rollback(True)
    assert seen[0] == seen[1], json.dumps(letters)


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"review": REVIEW | {"state": None}}, "review.state"),
        ({"review": REVIEW | {"state": "maybe"}}, "review.state"),
        ({"review": REVIEW | {"number": None}}, "review.number"),
        ({"review": REVIEW | {"account": ""}}, "review.account"),
        ({"remark": REMARK | {"kind": "odd"}}, "remark.kind"),
        ({"remark": REMARK | {"at": None}}, "remark.at"),
        ({"check": CHECK | {"sha": ""}}, "check.sha"),
        ({"check": CHECK | {"sha": "b" * 65}}, "check.sha"),
        ({"check": CHECK | {"status": "lost"}}, "check.status"),
        ({"check": CHECK | {"status": None}}, "check.status"),
        ({"check": CHECK | {"attempt": 0}}, "check.attempt"),
    ],
)
def test_json_that_is_wrong_is_refused_by_field(anybody: Source, parts: dict[str, Any], named: str) -> None:
    with pytest.raises(Unprocessable, match=named):
        told(anybody, **parts)
    assert not Repository.objects.exists()


def test_the_first_commit_is_the_earliest_that_was_told(anybody: Source) -> None:
    commits = [
        {"sha": "c" * 40, "at": "2026-03-02T08:30:00Z", "role": "head"},
        {"sha": "d" * 40, "at": "2026-03-02T08:00:00Z", "role": "head"},
        {"sha": "e" * 40, "at": "2026-03-02T07:00:00Z", "role": "squash"},
    ]
    change = {"number": 41, "at": "2026-03-02T09:00:00Z", "opened_at": "2026-03-02T08:45:00Z"}
    for commit in commits:
        told(anybody, change=change | {"commits": [commit]})
    assert Change.objects.get().first_commit_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
