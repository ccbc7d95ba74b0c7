"""Features: changes grouped by the impact they were made for, and what was measured of it."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from changes.models.taxonomy import DomainArea


class FeatureQuerySet(models.QuerySet["Feature"]):
    def offered(self) -> FeatureQuerySet:
        """What a form may put changes into."""
        return self.filter(retired_on=None)

    def answered(self) -> FeatureQuerySet:
        return self.exclude(worth_it="")


@pghistory.track()
class Feature(models.Model):
    """One metric of the team's choice, what it was before, and what it was made better for.

    Its slug never alters: messages and labels of changes name it.
    """

    class Direction(models.TextChoices):
        MORE = "more", "More is better"
        LESS = "less", "Less is better"

    name = models.CharField(max_length=160)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    metric = models.CharField(max_length=120, blank=True, help_text="What it is to make better.")
    unit = models.CharField(max_length=40, blank=True)
    direction = models.CharField(max_length=4, choices=Direction, default=Direction.MORE)
    baseline = models.FloatField(null=True, blank=True, help_text="What it was before.")
    baseline_from = models.DateField(null=True, blank=True)
    baseline_to = models.DateField(null=True, blank=True)
    baseline_source = models.CharField(max_length=200, blank=True)
    # The day after which the team means to say whether it was worth it, where it said so beforehand.
    measured_until = models.DateField(null=True, blank=True)
    begun_on = models.DateField(null=True, blank=True)
    retired_on = models.DateField(null=True, blank=True)
    retired_reason = models.TextField(blank=True)
    worth_it = models.TextField(blank=True, help_text="Was this worth the ongoing hassle?")
    worth_it_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    worth_it_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[FeatureQuerySet] = FeatureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(baseline_from=None)
                | Q(baseline_to=None)
                | Q(baseline_from__lte=F("baseline_to")),
                name="feature_baseline_in_order",
            ),
            models.CheckConstraint(
                condition=Q(worth_it="") | Q(worth_it_at__isnull=False), name="feature_answer_has_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("analytics:feature", args=[self.slug])


class Measurement(models.Model):
    """What a feature's metric was in one period, as its source says. Never altered; may be taken back.

    `low` and `high` are as that source gives them: none is reckoned here.
    """

    feature = models.ForeignKey(Feature, models.CASCADE, related_name="measurements")
    value = models.FloatField()
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    begins_on = models.DateField()
    ends_on = models.DateField(help_text="Its last day.")
    source = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["ends_on", "said_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(begins_on__lte=F("ends_on")), name="measurement_in_order"),
            models.CheckConstraint(
                condition=(Q(low=None) | Q(low__lte=F("value"))) & (Q(high=None) | Q(high__gte=F("value"))),
                name="measurement_within_its_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value:g} until {self.ends_on}"
