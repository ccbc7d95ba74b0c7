"""What happened when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from changes.models import Deployment
from incidents.models.alert import Alert
from incidents.models.incident import Incident


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
