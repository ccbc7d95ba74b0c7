"""Any sender of JSON: `{"change": {...}}` or `{"deployment": {...}}`; docs/webhooks.md has the fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from changes.facts import (
    ChangeFact,
    DeclaredKind,
    DeploymentFact,
    DeploymentStep,
    FileFact,
    RepositoryFact,
)
from changes.models import Change, Deployment, Origin
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository
from intake.models import Delivery
from intake.sources import Letter, SharedSecret, Unprocessable, body_key, instant

STATES = {"open", "merged", "dropped"}
SHA_ROLES = {"head", "merge", "squash", "landed"}


class GenericChange(SharedSecret):
    kind = "generic-change"
    title = "Changes and deployments as JSON"

    def key(self, letter: Letter) -> str:
        return letter.header("Idempotency-Key") or body_key(letter)

    def event(self, letter: Letter) -> str:
        body = letter.body
        return "deployment" if b'"deployment"' in body else "change" if b'"change"' in body else "unknown"

    def handle(self, delivery: Delivery, letter: Letter) -> None:
        document = Reader(letter.document, "")
        repository = find_or_make_repository(fact=repository_fact(document.part("repository")))
        if "change" in letter.document:
            fact = change_fact(document.part("change"))
            record_changes(repository=repository, facts=[fact], delivery=delivery)
        elif "deployment" in letter.document:
            told = deployment_fact(document.part("deployment"))
            record_deployments(repository=repository, facts=[told], source=delivery.source, delivery=delivery)
        else:
            raise Unprocessable("Neither 'change' nor 'deployment' is there")


class Reader:
    """A JSON object read field by field, every refusal naming the field."""

    def __init__(self, found: Mapping[str, Any], name: str) -> None:
        self._found, self._name = found, name

    def _of(self, name: str, *kinds: type) -> Any:
        value = self._found.get(name)
        if value is None:
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Unprocessable(f"{self._name}{name}: {value!r} is not a {kinds[0].__name__}")
        return value

    def part(self, name: str) -> Reader:
        value = self._of(name, dict)
        if value is None:
            raise Unprocessable(f"{self._name}{name} is missing")
        return Reader(value, f"{self._name}{name}.")

    def parts(self, name: str) -> list[Reader] | None:
        value = self._of(name, list)
        if value is None:
            return None
        if not all(isinstance(one, dict) for one in value):
            raise Unprocessable(f"{self._name}{name}: not all are objects")
        return [Reader(one, f"{self._name}{name}[{index}].") for index, one in enumerate(value)]

    def text(self, name: str) -> str | None:
        value = self._of(name, str, int)
        return None if value is None else str(value)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Unprocessable(f"{self._name}{name} is missing")
        return value

    def choice(self, name: str, allowed: set[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise Unprocessable(f"{self._name}{name}: {value!r} is none of {', '.join(sorted(allowed))}")
        return value

    def count(self, name: str) -> int | None:
        value = self._of(name, int)
        if value is not None and not 0 <= value < 2**31:
            raise Unprocessable(f"{self._name}{name}: {value} is out of range")
        return None if value is None else int(value)

    def yes(self, name: str) -> bool | None:
        value = self._of(name, bool)
        return None if value is None else bool(value)

    def time(self, name: str) -> datetime | None:
        return instant(self._found.get(name))

    def time_needed(self, name: str) -> datetime:
        value = self.time(name)
        if value is None:
            raise Unprocessable(f"{self._name}{name} is missing")
        return value

    def texts(self, name: str) -> tuple[str, ...] | None:
        value = self._of(name, list)
        if value is not None and not all(isinstance(one, str) for one in value):
            raise Unprocessable(f"{self._name}{name}: not all are texts")
        return None if value is None else tuple(value)


def repository_fact(found: Reader) -> RepositoryFact:
    return RepositoryFact(
        name=found.needed("name"),
        host=found.text("host") or "",
        forge_id=found.text("id") or "",
        origin_address=found.text("address") or "",
        default_branch=found.text("default_branch") or "",
    )


def change_fact(found: Reader) -> ChangeFact:
    """`id`, `number` or a commit names it; `at` is the time of the event that tells."""
    number, external = found.text("number") or "", found.text("id") or ""
    shas = tuple(
        (one.choice("role", SHA_ROLES) or "landed", one.needed("sha")) for one in found.parts("commits") or ()
    )
    if not (number or external or shas):
        raise Unprocessable("change needs an id, a number or commits: nothing names it")
    state, merged_at = found.choice("state", STATES), found.time("merged_at")
    if state == "merged" and merged_at is None:
        raise Unprocessable("change.merged_at is missing")
    files = found.parts("files")
    return ChangeFact(
        told_at=found.time_needed("at"),
        number=number,
        external_id=external,
        shas=shas,
        state="merged" if merged_at else state,
        type=found.choice("type", set(Change.Type.values)),
        is_draft=found.yes("draft"),
        title=found.text("title"),
        message=found.text("message"),
        url=found.text("url"),
        branch=found.text("branch"),
        labels=found.texts("labels"),
        opened_at=found.time("opened_at"),
        merged_at=merged_at,
        closed_at=found.time("closed_at"),
        additions=found.count("additions"),
        deletions=found.count("deletions"),
        files_changed=found.count("files_changed"),
        files=None if files is None else tuple(_file(one) for one in files),
        declared_origin=found.choice("origin", set(Origin.values)) or "",
        declared_assistant=found.text("assistant") or "",
        declared_kinds=tuple(
            DeclaredKind(one.needed("kind"), one.text("assistant") or "")
            for one in found.parts("assistances") or ()
        ),
        services=found.texts("services") or (),
    )


def _file(found: Reader) -> FileFact:
    return FileFact(found.needed("path"), found.count("added"), found.count("deleted"))


def deployment_fact(found: Reader) -> DeploymentFact:
    at = found.time_needed("at")
    status = found.choice("status", set(Deployment.Status.values))
    external = found.needed("id")
    step = DeploymentStep(f"{external}:{status}:{at.isoformat()}", status, at) if status else None
    return DeploymentFact(
        external_id=external,
        environment=found.needed("environment"),
        told_at=at,
        is_production=found.yes("is_production"),
        kind=found.choice("kind", set(Deployment.Kind.values)),
        sha=found.text("sha"),
        ref=found.text("ref"),
        url=found.text("url"),
        service=found.text("service") or "",
        requested_at=found.time("requested_at"),
        steps=(step,) if step else (),
    )
