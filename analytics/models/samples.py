"""Drawn changes that people are asked about, so that what is missing is known in numbers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Team, User
from changes.models import Change, Decision, Repository


class Sample(models.Model):
    """Some of the changes without an origin, drawn by lot from `population` of them; people answer.

    `drawn_from` are the changes that were shipped in [since, until] within the scope, `population` those of
    them whose origin was unknown when the lots were drawn.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, blank=True, related_name="+")
    since = models.DateField()
    until = models.DateField()
    seed = models.BigIntegerField()
    drawn_from = models.PositiveIntegerField()
    population = models.PositiveIntegerField()
    # Of `drawn_from`, when drawn: {"marked": 12, "declared": 3, "manual": 40}
    known = models.JSONField(default=dict)
    drawn_at = models.DateTimeField(default=timezone.now)
    drawn_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-drawn_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since")), name="sample_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=models.Q(population__lte=models.F("drawn_from")), name="sample_within_its_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"sample of {self.drawn_at:%Y-%m-%d}"


class SampledChange(models.Model):
    """One drawn change; `decision` is what was said of it, "cannot say" is an answer too."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="drawn")
    change = models.ForeignKey(Change, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    decision = models.ForeignKey(Decision, models.SET_NULL, null=True, blank=True, related_name="+")
    cannot_say = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "change"], name="sampled_once"),
            models.UniqueConstraint(fields=["sample", "position"], name="sampled_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.sample}: {self.change}"
