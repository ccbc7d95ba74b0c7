"""GitHub's deliveries: others' real samples, twice and shuffled, and what else it sends."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from changes.forges.github import GitHub
from changes.forges.github_facts import pull_request_fact, push_fact
from changes.models import Change, ChangeIdentity, CheckRun, Deployment, Repository, Review, ReviewRemark
from intake.models import Delivery, Source
from intake.sources import Ignored, Letter, Unprocessable

pytestmark = pytest.mark.django_db
OWN = Path(__file__).parent.parent / "payloads" / "github"


@pytest.fixture
def source() -> Source:
    return Source.objects.create(slug="github", name="GitHub", kind="github")


def deliver(source: Source, event: str, body: bytes, key: str = "", **headers: str) -> str:
    """What the letterbox does with one letter; answers `done` or `ignored`."""
    letter = Letter({"x-github-event": event, **headers}, body, datetime(2026, 1, 1, tzinfo=UTC))
    delivery, _ = Delivery.objects.get_or_create(
        source=source, key=key or letter.sha256.hex(), defaults={"body": body, "body_sha256": letter.sha256}
    )
    try:
        GitHub().handle(delivery, letter)
    except Ignored:
        return "ignored"
    return "done"


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def change(repository: str, number: str) -> Change:
    identity = ChangeIdentity.objects.get(repository__name=repository, space="number", value=number)
    return identity.change


@pytest.fixture(params=["in order", "twice", "shuffled 1", "shuffled 2", "shuffled 3"])
def told(request: pytest.FixtureRequest, source: Source, samples: Path) -> dict[str, str]:
    files = sorted((samples / "payloads" / "github").glob("*.json"))
    if request.param != "in order":
        files = [*files, *files]
    if request.param.startswith("shuffled"):
        random.Random(request.param).shuffle(files)
    return {path.name: deliver(source, path.name.split(".")[0], path.read_bytes()) for path in files}


def test_every_real_sample_ends_as_it_should(told: dict[str, str]) -> None:
    ignored = {name for name, outcome in told.items() if outcome == "ignored"}
    assert ignored == {"push.tag-deleted.json"}
    _check_requests()
    _check_remarks()
    _check_checks()
    _check_pushes()
    _check_deployments()


def _check_requests() -> None:
    opened = change("github-slack/app", "31")
    assert (opened.state, opened.opened_at) == ("open", time("2017-09-22T14:58:18Z"))
    assert (opened.additions, opened.deletions, opened.files_changed) == (1, 5, 1)
    assert opened.identities.get(role="head").value == "cb67adc76ba600bfb6dccd50c5c837f29d3912dc"
    merged = change("github-slack/app", "36")
    assert (merged.state, merged.merged_at) == ("merged", time("2017-10-20T16:55:30Z"))
    assert merged.opened_at == time("2017-09-28T17:22:00Z")
    assert (merged.additions, merged.deletions, merged.files_changed, merged.commits) == (110, 102, 14, 4)
    assert merged.identities.get(role="merge").value == "acac2f75d59f43ceab769fb203cfbbf6f3cf8b10"
    assert merged.identities.get(role="head").value == "10c57dc4caf9b76a5d43d0064a626e516edd8c3c"
    closed = change("Codertocat/Hello-World", "2")
    assert (closed.state, closed.merged_at, closed.is_draft) == ("dropped", None, True)
    assert not closed.identities.filter(role="merge").exists()
    assert closed.labels == ["bug"]
    reviewed = change("github-slack/public-test", "19")
    assert (reviewed.additions, reviewed.size_band) == (None, "unknown")
    review = Review.objects.get()
    assert (review.change_id, review.external_id, review.state) == (reviewed.pk, "97014958", "approved")
    assert review.submitted_at == time("2018-02-15T21:37:01Z")
    assert review.commit_sha == "3d23c49974ed1ddd2f2e1d27fcefac1518844bd3"
    assert (review.is_self, review.is_bot) == (False, False)


def _check_remarks() -> None:
    """A reply of the request's own author, and a review whose words are a ship."""
    reply = ReviewRemark.objects.get(kind="inline")
    assert (reply.change_id, reply.external_id) == (
        change("github-slack-test-org/test2", "1").pk,
        "171608320",
    )
    assert reply.at == time("2018-03-01T16:09:33Z")
    assert (reply.is_self, reply.is_meaningful, reply.deleted_at) == (True, False, None)
    words = ReviewRemark.objects.get(kind="thread")
    assert (words.external_id, words.is_self, words.is_meaningful) == ("review-97014958", False, False)


def _check_checks() -> None:
    linter = CheckRun.objects.get(kind="check")
    assert (linter.external_id, linter.name, linter.conclusion) == (
        "128620228", "Octocoders-linter", "failure",
    )  # fmt: skip
    assert linter.sha == "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
    assert linter.completed_at == time("2019-05-15T15:21:12Z")
    assert CheckRun.objects.all().of_change(change("Codertocat/Hello-World", "2")).get() == linter
    run = CheckRun.objects.get(kind="workflow")
    assert (run.external_id, run.attempt, run.name, run.conclusion) == ("289782451", 1, "test", "success")
    assert run.sha.startswith("3484a3fb")
    assert (run.queued_at, run.completed_at) == (time("2020-10-05T16:33:24Z"), time("2020-10-05T16:33:49Z"))


def _check_pushes() -> None:
    squash = change("fastapi/typer", "1713")
    assert squash.identities.get(role="squash").value == "22a86d3f267c26865b239bb9c4c14f232af3baa3"
    assert (squash.automation, squash.origin, squash.state) == (True, "unknown", "merged")
    pushed = ChangeIdentity.objects.filter(repository__name="github-slack/app", space="sha")
    assert pushed.filter(value="c8517a6aa42a568bc1a0be1febc1e1c819932ba6").exists()
    assert pushed.count() == 11 + 3


def _check_deployments() -> None:
    requested = Deployment.objects.get(external_id="145988746")
    assert (requested.status, requested.is_production) == ("queued", True)
    assert requested.sha == "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
    assert requested.requested_at == time("2019-05-15T15:20:53Z")
    heroku = Deployment.objects.get(external_id="57919058")
    assert (heroku.status, heroku.environment.name, heroku.is_production) == (
        "succeeded",
        "github-slack-app",
        False,
    )
    assert (heroku.started_at, heroku.finished_at) == (
        time("2017-11-05T11:14:42Z"),
        time("2017-11-05T11:15:09Z"),
    )
    failed = Deployment.objects.get(external_id="710692")
    assert (failed.status, failed.finished_at, failed.is_production) == (
        "failed",
        time("2015-05-05T23:40:39Z"),
        True,
    )
    preview = Deployment.objects.get(external_id="1446885556")
    assert (preview.status, preview.is_production, preview.environment.name) == (
        "succeeded",
        False,
        "Preview",
    )


def test_nothing_of_a_person_is_stored(told: dict[str, str]) -> None:
    rows = list(Change.objects.all())
    assert rows
    for row in rows:
        text = " ".join(
            str(getattr(row, field.name)) for field in Change._meta.concrete_fields if field.name != "url"
        )
        for name in ("wilhelmklopp", "Wilhelm Klopp", "bkeepers", "JasonEtco", "svlandeg"):
            assert name not in text, (name, text)


def own(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OWN / name).read_text())
    return found


def body(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def test_of_two_statuses_in_one_second_the_higher_id_stands(source: Source) -> None:
    failure = own("deployment_status__failure.json")
    success = own("deployment_status__failure.json")
    success["deployment_status"] |= {"id": failure["deployment_status"]["id"] - 1, "state": "success"}
    for document in (failure, success):
        deliver(source, "deployment_status", body(document))
    assert Deployment.objects.get().status == "failed"


def test_a_form_is_read_like_json(source: Source) -> None:
    from urllib.parse import urlencode

    text = urlencode({"payload": json.dumps(own("pull_request__opened.json"))}).encode()
    kind = "application/x-www-form-urlencoded"
    assert deliver(source, "pull_request", text, **{"content-type": kind}) == "done"
    assert Change.objects.get().title == "Round totals once"


def test_a_self_review_by_a_bot_is_marked_and_its_author_hashed(source: Source) -> None:
    document = own("pull_request_review__approved.json")
    document["review"]["user"] = document["pull_request"]["user"] | {"type": "Bot"}
    deliver(source, "pull_request_review", body(document))
    review = Review.objects.get()
    assert (review.is_self, review.is_bot) == (True, True)
    assert len(bytes(review.reviewer_in_change)) == 32
    assert bytes(review.reviewer_on_day or b"") != bytes(review.reviewer_in_change)


def test_a_merge_in_a_push_stands_for_its_branch_and_takes_its_evidence(source: Source) -> None:
    document = own("push__merge.json")
    deliver(source, "push", body(document))
    merged = Change.objects.current().get()
    assert (merged.title, merged.origin) == ("Round totals once", "assisted")
    roles = dict(merged.identities.values_list("value", "role"))
    assert roles["41"] == "number"
    assert sorted(roles.values()) == ["head", "head", "merge", "number"]


def test_push_then_request_and_request_then_push_give_one_change(source: Source) -> None:
    letters = [
        ("push", body(own("push__merge.json"))),
        ("pull_request", body(own("pull_request__merged.json"))),
    ]
    seen = []
    for order in (letters, letters[::-1]):
        Change.objects.all().delete()
        for event, text in order:
            deliver(source, event, text)
        one = Change.objects.current().get()
        seen.append((one.title, one.state, one.additions, one.origin, one.told,
                     sorted(one.identities.values_list("role", "value"))))  # fmt: skip
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "ref", ["refs/heads/gh-readonly-queue/main/pr-1-abc", "refs/heads/feature", "refs/tags/v1"]
)
def test_a_push_elsewhere_is_ignored(source: Source, ref: str) -> None:
    assert deliver(source, "push", body(own("push__merge.json") | {"ref": ref})) == "ignored"
    assert not Repository.objects.exists()


def test_a_renamed_repository_stays_the_same(source: Source) -> None:
    document = own("pull_request__opened.json")
    deliver(source, "pull_request", body(document))
    document["repository"]["full_name"] = "acme/renamed"
    deliver(source, "pull_request", body(document))
    assert Repository.objects.get().name == "acme/renamed"
    assert Change.objects.count() == 1


@pytest.mark.parametrize("part", ["repository", "pull_request"])
def test_a_letter_is_parked_with_the_reason_when_a_part_is_missing(source: Source, part: str) -> None:
    document = own("pull_request__opened.json")
    del document[part]
    with pytest.raises(Unprocessable, match=part):
        deliver(source, "pull_request", body(document))


def test_the_test_merge_of_an_open_request_is_no_identity() -> None:
    document = own("pull_request__opened.json")
    document["pull_request"]["merge_commit_sha"] = "f" * 40
    assert [role for role, _ in pull_request_fact(document).shas] == ["head"]


def test_a_push_without_a_commit_is_ignored() -> None:
    with pytest.raises(Ignored):
        push_fact(own("push__merge.json") | {"commits": []})
