"""What had a hand in an incident, what repaired it, and what made it possible."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from changes.models import Change, Deployment
from incidents.models.incident import Incident
from incidents.models.taxonomy import FactorKind


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
