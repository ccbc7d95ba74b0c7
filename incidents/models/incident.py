"""Incidents, the alerts behind them and the changes that had a hand in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from changes.models import Change, Deployment, DomainArea, Environment, Service
from incidents.models.taxonomy import FactorKind, Severity
from intake.models import Delivery, Source

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from django.contrib.auth.models import AnonymousUser


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User | AnonymousUser) -> IncidentQuerySet:
        """Everyone signed in reads; a restricted incident only the people named on it. No role sees more."""
        if not user.is_authenticated:
            return self.none()
        named = Incident.people.through.objects.filter(incident_id=models.OuterRef("pk"), user_id=user.pk)
        return self.filter(Q(is_restricted=False) | models.Exists(named))

    def real(self) -> IncidentQuerySet:
        return self.filter(is_demo=False)

    def demo(self) -> IncidentQuerySet:
        return self.filter(is_demo=True)

    def counted(self) -> IncidentQuerySet:
        """What a rate may count: no duplicate, false alarm, test or cancelled one."""
        return self.exclude(closing_reason__in=Incident.NEVER_COUNTED).filter(duplicate_of=None)

    def ongoing(self) -> IncidentQuerySet:
        return self.filter(status__in=[Incident.Status.OPEN, Incident.Status.INVESTIGATING])

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
    """One outage. Times are each correctable and each may be unknown; what a person set, no event overwrites."""

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
        indexes = [models.Index(fields=["-impact_started_at"], name="incident_impact_start")]

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
        if self.is_restricted and not self.people.filter(pk=user.pk).exists():
            return False
        if user.at_least(Role.CURATOR):
            return True
        if not user.at_least(Role.AUTHOR):
            return False
        owners = {service.team_id for service in self.services.all() if service.team_id}
        return not owners or user.teams.filter(pk__in=owners).exists() or self.reported_by_id == user.pk


def _span(start: datetime | None, end: datetime | None) -> timedelta | None:
    """None when an end is missing (not applicable) or the order is impossible (invalid): never zero."""
    if start is None or end is None or end < start:
        return None
    return end - start


class AlertRule(models.Model):
    """Which alerts of a source open an incident, which join one, which do neither. The first match wins."""

    class Action(models.TextChoices):
        OPEN_OR_JOIN = "open_or_join", "Join an incident of the same service, else open one"
        JOIN_ONLY = "join_only", "Join an incident of the same service, never open one"
        KEEP_APART = "keep_apart", "Keep as an alert only"

    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=100)
    severity_at_least = models.ForeignKey(Severity, models.PROTECT, null=True, blank=True, related_name="+")
    title_pattern = models.CharField(max_length=300, blank=True, help_text="RE2; empty matches every title.")
    action = models.CharField(max_length=12, choices=Action, default=Action.OPEN_OR_JOIN)
    window_minutes = models.PositiveSmallIntegerField(default=60)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.source}: {self.get_action_display()}"


class Alert(models.Model):
    """One episode of a pager's or monitor's own record: folded from its events, in any order."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        MITIGATED = "mitigated", "Mitigated"
        RESOLVED = "resolved", "Resolved"
        DISMISSED = "dismissed", "Dismissed"

    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    number = models.CharField(max_length=40, blank=True, help_text="What people call it there.")
    dedup_key = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Severity, priority and urgency are three things: each is kept as it was told.
    severity_told = models.CharField(max_length=60, blank=True)
    severity = models.ForeignKey(Severity, models.PROTECT, null=True, blank=True, related_name="+")
    urgency = models.CharField(max_length=20, blank=True)
    service_told = models.CharField(max_length=200, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="+")
    labels = models.JSONField(default=dict, blank=True)
    is_private = models.BooleanField(default=False)
    incident = models.ForeignKey(Incident, models.SET_NULL, null=True, blank=True, related_name="alerts")
    # A person moved it: no rule moves it again.
    placed_by_person = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="alert_once")]
        indexes = [
            models.Index(fields=["dedup_key"], condition=~Q(dedup_key=""), name="alert_dedup_key"),
            models.Index(fields=["service", "-opened_at"], name="alert_of_service"),
        ]

    def __str__(self) -> str:
        return self.title or self.key


class AlertEvent(models.Model):
    """One thing that a pager said of an alert; unique by the pager's own event id."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    external_id = models.CharField(max_length=200)
    sequence = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    # Only what this event told: an absent field never blanks a known one.
    told = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "sequence", "external_id"]
        constraints = [models.UniqueConstraint(fields=["alert", "external_id"], name="alert_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


@pghistory.track()
class Cause(models.Model):
    """A change, or a deployment when nobody can tell which of its changes, had a hand in an incident.

    Suggested never counts; suspected is shown beside confirmed. Weights are stored as given, never scaled.
    """

    class RoleInIncident(models.TextChoices):
        TRIGGER = "trigger", "Trigger"
        CONTRIBUTOR = "contributor", "Contributor"

    class Status(models.TextChoices):
        SUGGESTED = "suggested", "Suggested by a rule"
        SUSPECTED = "suspected", "Suspected"
        CONFIRMED = "confirmed", "Confirmed"
        RULED_OUT = "ruled_out", "Ruled out"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="causes")
    change = models.ForeignKey(Change, models.PROTECT, null=True, blank=True, related_name="+")
    deployment = models.ForeignKey(Deployment, models.PROTECT, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=11, choices=RoleInIncident, default=RoleInIncident.TRIGGER)
    status = models.CharField(max_length=9, choices=Status, default=Status.SUSPECTED)
    weight = models.FloatField(default=1)
    rationale = models.TextField(blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    suggested_by = models.CharField(max_length=60, blank=True)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-status", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(change__isnull=False, deployment=None) | Q(change=None, deployment__isnull=False),
                name="cause_has_one_target",
            ),
            models.CheckConstraint(condition=Q(weight__gt=0), name="cause_weight_positive"),
            models.UniqueConstraint(
                fields=["incident", "change"], condition=Q(change__isnull=False), name="cause_change_once"
            ),
            models.UniqueConstraint(
                fields=["incident", "deployment"],
                condition=Q(deployment__isnull=False),
                name="cause_deployment_once",
            ),
        ]
        indexes = [models.Index(fields=["change", "status"], name="cause_of_change")]

    def __str__(self) -> str:
        return f"{self.change or self.deployment} in {self.incident}"


class Fix(models.Model):
    """This change repaired that incident. No weight: a repair is not a cause."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="fixes")
    change = models.ForeignKey(Change, models.PROTECT, related_name="+")
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "fixes"
        constraints = [models.UniqueConstraint(fields=["incident", "change"], name="fix_once")]

    def __str__(self) -> str:
        return f"{self.change} repaired {self.incident}"


class ContributingFactor(models.Model):
    """What made it possible besides a change."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="factors")
    kind = models.ForeignKey(FactorKind, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    evidence_url = models.URLField(max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text[:80]


class TimelineEntry(models.Model):
    """Something that happened: when it happened apart from when it was written down."""

    class Kind(models.TextChoices):
        STATUS = "status", "Status"
        ALERT = "alert", "Alert"
        CHANGE = "change", "Change or deployment"
        DETECTION = "detection", "Detection"
        HYPOTHESIS = "hypothesis", "Hypothesis"
        DECISION = "decision", "Decision"
        ACTION = "action", "Action taken"
        MITIGATION = "mitigation", "Mitigation"
        COMMUNICATION = "communication", "Communication"
        NOTE = "note", "Note"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="timeline")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=13, choices=Kind, default=Kind.NOTE)
    text = models.TextField()
    evidence_url = models.URLField(max_length=500, blank=True)
    starred = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    # Entries that the product makes carry the record they come from; `origin_key` makes them come once.
    origin_key = models.CharField(max_length=250, blank=True)
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, blank=True, related_name="+")
    deployment = models.ForeignKey(Deployment, models.SET_NULL, null=True, blank=True, related_name="+")
    written_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["occurred_at", "id"]
        verbose_name_plural = "timeline entries"
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "origin_key"], condition=~Q(origin_key=""), name="timeline_entry_once"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
