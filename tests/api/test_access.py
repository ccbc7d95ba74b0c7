"""Who reads and writes what over the API. An API route without a row here fails.

Every visitor is signed in once and goes through the whole table; what is written is empty, for what matters
is who is turned away before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from changes.models import AssistanceKind, Assistant, CheckRun, LoadReading, Review, TestRun
from incidents.models import FactorKind, Severity
from intake.models import Delivery
from tests import make
from tests.routes import named_routes
from tests.world import EVERYONE, World, make_world

SEEN, NO_KEY, TURNED_AWAY, HIDDEN = {200}, {401}, {403}, {404}
# Let through: done, or told what is wrong with an empty body, or that the moment is wrong.
ALLOWED = {200, 201, 204, 400, 409, 412, 422, 428}
Rule = Callable[[str, bool], set[int]]


def reads(visitor: str, restricted: bool) -> set[int]:
    """Everyone signed in."""
    return NO_KEY if visitor == "nobody" else SEEN


def reads_of_incident(visitor: str, restricted: bool) -> set[int]:
    """What belongs to a restricted incident does not exist but for the people named on it."""
    if restricted and visitor not in {"nobody", "named"}:
        return HIDDEN
    return reads(visitor, restricted)


def admin_reads(visitor: str, restricted: bool) -> set[int]:
    return NO_KEY if visitor == "nobody" else SEEN if visitor == "admin" else TURNED_AWAY


def open_to_all(visitor: str, restricted: bool) -> set[int]:
    return SEEN


def author_writes(visitor: str, restricted: bool) -> set[int]:
    return {"nobody": NO_KEY, "viewer": TURNED_AWAY}.get(visitor, ALLOWED)


def curator_writes(visitor: str, restricted: bool) -> set[int]:
    return NO_KEY if visitor == "nobody" else ALLOWED if visitor in {"curator", "admin"} else TURNED_AWAY


def author_writes_of_incident(visitor: str, restricted: bool) -> set[int]:
    """Authors of any team; what is restricted only who is named."""
    hidden = restricted and visitor not in {"nobody", "viewer", "named"}
    return HIDDEN if hidden else author_writes(visitor, restricted)


def team_writes_of_incident(visitor: str, restricted: bool) -> set[int]:
    """The team that owns the services, and curators; what is restricted only who is named."""
    if not restricted and visitor == "outsider":
        return TURNED_AWAY
    return author_writes_of_incident(visitor, restricted)


def team_writes(visitor: str, restricted: bool) -> set[int]:
    """The team that owns a service of the repository, and curators."""
    return TURNED_AWAY if visitor == "outsider" else author_writes(visitor, restricted)


def author_takes_back(visitor: str, restricted: bool) -> set[int]:
    """Authors; there is nothing to take back."""
    found = author_writes(visitor, restricted)
    return HIDDEN if found == ALLOWED else found


def asks(visitor: str, restricted: bool) -> set[int]:
    """Everyone signed in; without a question it says what is missing."""
    return NO_KEY if visitor == "nobody" else {400}


@dataclass(frozen=True)
class Row:
    rule: Rule
    arguments: tuple[str, ...] = ()
    method: str = "get"
    # What names an element of a list, where it must hold what the visitor may see and nothing else.
    listed: str = ""
    # Other methods of the same address.
    writes: tuple[tuple[str, Rule], ...] = ()


def private(
    name: str, thing: str, key: str, *, patch: Rule | None, delete: Rule | None = None
) -> dict[str, Row]:
    writes = (("patch", patch), ("delete", delete))
    created = (("post", author_writes),) if name != "postmortem" else ()
    return {
        f"{name}-list": Row(reads, listed=f"{thing}.{key}", writes=created),
        f"{name}-detail": Row(
            reads_of_incident,
            (f"{thing}.{key}",),
            writes=tuple((method, rule) for method, rule in writes if rule is not None),
        ),
    }


def term(name: str) -> dict[str, Row]:
    one = (f"{name}.slug",)
    return {
        f"{name}-list": Row(reads),
        f"{name}-detail": Row(reads, one, writes=(("patch", curator_writes),)),
        f"{name}-retire": Row(curator_writes, one, method="post"),
        f"{name}-restore": Row(curator_writes, one, method="post"),
    }


def table() -> dict[str, Row]:
    number, change, team = ("incident.number",), ("change.pk",), team_writes_of_incident
    verbs = {f"incident-{verb}": Row(team, number, "post") for verb in
             ("cause-answer", "close", "reopen", "restrict", "status")}  # fmt: skip
    rows = {
        **term("assistance-kind"),
        **term("assistant"),
        **term("area"),
        **term("severity"),
        **term("factor-kind"),
        "wording-list": Row(asks, method="post"),
        "team-list": Row(reads),
        "team-detail": Row(reads, ("team.slug",)),
        "repository-list": Row(reads),
        "repository-detail": Row(reads, ("repository.pk",)),
        "service-list": Row(reads),
        "service-detail": Row(reads, ("service.slug",), writes=(("patch", team_writes),)),
        "environment-list": Row(reads),
        "environment-detail": Row(reads, ("environment.pk",), writes=(("patch", curator_writes),)),
        "change-list": Row(reads, writes=(("post", author_writes),)),
        "change-detail": Row(reads, change),
        "change-size-exception": Row(author_writes, change, "post", writes=(("delete", author_takes_back),)),
        "change-care": Row(reads, change, writes=(("post", author_writes),)),
        "deployment-kind": Row(team_writes, ("deployment.pk",), "post"),
        "check-run-list": Row(reads),
        "check-run-detail": Row(reads, ("check.pk",)),
        "review-list": Row(reads),
        "review-detail": Row(reads, ("review.pk",)),
        "change-area": Row(author_writes, change, "post"),
        "change-decisions": Row(author_writes, change, "post"),
        "change-feature": Row(author_writes, change, "post"),
        "feature-list": Row(reads, writes=(("post", author_writes),)),
        "feature-detail": Row(reads, ("feature.slug",), writes=(("patch", author_writes),)),
        "feature-burden": Row(reads, ("feature.slug",)),
        "feature-measurements": Row(author_writes, ("feature.slug",), "post"),
        "feature-measurement-take-back": Row(author_writes, ("feature.slug", "measurement.pk"), "post"),
        "feature-answer": Row(author_writes, ("feature.slug",), "post"),
        "feature-retire": Row(author_writes, ("feature.slug",), "post"),
        "feature-bring-back": Row(author_writes, ("feature.slug",), "post"),
        "feature-changes": Row(author_writes, ("feature.slug",), "post"),
        "deployment-list": Row(reads, writes=(("post", author_writes),)),
        "deployment-detail": Row(reads, ("deployment.pk",)),
        "load-reading-list": Row(reads, writes=(("post", author_writes),)),
        "load-reading-detail": Row(reads, ("reading.pk",)),
        "test-run-list": Row(reads),
        "test-run-detail": Row(reads, ("test-run.pk",)),
        **private("incident", "incident", "number", patch=team),
        **verbs,
        **private("cause", "cause", "pk", patch=team, delete=team),
        "control-list": Row(reads, listed="control.pk"),
        "control-detail": Row(reads_of_incident, ("control.pk",)),
        "control-draw": Row(author_writes, (), "post"),
        "control-answer": Row(team, ("control.pk",), "post"),
        "control-take-back": Row(team, ("control.pk",), "post"),
        "control-pass-over": Row(team, ("control.pk",), "post"),
        **private("fix", "fix", "pk", patch=None, delete=team),
        **private("factor", "factor", "pk", patch=team, delete=team),
        **private("timeline-entry", "entry", "pk", patch=team, delete=team),
        **private("postmortem", "incident", "number", patch=None),
        "postmortem-publish": Row(team, number, "post"),
        "postmortem-open-points": Row(reads_of_incident, number),
        "postmortem-revisions": Row(reads_of_incident, number),
        "postmortem-revision": Row(reads_of_incident, (*number, "=1")),
        "postmortem-revision-diff": Row(reads_of_incident, (*number, "=1")),
        "postmortem-revision-restore": Row(team, (*number, "=1"), "post"),
        "postmortem-review-requests": Row(reads_of_incident, number, writes=(("post", team),)),
        "postmortem-review-request-withdraw": Row(team, (*number, "request.pk"), "post"),
        "postmortem-comments": Row(reads_of_incident, number, writes=(("post", author_writes_of_incident),)),
        "postmortem-comment-resolve": Row(team, (*number, "comment.pk"), "post"),
        "postmortem-comment-reopen": Row(team, (*number, "comment.pk"), "post"),
        "timeline-entry-read-chat": Row(author_writes, (), "post"),
        "timeline-entry-from-chat": Row(author_writes, (), "post"),
        "postmortem-revise": Row(team, number, "post"),
        "postmortem-sections": Row(team, number, "patch"),
        **private("lesson", "lesson", "pk", patch=team),
        "lesson-state": Row(team, ("lesson.pk",), "post"),
        **private("action", "action", "pk", patch=team, delete=team),
        "action-state": Row(team, ("action.pk",), "post"),
        **private("scenario", "scenario", "number", patch=author_writes_of_incident),
        "scenario-state": Row(author_writes_of_incident, ("scenario.number",), "post"),
        "delivery-list": Row(admin_reads),
        "delivery-detail": Row(admin_reads, ("delivery.pk",)),
        "policy-list": Row(reads, writes=(("post", author_writes),)),
        "policy-detail": Row(reads, ("policy.pk",)),
        "policy-end": Row(team_writes, ("policy.pk",), "post"),
        "policy-revoke": Row(team_writes, ("policy.pk",), "post"),
        "policy-breaches": Row(reads, ("policy.pk",)),
        "policy-check": Row(asks),
        "sample-list": Row(reads, writes=(("post", author_writes),)),
        "sample-detail": Row(reads, ("sample.pk",)),
        "sample-drawn": Row(reads, ("sample.pk",)),
        "sample-next": Row(reads, ("sample.pk",)),
        "sample-answer": Row(author_writes, ("sample.pk",), "post"),
        "sample-undo": Row(author_writes, ("sample.pk",), "post"),
        "sample-close": Row(author_writes, ("sample.pk",), "post"),
        "sample-reopen": Row(author_writes, ("sample.pk",), "post"),
        "matrix-list": Row(reads),
        "baseline-list": Row(reads),
        "matched-list": Row(reads),
        "trend-list": Row(reads),
        "delivery-figures-list": Row(reads),
        "work-list": Row(reads),
        "load-list": Row(reads),
        "time-spent-list": Row(reads),
        "reviewing-list": Row(reads),
        "schema": Row(reads),
    }
    return {f"api:{name}": row for name, row in rows.items()}


# What these answer does not hang on who asks, or is tested beside what they do.
ELSEWHERE = {
    "api:docs": "tests/api/test_schema.py (a page: leads to the sign-in)",
    "api:unknown": "tests/api/test_problems.py (404 for everyone)",
    "api:change-withdraw-decision": "tests/api/test_writing.py",
}
# The names under which lists tell what the world knows as `pk`.
TOLD_AS = {"pk": "id"}


@pytest.fixture
def world(db: None) -> World:
    made = make_world()
    repository = made.plain["repository"]
    shared = {
        "assistance-kind": AssistanceKind.objects.create(slug="guessing", name="Guessing"),
        "assistant": Assistant.objects.create(slug="helper", name="Helper"),
        "area": make.area("till"),
        "severity": Severity.objects.order_by("rank")[0],
        "factor-kind": FactorKind.objects.create(slug="fog", name="Fog"),
        "team": made.plain["service"].team,
        "reading": LoadReading.objects.create(
            repository=repository, kind="settings", on="2026-03-01", count=3, told_at=timezone.now()
        ),
        "check": CheckRun.objects.create(
            repository=repository,
            kind="check",
            external_id="1",
            sha="a" * 40,
            queued_at=timezone.now(),
            told_at=timezone.now(),
        ),
        "review": Review.objects.create(
            change=made.plain["change"],
            external_id="1",
            state="approved",
            submitted_at=timezone.now(),
            reviewer_in_change=b"1" * 32,
            told_at=timezone.now(),
        ),
        "test-run": TestRun.objects.create(repository=repository, key="1", ran_at=timezone.now()),
        "delivery": Delivery.objects.create(
            source=made.plain["source"], key="1", body=b"{}", body_sha256=b"1" * 32
        ),
    }
    for outage in (made.plain, made.restricted):
        outage.update(shared)
    return made


def test_every_api_route_has_a_row() -> None:
    routes = {name for name in named_routes() if name.startswith("api:")}
    known = set(table()) | set(ELSEWHERE)
    assert routes - known == set(), "API routes without a row in the access table"
    assert known - routes == set(), "rows without an API route"


@pytest.mark.parametrize("visitor", EVERYONE)
def test_visitor_meets_at_every_api_route_what_the_table_says(world: World, visitor: str) -> None:
    client = APIClient(raise_request_exception=False)
    if visitor != "nobody":
        client.force_login(world.users[visitor])
    surprises = []
    # What is hidden first and what takes away last, so that no answer hangs on an earlier one.
    for method in ("get", "post", "patch", "delete"):
        for name, row in table().items():
            for how, rule in ((row.method, row.rule), *row.writes):
                if how == method:
                    surprises += _surprises(client, world, visitor, name, row, how, rule)
    assert surprises == []


def _surprises(
    client: APIClient, world: World, visitor: str, name: str, row: Row, method: str, rule: Rule
) -> list[str]:
    found = []
    for restricted in (True, False) if row.arguments else (False,):
        url = reverse(name, args=[world.value(restricted, path) for path in row.arguments])
        answer: Any = getattr(client, method)(url, **({} if method == "get" else {"data": {}}))
        expected = rule(visitor, restricted)
        kind = "restricted" if restricted else "plain"
        if answer.status_code not in expected:
            found.append(f"{method} {name}, {kind}: {answer.status_code}, not {sorted(expected)}")
        elif method == "get" and row.listed and visitor != "nobody":
            found += _wrongly_listed(answer.json()["results"], world, visitor, name, row.listed)
        if restricted and answer.status_code not in {200, 201} and "Outage 2" in answer.text:
            found.append(f"{method} {name} names what is restricted")
    return found


def _wrongly_listed(results: list[Any], world: World, visitor: str, name: str, listed: str) -> list[str]:
    key = listed.partition(".")[2]
    field = TOLD_AS.get(key, "incident" if name == "api:postmortem-list" else key)
    told = {one[field] for one in results}
    expected = {world.value(False, listed)} | ({world.value(True, listed)} if visitor == "named" else set())
    return [] if told == expected else [f"{name} lists {sorted(told)}, not {sorted(expected)}"]
