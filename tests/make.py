"""Makers of rows for tests: each gives a valid one, whatever is passed decides."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import ApiToken, Role, User
from accounts.services import issue_token
from changes.models import Change, Deployment, DomainArea, Environment, Repository, Service
from incidents.models import ActionItem, Incident, Lesson, Postmortem
from intake.models import Source
from intake.sealing import seal

_numbers = count(1)
SECRET = "a secret of the tests"


def source(kind: str = "pagerduty", *, secret: str | None = SECRET, **over: Any) -> Source:
    number = next(_numbers)
    values: dict[str, Any] = {"slug": f"{kind}-{number}", "name": f"{kind} {number}", "kind": kind}
    if secret is not None:
        values["secret_sealed"] = seal(secret)
    return Source.objects.create(**(values | over))


def service(name: str = "", **over: Any) -> Service:
    name = name or f"Service {next(_numbers)}"
    return Service.objects.create(**({"name": name, "slug": name.lower().replace(" ", "-")} | over))


def user(role: Role = Role.AUTHOR, **over: Any) -> User:
    return User.objects.create_user(**({"username": f"person-{next(_numbers)}", "role": role} | over))


def token(owner: User, scopes: list[str], **over: Any) -> tuple[ApiToken, str]:
    """The row, and the text that a request carries."""
    made, text = issue_token(user=owner, name="tests", scopes=scopes, expires_at=None, by=owner)
    if over:
        ApiToken.objects.filter(pk=made.pk).update(**over)
        made.refresh_from_db()
    return made, text


def area(slug: str = "", **over: Any) -> DomainArea:
    slug = slug or f"area-{next(_numbers)}"
    return DomainArea.objects.create(**({"slug": slug, "name": slug.capitalize()} | over))


def repository(**over: Any) -> Repository:
    return Repository.objects.create(**({"name": f"shop/repository-{next(_numbers)}"} | over))


def change(**over: Any) -> Change:
    """A shipped code change of unknown origin."""
    at = over.get("shipped_at") or datetime(2026, 3, 2, 12, tzinfo=UTC)
    values: dict[str, Any] = {
        "title": f"Change {next(_numbers)}",
        "state": Change.State.SHIPPED,
        "merged_at": at,
        "shipped_at": at,
        "shipped_basis": Change.ShippedBasis.MERGE,
    }
    values |= over
    if "repository" not in values:
        values["repository"] = repository()
    return Change.objects.create(**values)


def deployment(**over: Any) -> Deployment:
    values: dict[str, Any] = {
        "external_id": f"deployment-{next(_numbers)}",
        "status": Deployment.Status.SUCCEEDED,
        "finished_at": datetime(2026, 3, 3, 9, tzinfo=UTC),
        "is_production": True,
    }
    values |= over
    if "repository" not in values:
        values["repository"] = repository()
    if "environment" not in values:
        values["environment"] = Environment.objects.get_or_create(source=None, name="production")[0]
    return Deployment.objects.create(**values)


def incident(*, people: list[User] | None = None, **over: Any) -> Incident:
    """An open incident with a postmortem not started; `people` see it while it is restricted."""
    number = next(_numbers)
    values = {"number": number, "title": f"Outage {number}", "reported_at": timezone.now()} | over
    made = Incident.objects.create(**values)
    made.people.set(people or [])
    Postmortem.objects.create(incident=made)
    return made


def lesson(*incidents: Incident, **over: Any) -> Lesson:
    made = Lesson.objects.create(**({"text": f"Check the retries, part {next(_numbers)}"} | over))
    made.incidents.set(incidents)
    return made


def action(of: Incident, **over: Any) -> ActionItem:
    return ActionItem.objects.create(
        **({"incident": of, "title": f"Alert on retries {next(_numbers)}"} | over)
    )
