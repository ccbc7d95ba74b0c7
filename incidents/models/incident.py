"""Incidents, the alerts behind them and the changes that had a hand in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from changes.models import DomainArea, Environment, Service
from incidents.models.taxonomy import IncidentType, Severity
from intake.models import Source

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from django.contrib.auth.models import AnonymousUser


def _names(user: User) -> models.QuerySet[Any]:
    """Whether the person is named on the incident of the outer query."""
    return Incident.people.through.objects.filter(incident_id=models.OuterRef("pk"), user_id=user.pk)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User | AnonymousUser) -> IncidentQuerySet:
        """Everyone signed in reads; a restricted incident only the people named on it. No role sees more."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(is_restricted=False) | models.Exists(_names(user)))

    def hidden_from(self, user: User | AnonymousUser) -> IncidentQuerySet:
        """All others: for counts that must not tell them."""
        if not user.is_authenticated:
            return self.all()
        return self.filter(~models.Exists(_names(user)), is_restricted=True)

    def real(self) -> IncidentQuerySet:
        return self.filter(is_demo=False)

    def demo(self) -> IncidentQuerySet:
        return self.filter(is_demo=True)

    def counted(self) -> IncidentQuerySet:
        """What a rate may count: no duplicate, false alarm, test or cancelled one."""
        return self.exclude(closing_reason__in=Incident.NEVER_COUNTED).filter(duplicate_of=None)

    def ongoing(self) -> IncidentQuerySet:
        return self.filter(status__in=[Incident.Status.OPEN, Incident.Status.INVESTIGATING])

    def read_by(self, user: User) -> IncidentQuerySet:
        """With what `may_be_edited_by` asks about this person, in the same statement."""
        named = Incident.people.through.objects.filter(incident_id=models.OuterRef("pk"), user_id=user.pk)
        owning = Incident.services.through.objects.filter(
            incident_id=models.OuterRef("pk"), service__team__members=user.pk
        )
        return self.annotate(
            reader_id=models.Value(user.pk),
            reader_is_named=models.Exists(named),
            reader_owns=models.Exists(owning),
        )

    def for_list(self) -> IncidentQuerySet:
        return self.select_related("severity", "area", "postmortem").prefetch_related("services")


TIMES = (
    "impact_started_at",
    "detected_at",
    "acknowledged_at",
    "mitigated_at",
    "resolved_at",
    "reported_at",
)


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=["version", "recorded_at"])),
)
class Incident(models.Model):
    """One outage. Each time can be corrected and may be unknown; what a person set, no event overwrites."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        INVESTIGATING = "investigating", "Investigating"
        MITIGATED = "mitigated", "Mitigated"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"

    class ClosingReason(models.TextChoices):
        RESOLVED = "resolved", "Resolved"
        DUPLICATE = "duplicate", "Duplicate"
        FALSE_ALARM = "false_alarm", "False alarm"
        TEST = "test", "Test"
        CANCELLED = "cancelled", "Cancelled"

    class CauseAnswer(models.TextChoices):
        OPEN = "open", "Not answered yet"
        CHANGES = "changes", "Changes had a hand in it"
        NO_CHANGE = "no_change", "No change involved"
        NOT_DETERMINED = "not_determined", "Not determined"

    NEVER_COUNTED = (
        ClosingReason.DUPLICATE,
        ClosingReason.FALSE_ALARM,
        ClosingReason.TEST,
        ClosingReason.CANCELLED,
    )

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    status = models.CharField(max_length=13, choices=Status, default=Status.OPEN)
    closing_reason = models.CharField(max_length=11, choices=ClosingReason, blank=True)
    severity = models.ForeignKey(Severity, models.PROTECT, null=True, blank=True, related_name="incidents")
    type = models.ForeignKey(IncidentType, models.PROTECT, null=True, blank=True, related_name="+")

    impact_started_at = models.DateTimeField(null=True, blank=True)
    detected_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Fields that a person has set: events no longer write them.
    held_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    services = models.ManyToManyField(Service, blank=True, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    environment = models.ForeignKey(Environment, models.PROTECT, null=True, blank=True, related_name="+")
    impact = models.CharField(max_length=300, blank=True, help_text="One sentence: who noticed what.")
    # Up to three: [{"label": "failed payments", "value": 1200, "unit": "payments"}]
    impact_numbers = models.JSONField(default=list, blank=True)
    cause_answer = models.CharField(max_length=14, choices=CauseAnswer, default=CauseAnswer.OPEN)

    is_restricted = models.BooleanField(default=False)
    people = models.ManyToManyField(
        User, blank=True, related_name="+", help_text="Who may see it while it is restricted."
    )
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    reported_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+")
    dedup_key = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[IncidentQuerySet] = IncidentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "dedup_key"],
                condition=~Q(dedup_key=""),
                nulls_distinct=False,
                name="incident_dedup_key",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | ~Q(closing_reason=""), name="incident_closed_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=models.F("id")),
                name="incident_not_its_own_duplicate",
            ),
        ]
        indexes = [
            models.Index(fields=["-impact_started_at"], name="incident_impact_start"),
            # What the first page counts of a year, and of what goes on, without reading the rows.
            models.Index(
                fields=["reported_at"],
                include=["id", "closing_reason", "is_restricted", "is_demo"],
                condition=Q(duplicate_of=None),
                name="incident_reported",
            ),
            models.Index(
                fields=["status"],
                condition=Q(duplicate_of=None, status__in=["open", "investigating"]),
                name="incident_ongoing",
            ),
            models.Index(fields=["id"], condition=Q(is_restricted=True), name="incident_restricted"),
        ]

    def __str__(self) -> str:
        return f"INC-{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.number])

    @property
    def began_at(self) -> datetime:
        """The best known beginning: impact, else detection, else the report."""
        return self.impact_started_at or self.detected_at or self.reported_at

    @property
    def time_to_detect(self) -> timedelta | None:
        return _span(self.impact_started_at, self.detected_at)

    @property
    def time_to_resolve(self) -> timedelta | None:
        return _span(self.impact_started_at or self.detected_at, self.resolved_at)

    @property
    def times_in_wrong_order(self) -> list[str]:
        """Names of times that lie before the one that must come first; a duration over them is invalid."""
        start = self.impact_started_at
        late = [self.mitigated_at, self.resolved_at]
        wrong = []
        if start:
            wrong += [
                name
                for name, at in [
                    ("detected_at", self.detected_at),
                    ("acknowledged_at", self.acknowledged_at),
                    ("mitigated_at", late[0]),
                    ("resolved_at", late[1]),
                ]
                if at is not None and at < start
            ]
        if self.mitigated_at and self.resolved_at and self.resolved_at < self.mitigated_at:
            wrong.append("resolved_at")
        return list(dict.fromkeys(wrong))

    def may_be_edited_by(self, user: User) -> bool:
        """Authors write where their team owns a service, or where nobody owns one; curators everywhere."""
        is_known = getattr(self, "reader_id", None) == user.pk
        if self.is_restricted and not (
            self.reader_is_named if is_known else self.people.filter(pk=user.pk).exists()  # type: ignore[attr-defined]
        ):
            return False
        if user.at_least(Role.CURATOR):
            return True
        if not user.at_least(Role.AUTHOR):
            return False
        owners = {service.team_id for service in self.services.all() if service.team_id}
        if not owners or self.reported_by_id == user.pk:
            return True
        return self.reader_owns if is_known else user.teams.filter(pk__in=owners).exists()  # type: ignore[attr-defined]


def _span(start: datetime | None, end: datetime | None) -> timedelta | None:
    """None when an end is missing (not applicable) or the order is impossible (invalid): never zero."""
    if start is None or end is None or end < start:
        return None
    return end - start
