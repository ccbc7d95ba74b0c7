"""Reviews of changes, with reviewers as keyed hashes only."""

from __future__ import annotations

from django.db import models

from changes.models.change import Change
from intake.models import Delivery


class DayKey(models.Model):
    """The key of a day's reviewer pseudonyms; it goes with the raw deliveries, and with it the way back."""

    day = models.DateField(unique=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class Review(models.Model):
    """One review of a change. The reviewer is two keyed hashes: one per change, one per day."""

    class State(models.TextChoices):
        APPROVED = "approved", "Approved"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        COMMENTED = "commented", "Commented"
        DISMISSED = "dismissed", "Dismissed"

    change = models.ForeignKey(Change, models.CASCADE, related_name="reviews")
    external_id = models.CharField(max_length=60)
    state = models.CharField(max_length=18, choices=State)
    submitted_at = models.DateTimeField()
    commit_sha = models.CharField(max_length=64, blank=True)
    reviewer_in_change = models.BinaryField(max_length=32)
    reviewer_on_day = models.BinaryField(max_length=32, null=True, blank=True)
    is_self = models.BooleanField(default=False)
    is_bot = models.BooleanField(default=False)
    is_senior = models.BooleanField(default=False)
    comments = models.PositiveIntegerField(null=True, blank=True)
    told_at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["submitted_at"]
        constraints = [models.UniqueConstraint(fields=["change", "external_id"], name="review_once")]

    def __str__(self) -> str:
        return f"{self.state} at {self.submitted_at:%Y-%m-%d %H:%M}"
