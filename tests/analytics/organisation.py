"""A small organisation whose people and machines write through the product's own services."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Role, User
from changes.facts import ChangeFact, CommitFact, FileFact, Identity
from changes.models import AssistanceKind, Assistant, Change, DomainArea, FollowUp, Repository
from changes.services import origin, places, recording, taxonomy
from changes.services.shipping import declare_merged_is_shipped
from changes.wiring import landed_change
from incidents.models import Cause, Incident
from incidents.services import causes, incidents
from incidents.services.doubles import follow_doubles
from tests import make
from tests.analytics import histories

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
ADA = Identity("Ada Example", "ada@example.org", "adaexample")


class Organisation:
    def __init__(self) -> None:
        self.numbers = count(1)
        self.by: User = make.user(Role.CURATOR)
        self.repository: Repository = histories.repository(merged_is_shipped=True)
        self.kinds = [histories.kind(slug) for slug in ("generation", "refactoring", "tests-of-units")]
        self.areas = [histories.area(slug) for slug in ("payments", "search", "lookup")]
        self.tool = Assistant.objects.create(slug="helper", name="Helper")
        self.now = BEGIN

    def changes(self) -> list[Change]:
        return list(Change.objects.current().order_by("pk"))

    def any_change(self, pick: int) -> Change | None:
        found = self.changes()
        return found[pick % len(found)] if found else None

    def any_incident(self, pick: int) -> Incident | None:
        found = list(Incident.objects.order_by("pk"))
        return found[pick % len(found)] if found else None

    # What can happen. Each takes two free numbers and does nothing where it has nothing to do.

    def ship(self, pick: int, other: int) -> None:
        number = next(self.numbers)
        at = self.now - timedelta(days=pick * 7 % 60)
        fact = ChangeFact(
            told_at=at, number=str(number), state="merged", title=f"Change {number}", merged_at=at,
            files=(FileFact("app/pay.py", other * 40, 5),), shas=(("merge", f"{number:040x}"),),
        )  # fmt: skip
        recording.record_changes(repository=self.repository, facts=[fact])

    def commit_that_is_a_request(self, pick: int, other: int) -> None:
        """A direct commit, known and named by itself, turns out to be a request that was open before."""
        number = next(self.numbers)
        at = self.now - timedelta(days=1)
        opened = ChangeFact(told_at=at, number=str(number), state="open", shas=(("head", f"{number:040x}"),))
        landed = CommitFact(f"{number:039x}f", "Pay once", at, ADA, ADA)
        direct = landed_change(landed, is_merge=False, files=(FileFact("app/pay.py", 10, 5),))
        recording.record_changes(repository=self.repository, facts=[direct])
        recording.record_changes(repository=self.repository, facts=[opened])
        double = self.changes()[-2]
        incident = self.any_incident(pick)
        if incident:
            self._cause(incident, double, "confirmed", 1)
        merged = replace(
            opened, state="merged", merged_at=at, told_at=self.now, shas=(("merge", landed.sha),)
        )
        recording.record_changes(repository=self.repository, facts=[merged])
        if other % 2:
            follow_doubles()

    def revert(self, pick: int, other: int) -> None:
        change = self.any_change(pick)
        if change is None or not change.identities.filter(space="sha").exists():
            return
        sha = change.identities.filter(space="sha").order_by("pk").first()
        number = next(self.numbers)
        verb = "Reapplies" if other % 3 == 2 else "This reverts commit"
        fact = ChangeFact(
            told_at=self.now, number=str(number), state="merged", merged_at=self.now,
            title=f'Revert "{change.title}"', message=f"{verb} {sha.value if sha else ''}.",
            shas=(("merge", f"{number:040x}"),),
        )  # fmt: skip
        recording.record_changes(repository=self.repository, facts=[fact])

    def fix(self, pick: int, other: int) -> None:
        change = self.any_change(pick)
        number = next(self.numbers)
        sha = change and change.identities.filter(space="sha").first()
        if not sha:
            return
        fact = ChangeFact(
            told_at=self.now, number=str(number), state="merged", merged_at=self.now, title="Fix it",
            message=f"Fixes: {sha.value[:12]}",
            shas=(("merge", f"{number:040x}"),),
        )  # fmt: skip
        recording.record_changes(repository=self.repository, facts=[fact])

    def follow_up(self, pick: int, other: int) -> None:
        change, fix = self.any_change(pick), self.any_change(other)
        if change and fix and change != fix and change.shipped_at:
            FollowUp.objects.filter(change=change, fix=fix).delete()
            histories.follow_up(change, fix, days_later=other)

    def say_origin(self, pick: int, other: int) -> None:
        change = self.any_change(pick)
        if change:
            said = ("manual", "assisted", "autonomous")[other % 3]
            origin.say_origin(
                change_id=change.pk, origin=said, by=self.by, prompted_by="queue", now=self.now,
                assistant=self.tool if other % 2 else None,
            )  # fmt: skip

    def say_kind(self, pick: int, other: int) -> None:
        change = self.any_change(pick)
        if change:
            kind = AssistanceKind.objects.get(pk=self.kinds[other % 3].pk)
            verdict = "dismissed" if other % 5 == 4 else "confirmed"
            origin.say_kind(
                change_id=change.pk, kind=kind, by=self.by, prompted_by="queue", now=self.now, verdict=verdict
            )

    def say_area(self, pick: int, other: int) -> None:
        change = self.any_change(pick)
        if change:
            areas = [*self.areas, None]
            places.say_area(change_id=change.pk, area=areas[other % 4], by=self.by)

    def merge_terms(self, pick: int, other: int) -> None:
        terms: list[Any] = list((DomainArea if pick % 2 else AssistanceKind).objects.order_by("pk"))
        term, into = terms[pick % len(terms)], terms[other % len(terms)]
        if term.merged_into_id:
            taxonomy.unmerge_term(term=term, by=self.by)
        elif term != into and not into.merged_into_id:
            taxonomy.merge_terms(term=term, into=into, by=self.by, now=self.now)

    def open_incident(self, pick: int, other: int) -> None:
        began = self.now - timedelta(days=pick % 40)
        area = self.areas[other % 3] if other % 2 else None
        incident = make.incident(
            impact_started_at=began, reported_at=began, area=area, is_restricted=other % 4 == 0
        )
        histories.touched(incident)
        change = self.any_change(pick)
        if change:
            self._cause(incident, change, "confirmed" if other % 2 else "suspected", 1 + other % 3)

    def name_cause(self, pick: int, other: int) -> None:
        incident, change = self.any_incident(pick), self.any_change(other)
        if incident and change:
            status = ("suspected", "confirmed", "ruled_out")[(pick + other) % 3]
            self._cause(incident, change, status, 1 + pick % 3)

    def _cause(self, incident: Incident, change: Change, status: str, weight: float) -> None:
        causes.name_cause(
            incident_id=incident.pk, change_id=change.pk, status=status, weight=weight, by=self.by,
            now=self.now,
        )  # fmt: skip

    def forget_cause(self, pick: int, other: int) -> None:
        found = list(Cause.objects.order_by("pk"))
        if found:
            causes.forget_cause(cause_id=found[pick % len(found)].pk, by=self.by)

    def close(self, pick: int, other: int) -> None:
        incident = self.any_incident(pick)
        if incident and incident.status == Incident.Status.CLOSED:
            incidents.reopen(incident_id=incident.pk, by=self.by, now=self.now)
        elif incident:
            reason = ("false_alarm", "resolved", "test", "cancelled")[other % 4]
            incidents.close(incident_id=incident.pk, reason=reason, by=self.by, now=self.now)

    def drop(self, pick: int, other: int) -> None:
        """A repository says that its merges do not ship, or that they do after all."""
        self.repository.refresh_from_db()
        declare_merged_is_shipped(
            repository=self.repository, is_so=not self.repository.merged_is_shipped, by=self.by
        )

    def retime(self, pick: int, other: int) -> None:
        incident = self.any_incident(pick)
        if incident:
            began = self.now - timedelta(days=other * 3)
            Incident.objects.filter(pk=incident.pk).update(impact_started_at=began)
            causes.refresh_first_incidents(incident_id=incident.pk)
            histories.touched(incident)


STEPS = (
    "ship", "ship", "ship", "commit_that_is_a_request", "revert", "fix", "follow_up", "say_origin",
    "say_kind", "say_area", "merge_terms", "open_incident", "name_cause", "forget_cause", "close", "drop",
    "retime",
)  # fmt: skip
