"""The narrow rows of the weekly review once more, slowly and in plain words: what tests hold them to.

Everything is read from the tables of the floors below, row by row, and worked out as the models of the rows
say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from changes.models import (
    Change,
    ChangeIdentity,
    CheckRun,
    Deployment,
    DomainArea,
    Review,
    ReviewCare,
    ReviewRemark,
    Service,
    SizeException,
)
from incidents.models import Cause, Fix, Incident

PAUSE = timedelta(minutes=30)
EXCEPTION = re.compile(r"(?im)^size-exception:[ \t]*\S")


def seconds(later: datetime | None, earlier: datetime | None) -> int | None:
    """None where one is missing, or they come in no possible order."""
    if later is None or earlier is None or later < earlier:
        return None
    return round((later - earlier).total_seconds())


def end_of_area(pk: int | None) -> DomainArea | None:
    area = DomainArea.objects.get(pk=pk) if pk else None
    while area is not None and area.merged_into_id is not None:
        area = DomainArea.objects.get(pk=area.merged_into_id)
    return area


def scopes(services: Iterable[Service], area: DomainArea | None) -> list[str]:
    found = {""}
    for service in services:
        found.add(f"service:{service.pk}")
        if service.team_id:
            found.add(f"team:{service.team_id}")
    if area is not None:
        found.add(f"area:{area.pk}")
    return sorted(found)


def lane(deployment: Deployment) -> list[Deployment]:
    """Successes of the same repository, environment and service, the first first."""
    rows = Deployment.objects.filter(
        repository=deployment.repository_id, environment=deployment.environment_id,
        service=deployment.service_id, status="succeeded",
    )  # fmt: skip
    return sorted(rows, key=lambda one: (one.finished_at, one.pk))


def shipper(change: Change) -> Deployment | None:
    held = [one for one in change.deployments.all() if one.status == "succeeded" and one.is_production]
    return min(held, key=lambda one: (one.finished_at, one.pk), default=None)


def told_since(repository_id: int) -> datetime | None:
    reviews = Review.objects.filter(change__repository=repository_id).values_list("submitted_at", flat=True)
    remarks = ReviewRemark.objects.filter(change__repository=repository_id).values_list("at", flat=True)
    return min([*reviews, *remarks], default=None)


def change_row(change: Change) -> dict[str, Any]:
    area = end_of_area(change.area_id)
    by = shipper(change)
    is_first = by is not None and lane(by)[0] == by
    is_deployed = change.state == "shipped" and change.shipped_basis == "deployment"
    shipped = change.shipped_at if is_deployed and not is_first else None
    closed = change.closed_at if change.state == "dropped" else None
    ready = change.ready_at or change.opened_at
    begun = change.first_commit_at or change.opened_at
    lines = change.counted_lines
    if lines is None and change.additions is not None and change.deletions is not None:
        lines = change.additions + change.deletions
    lead = seconds(shipped, begun)
    excused = SizeException.objects.filter(change=change).exists() or bool(EXCEPTION.search(change.message))
    return {
        "repository_id": change.repository_id, "is_demo": change.repository.is_demo,
        "scopes": scopes(change.services.all(), area), "type": change.type, "state": change.state,
        "is_draft": change.is_draft, "automation": change.automation, "origin": change.origin,
        "size_band": change.size_band, "lines": lines,
        "is_high_risk": area is not None and area.risk_level == 3,
        "opened_at": change.opened_at, "ready_at": ready, "merged_at": change.merged_at,
        "closed_at": closed, "shipped_at": shipped, "is_first_known": is_first, "has_exception": excused,
        "waited_for_tests": waited_for_tests(change),
        "waited_for_deployment": seconds(shipped, change.merged_at), "lead_seconds": lead,
        "lead_basis": "" if lead is None else "commit" if change.first_commit_at else "opened",
        "review_moments": sorted(moments(change)),
    } | review_columns(change, closed, ready)  # fmt: skip


def review_columns(change: Change, closed: datetime | None, ready: datetime | None) -> dict[str, Any]:
    end = change.merged_at or closed or datetime.max.replace(tzinfo=UTC)
    reviews = [one for one in others(change.reviews.all()) if one.submitted_at <= end]
    remarks = [one for one in others(change.remarks.all()) if one.deleted_at is None and one.at <= end]
    since = told_since(change.repository_id)
    is_told = since is not None and since <= end
    deeds = [(bytes(one.reviewer_in_change), one.submitted_at) for one in reviews]
    deeds += [(bytes(one.reviewer_in_change), one.at) for one in remarks]
    first = min((at for _, at in deeds), default=None)
    waited = None if first is None or ready is None else max(0, round((first - ready).total_seconds()))
    return {
        "reviews": len(reviews) if is_told else None,
        "rounds": rounds(reviews) if is_told else None,
        "remarks": sum(one.is_meaningful for one in remarks) if is_told else None,
        "by_senior": any(one.is_senior for one in reviews) if is_told else None,
        "active_seconds": sittings(deeds),
        "waited_for_review": waited,
    }


def others(rows: Iterable[Any]) -> list[Any]:
    return [one for one in rows if not one.is_self and not one.is_bot]


def rounds(reviews: list[Review]) -> int:
    commits = {one.commit_sha for one in reviews if one.commit_sha}
    asked = [one for one in reviews if one.state == "changes_requested"]
    return len(commits) or len(asked) + (len(asked) < len(reviews))


def sittings(deeds: list[tuple[bytes, datetime]]) -> int | None:
    found = timedelta(0)
    for who in {one for one, _ in deeds}:
        times = sorted(at for one, at in deeds if one == who)
        gaps = [later - at for at, later in zip(times, times[1:], strict=False)]
        found += sum((gap for gap in gaps if gap <= PAUSE), timedelta(0))
    return round(found.total_seconds()) or None


def waited_for_tests(change: Change) -> int | None:
    """Every minute in which any check of any of its commits was waiting or running, once."""
    if change.merged_at is None:
        return None
    shas = ChangeIdentity.objects.filter(change=change, space="sha").values_list("value", flat=True)
    runs = CheckRun.objects.filter(repository=change.repository_id, sha__in=list(shas))
    busy: set[datetime] = set()
    is_known = False
    for run in runs:
        if run.queued_at < change.merged_at:
            is_known = True
            end = min(run.completed_at or change.merged_at, change.merged_at)
            busy.update(minutes(run.queued_at, end))
    return 60 * len(busy) if is_known and busy else None


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += timedelta(minutes=1)


def moments(change: Change) -> Iterator[datetime]:
    """Days of answers begin at midnight of the organisation's zone, UTC in the tests."""
    for review in others(change.reviews.all()):
        yield review.submitted_at
    for care in ReviewCare.objects.filter(change=change):
        yield datetime(care.on.year, care.on.month, care.on.day, tzinfo=UTC)


def counts(incident: Incident) -> bool:
    return incident.duplicate_of_id is None and incident.closing_reason not in Incident.NEVER_COUNTED


def standing(incident: Incident) -> dict[tuple[int | None, int | None], str]:
    """The later of two words on one change, doubles for what stands for them; suggestions say nothing."""
    found = {}
    for cause in sorted(Cause.objects.filter(incident=incident), key=lambda one: (one.said_at, one.pk)):
        if cause.status != "suggested":
            change = cause.change.merged_into_id or cause.change_id if cause.change else None
            found[change, cause.deployment_id] = cause.status
    return found


def deployment_row(deployment: Deployment) -> dict[str, Any] | None:
    if not deployment.is_production or deployment.finished_at is None:
        return None
    if deployment.status not in ("succeeded", "failed", "cancelled"):
        return None
    held = [one for one in deployment.changes.all() if one.merged_into_id is None]
    held = [one for one in held if shipper(one) is not None]
    first = {one.pk for one in held if shipper(one) == deployment}
    words: list[tuple[str, bool]] = []
    repaired: list[bool] = []
    for incident in filter(counts, Incident.objects.filter(is_demo=deployment.repository.is_demo)):
        for (change, own), status in standing(incident).items():
            if own == deployment.pk or change in first:
                words.append((status, incident.is_restricted))
        for fix in Fix.objects.filter(incident=incident).select_related("change"):
            if (fix.change.merged_into_id or fix.change_id) in first:
                repaired.append(incident.is_restricted)
    reached = deployment.status == "succeeded"
    is_called = deployment.kind in ("rollback", "hotfix")
    veiled = [[shut for word, shut in words if word == one] for one in ("confirmed", "suspected")]
    veiled += [] if is_called else [repaired]
    service = deployment.service
    return {
        "repository_id": deployment.repository_id, "is_demo": deployment.repository.is_demo,
        "scopes": scopes([service] if service else [], end_of_area(service.area_id if service else None)),
        "service": deployment.service_id or 0, "at": deployment.finished_at, "reached_users": reached,
        "failed": reached and any(word == "confirmed" for word, _ in words),
        "suspected": reached and any(word == "suspected" for word, _ in words),
        "is_rework": reached and (is_called or bool(repaired)),
        "by_restricted": reached and any(bool(shut) and all(shut) for shut in veiled),
        "changes": len(held), "is_first_known": reached and lane(deployment)[0] == deployment,
        "is_gap": deployment.is_gap,
    }  # fmt: skip


def incident_row(incident: Incident) -> dict[str, Any] | None:
    if not counts(incident):
        return None
    is_open = incident.status in ("open", "investigating")
    ended = None if is_open else incident.mitigated_at or incident.resolved_at
    started = incident.impact_started_at or incident.detected_at
    services = list(incident.services.order_by("pk"))
    by_change = "no" if incident.cause_answer == "no_change" else "unknown"
    if "confirmed" in standing(incident).values():
        by_change = "yes"
    return {
        "is_demo": incident.is_demo, "scopes": scopes(services, end_of_area(incident.area_id)),
        "began_at": started or incident.reported_at, "ended_at": ended, "is_open": is_open,
        "seconds": seconds(ended, started), "by_change": by_change,
        "services": [one.pk for one in services], "is_restricted": incident.is_restricted,
    }  # fmt: skip


def expected() -> dict[str, dict[int, dict[str, Any]]]:
    """By table and key."""
    deployments = {one.pk: deployment_row(one) for one in Deployment.objects.all()}
    incidents = {one.pk: incident_row(one) for one in Incident.objects.all()}
    return {
        "changes": {one.pk: change_row(one) for one in Change.objects.filter(merged_into=None)},
        "deployments": {pk: row for pk, row in deployments.items() if row},
        "incidents": {pk: row for pk, row in incidents.items() if row},
    }
