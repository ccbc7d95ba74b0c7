"""What pagers and monitors say, and the rules that place it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from changes.models import Service
from incidents.models.incident import Incident
from incidents.models.taxonomy import Severity
from intake.models import Delivery, Source


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
            # When it began, as far as that was told.
            models.Index(Coalesce("opened_at", "recorded_at"), name="alert_in_time"),
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
