"""Narrow rows and weeks against a slow recount, over random histories and what is corrected in them later."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Team
from analytics.flow_weeks import Span
from analytics.models import ChangeFlow, DeploymentFlow, DirtySpan, IncidentFlow, SpanFigures
from analytics.queries import spans
from analytics.services import flow
from changes.models import (
    Change,
    ChangeIdentity,
    CheckRun,
    Deployment,
    DomainArea,
    Review,
    ReviewCare,
    ReviewRemark,
    SizeException,
)
from incidents.models import Cause, Fix, Incident
from intake import ledger
from tests import make
from tests.analytics.flow_oracle import expected

# Each deed is a transaction of its own: what a reader's snapshot has seen is judged by those.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
KINDS: dict[type[Any], str] = {Change: "change", Deployment: "deployment", Incident: "incident"}
TABLES = {
    "changes": (ChangeFlow, "change_id"),
    "deployments": (DeploymentFlow, "deployment_id"),
    "incidents": (IncidentFlow, "incident_id"),
}
_numbers = count(1)


def touched(*rows: Any) -> None:
    for row in rows:
        ledger.touch(ledger.Kind(KINDS[type(row)]), row.pk, verb="told")


class History:
    """Made of rows as services leave them; every later deed tells the ledger what it was about."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        team = Team.objects.create(name="Shop", slug="shop")
        self.repository = make.repository()
        risky, merged_area, plain = make.area(risk_level=3), make.area(), make.area()
        DomainArea.objects.filter(pk=merged_area.pk).update(merged_into=risky, merged_at=BEGIN)
        self.areas = [risky, merged_area, plain, None]
        self.services = [
            make.service(repository=self.repository, team=team, area=merged_area),
            make.service(repository=self.repository),
        ]
        self.environment = make.deployment(repository=self.repository, status="queued").environment
        self.changes = [self.change() for _ in range(8)]
        self.deployments = [self.deployment() for _ in range(5)]
        self.incidents = [self.incident() for _ in range(4)]
        for _ in range(14):
            self.review()
            self.remark()
        for deed in (self.check, self.judge, self.fix, self.answer) * 3:
            deed()
        self.excuse()

    def at(self, hours: float = 24 * 28) -> datetime:
        return BEGIN + timedelta(minutes=self.draw.randrange(round(hours * 60)))

    def maybe(self, value: Any) -> Any:
        return self.draw.choice([value, value, None])

    def some(self, rows: list[Any]) -> list[Any]:
        return self.draw.sample(rows, self.draw.randrange(len(rows) + 1))

    def change(self) -> Change:
        opened = self.at(24 * 14)
        merged = opened + timedelta(minutes=self.draw.randrange(4000))
        state = self.draw.choice(["open", "merged", "shipped", "shipped", "dropped"])
        is_in = state in ("merged", "shipped")
        row = make.change(
            repository=self.repository, state=state, opened_at=self.maybe(opened),
            ready_at=self.maybe(opened + timedelta(minutes=90)),
            first_commit_at=self.maybe(opened - timedelta(hours=self.draw.randrange(-5, 50))),
            merged_at=merged if is_in else None, closed_at=merged if state == "dropped" else None,
            shipped_at=self.at() if state == "shipped" else None,
            shipped_basis=self.draw.choice(["deployment", "merge"]) if state == "shipped" else "",
            counted_lines=self.maybe(self.draw.randrange(600)), additions=self.maybe(7), deletions=2,
            area=self.draw.choice(self.areas), origin=self.draw.choice(["manual", "assisted", "unknown"]),
            message=self.draw.choice(["", "Words.\nSize-Exception: a rename", "Size-exception:  \nnone"]),
        )  # fmt: skip
        row.services.set(self.some(self.services))
        for number in range(2):
            ChangeIdentity.objects.create(
                repository=self.repository, change=row, space="sha", role="head", value=f"{row.pk}-{number}"
            )
        touched(row)
        return row

    def deployment(self) -> Deployment:
        row = make.deployment(
            repository=self.repository, environment=self.environment, finished_at=self.at(),
            service=self.draw.choice([*self.services, None]), is_gap=self.draw.random() < 0.2,
            status=self.draw.choice(["succeeded", "succeeded", "succeeded", "failed", "queued"]),
            kind=self.draw.choice(["planned", "planned", "rollback"]),
            is_production=self.draw.random() < 0.9,
        )  # fmt: skip
        row.changes.set(self.some(self.changes))
        touched(row)
        return row

    def incident(self) -> Incident:
        began = self.at()
        row = make.incident(
            impact_started_at=self.maybe(began), detected_at=self.maybe(began), reported_at=began,
            mitigated_at=self.maybe(began + timedelta(minutes=self.draw.randrange(-60, 900))),
            resolved_at=self.maybe(began + timedelta(hours=9)),
            status=self.draw.choice(["open", "mitigated", "resolved"]), area=self.draw.choice(self.areas),
            cause_answer=self.draw.choice(["open", "no_change"]), is_restricted=self.draw.random() < 0.3,
        )  # fmt: skip
        row.services.set(self.some(self.services))
        touched(row)
        return row

    def _deed(self) -> tuple[Change, datetime, dict[str, Any]]:
        change = self.draw.choice(self.changes)
        start = change.opened_at or change.merged_at or self.at()
        at = start + timedelta(minutes=self.draw.choice([5, 20, 35, 50, 70, 100, 3000]))
        return change, at, {
            "external_id": str(next(_numbers)), "told_at": at, "is_self": self.draw.random() < 0.15,
            "is_bot": self.draw.random() < 0.15, "reviewer_in_change": self.draw.choice([b"a", b"b"]),
        }  # fmt: skip

    def review(self) -> None:
        change, at, given = self._deed()
        state = self.draw.choice(["approved", "changes_requested", "commented", "dismissed"])
        who = f"{given['reviewer_in_change']} {at:%j}".encode()
        Review.objects.create(
            change=change, submitted_at=at, state=state, commit_sha=self.draw.choice(["", "", "x", "y"]),
            is_senior=self.draw.random() < 0.3, reviewer_on_day=who,
            **given,
        )  # fmt: skip
        touched(change)

    def remark(self) -> None:
        change, at, given = self._deed()
        is_gone = self.draw.random() < 0.2
        ReviewRemark.objects.create(
            change=change, at=at, is_meaningful=self.draw.random() < 0.6,
            deleted_at=at if is_gone else None, **given,
        )  # fmt: skip
        touched(change)

    def check(self) -> None:
        change = self.draw.choice(self.changes)
        begin = (change.opened_at or self.at()) + timedelta(minutes=self.draw.randrange(200))
        CheckRun.objects.create(
            repository=self.repository, kind="check", external_id=str(next(_numbers)), status="completed",
            sha=f"{change.pk}-{self.draw.randrange(2)}", queued_at=begin, told_at=begin,
            completed_at=self.maybe(begin + timedelta(minutes=self.draw.randrange(100))),
        )  # fmt: skip
        touched(change)

    def judge(self) -> None:
        """Somebody says what part a change or a deployment had, or something else than before."""
        incident = self.draw.choice(self.incidents)
        if self.draw.random() < 0.7:
            target: dict[str, Any] = {"change": self.draw.choice(self.changes)}
        else:
            target = {"deployment": self.draw.choice(self.deployments)}
        said = {
            "status": self.draw.choice(["confirmed", "confirmed", "suspected", "ruled_out", "suggested"]),
            "said_at": NOW + timedelta(minutes=next(_numbers)),
        }
        Cause.objects.update_or_create(incident=incident, **target, defaults=said)
        touched(incident)

    def rule_out(self) -> None:
        cause = Cause.objects.filter(status="confirmed").order_by("pk").first()
        if cause is not None:
            cause.status, cause.said_at = "ruled_out", NOW + timedelta(minutes=next(_numbers))
            cause.save()
            touched(cause.incident)

    def fix(self) -> None:
        incident = self.draw.choice(self.incidents)
        Fix.objects.get_or_create(incident=incident, change=self.draw.choice(self.changes))
        touched(incident)

    def answer(self) -> None:
        change = self.draw.choice(self.changes)
        ReviewCare.objects.create(change=change, answer=self.draw.choice(["yes", "no"]), on=self.at().date())
        touched(change)

    def excuse(self) -> None:
        change = self.draw.choice(self.changes)
        SizeException.objects.get_or_create(change=change, defaults={"reason": "Generated elsewhere"})
        touched(change)

    def move_merge(self) -> None:
        change = self.draw.choice([one for one in self.changes if one.merged_at] or self.changes)
        change.merged_at = self.at(24 * 20)
        change.save()
        touched(change)

    def move_deployment(self) -> None:
        """The first of a lane may become another."""
        deployment = self.draw.choice(self.deployments)
        deployment.finished_at, deployment.status = self.at(), "succeeded"
        deployment.save()
        touched(deployment)

    def move_incident(self) -> None:
        incident = self.draw.choice(self.incidents)
        incident.impact_started_at = self.at()
        incident.save()
        touched(incident)

    def call_it_false(self) -> None:
        incident = self.draw.choice(self.incidents)
        incident.closing_reason = self.draw.choice(["false_alarm", ""])
        incident.save()
        touched(incident)

    def dismiss(self) -> None:
        review = self.draw.choice(list(Review.objects.order_by("pk")))
        review.state = "dismissed"
        review.save()
        touched(review.change)

    def delete_remark(self) -> None:
        remark = self.draw.choice(list(ReviewRemark.objects.order_by("pk")))
        remark.deleted_at = NOW
        remark.save()
        touched(remark.change)

    def merge_double(self) -> None:
        """What is told of the double is told of the other from then on; words on it stay where they are."""
        if len(self.changes) < 3:
            return
        survivor, double = self.draw.sample(self.changes, 2)
        self.changes.remove(double)
        ChangeIdentity.objects.filter(change=double).update(change=survivor)
        for rows in (double.reviews, double.remarks, double.care):
            rows.update(change=survivor)
        for deployment in double.deployments.all():
            deployment.changes.remove(double)
            deployment.changes.add(survivor)
        Change.objects.filter(pk=double.pk).update(merged_into=survivor)
        double.refresh_from_db()
        touched(survivor, double)

    def correct(self) -> None:
        deeds: list[Callable[[], None]] = [
            self.move_merge, self.move_deployment, self.move_incident, self.call_it_false, self.dismiss,
            self.delete_remark, self.merge_double, self.judge, self.rule_out, self.review, self.remark,
            self.check, self.fix, self.answer, self.excuse,
        ]  # fmt: skip
        for deed in self.draw.choices(deeds, k=4):
            with transaction.atomic():
                deed()


def stands() -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name, (table, key) in TABLES.items():
        rows = table.objects.values()  # type: ignore[attr-defined]
        found[name] = {row.pop(key): row for row in rows}
    return found


def hold_rows() -> None:
    told, recounted = stands(), expected()
    for name, rows in recounted.items():
        assert told[name].keys() == rows.keys(), name
        for key, row in rows.items():
            got = {column: told[name][key][column] for column in row}
            assert got == row, (name, key)


def hold_weeks() -> None:
    """Whatever was altered, every kept span is as it would be if it were reckoned now."""
    assert not DirtySpan.objects.exists()
    rules = spans.rules_in_force()
    kept = set(SpanFigures.objects.values_list("page", "is_demo", "begins_on", "weeks"))
    assert {page for page, *_ in kept} == set(flow.PAGES)
    for page, demo, begin, weeks in kept:
        now = flow.PAGES[page].reckon(Span(begin, weeks), demo, rules, NOW)
        rows = SpanFigures.objects.filter(page=page, is_demo=demo, begins_on=begin, weeks=weeks)
        held = dict(rows.values_list("scope", "figures"))
        told, recounted = leaves(held), leaves(now)
        other = {place for place in {*told, *recounted} if told.get(place) != recounted.get(place)}
        assert not other, (
            page,
            begin,
            weeks,
            {place: (told.get(place), recounted.get(place)) for place in other},
        )


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every number by its place, as JSON keeps it: what differs is told in one line."""
    if isinstance(value, dict):
        value = {str(key): one for key, one in value.items()}
        return {at: one for key in value for at, one in leaves(value[key], f"{path}/{key}").items()}
    if isinstance(value, list | tuple):
        return {
            at: one for key, item in enumerate(value) for at, one in leaves(item, f"{path}/{key}").items()
        }
    return {path: value}


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_those_of_a_slow_recount_whatever_is_corrected(seed: int) -> None:
    with transaction.atomic():
        history = History(seed)
    flow.settle(now=NOW)
    hold_rows()
    for _ in range(4):
        history.correct()
        flow.settle(now=NOW)
        hold_rows()


@pytest.mark.parametrize("seed", range(20, 22))
def test_old_and_new_weeks_are_reckoned_anew_whatever_is_corrected(seed: int) -> None:
    with transaction.atomic():
        history = History(seed)
    flow.settle(now=NOW)
    hold_weeks()
    for _ in range(2):
        history.correct()
        flow.settle(now=NOW)
        hold_weeks()


def test_the_later_word_holds_when_a_double_was_judged_before() -> None:
    with transaction.atomic():
        history = History(40)
        Cause.objects.all().delete()
        incident = history.incidents[0]
        incident.cause_answer, incident.closing_reason = "open", ""
        incident.save()
        survivor, double = history.changes[:2]
        for number, (change, status) in enumerate([(double, "confirmed"), (survivor, "ruled_out")]):
            said_at = NOW + timedelta(minutes=number)
            Cause.objects.create(incident=incident, change=change, status=status, said_at=said_at)
        touched(incident)
    flow.settle(now=NOW)
    assert IncidentFlow.objects.get(pk=incident.pk).by_change == "yes"
    with transaction.atomic():
        Change.objects.filter(pk=double.pk).update(merged_into=survivor)
        touched(survivor, double)
    flow.settle(now=NOW)
    assert IncidentFlow.objects.get(pk=incident.pk).by_change == "unknown"
    hold_rows()
