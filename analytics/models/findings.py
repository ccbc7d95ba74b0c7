"""What the figures say, what was shown when, and what a team did about it."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import User
from analytics.flow_weeks import label
from changes.models import AssistanceKind, DomainArea, SizeBand


class Signal(models.Model):
    """A pattern that passed the decision rule; stays listed until somebody reviews it."""

    class Review(models.TextChoices):
        OPEN = "open", "Not reviewed"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        DISMISSED = "dismissed", "Dismissed"
        SAFEGUARDED = "safeguarded", "Safeguard adopted"

    kind = models.ForeignKey(AssistanceKind, models.PROTECT, related_name="+")
    # NULL: the kind as a whole, over all areas.
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    # The strongest that was shown since it was opened, and the most evidence.
    state = models.CharField(max_length=30)
    evidence = models.FloatField()
    first_shown_on = models.DateField()
    last_shown_on = models.DateField()
    review = models.CharField(max_length=12, choices=Review, default=Review.OPEN)
    review_reason = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["-first_shown_on"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(review="dismissed") | ~models.Q(review_reason=""),
                name="signal_dismissed_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.area or 'all areas'}"


class SignalShown(models.Model):
    """What the decision rule said on a day, with the figures it rested on: never altered."""

    kind = models.ForeignKey(AssistanceKind, models.PROTECT, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    on = models.DateField()
    state = models.CharField(max_length=30)
    figures = models.JSONField()
    rule_version = models.PositiveIntegerField()
    generation = models.BigIntegerField(help_text="The ledger's last id when it was computed.")
    is_demo = models.BooleanField(default=False, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-on"]
        verbose_name_plural = "signals shown"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "area", "on", "is_demo"], nulls_distinct=False, name="signal_shown_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} on {self.on}"


@pghistory.track()
class Safeguard(models.Model):
    """What a team adopts because of a signal: its scope and its first day."""

    signal = models.ForeignKey(Signal, models.SET_NULL, null=True, blank=True, related_name="safeguards")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.ForeignKey(AssistanceKind, models.PROTECT, null=True, blank=True, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    size_bands = ArrayField(models.CharField(max_length=8, choices=SizeBand), default=list, blank=True)
    path_globs = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    end_reason = models.TextField(blank=True)
    adopted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="safeguard_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return self.title


class FrozenWeek(models.Model):
    """A closed week: its figures as they were, with the versions of what made them."""

    begins_on = models.DateField()
    is_demo = models.BooleanField(default=False, editable=False)
    closed_at = models.DateTimeField(default=timezone.now)
    closed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    figures = models.JSONField()
    versions = models.JSONField()
    notes = models.TextField(blank=True)
    generation = models.BigIntegerField()

    class Meta:
        ordering = ["-begins_on"]
        constraints = [models.UniqueConstraint(fields=["begins_on", "is_demo"], name="week_frozen_once")]

    def __str__(self) -> str:
        return f"week of {self.begins_on}"

    @property
    def label(self) -> str:
        return label(self.begins_on)
