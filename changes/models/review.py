"""Reviews of changes, with reviewers as keyed hashes only."""

from __future__ import annotations

import pghistory
from django.db import models
from django.utils import timezone

from accounts.models import User
from changes.models.change import Change
from changes.models.places import Repository
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
        indexes = [models.Index(fields=["submitted_at"], name="review_submitted")]

    def __str__(self) -> str:
        return f"{self.state} at {self.submitted_at:%Y-%m-%d %H:%M}"


class ReviewRemark(models.Model):
    """One comment on a change: its words are read in memory, only whether they mean something is kept."""

    class Kind(models.TextChoices):
        INLINE = "inline", "On a line"
        THREAD = "thread", "In the conversation"

    change = models.ForeignKey(Change, models.CASCADE, related_name="remarks")
    external_id = models.CharField(max_length=60)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.INLINE)
    at = models.DateTimeField()
    reviewer_in_change = models.BinaryField(max_length=32)
    reviewer_on_day = models.BinaryField(max_length=32, null=True, blank=True)
    is_self = models.BooleanField(default=False)
    is_bot = models.BooleanField(default=False)
    # More than an emoji or "LGTM": the published rule stands in `changes.remarks`.
    is_meaningful = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["change", "kind", "external_id"], name="remark_once")]

    def __str__(self) -> str:
        return f"{self.kind} remark at {self.at:%Y-%m-%d %H:%M}"


@pghistory.track()
class SeniorReviewer(models.Model):
    """An account whose review counts as a senior's. Looked at when a review comes in, never after."""

    # As forges write it: "octocat". Kept because people keep the list; reviews hold a yes or no only.
    account = models.CharField(max_length=120)
    repository = models.ForeignKey(
        Repository,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: everywhere.",
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["account"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "repository"], nulls_distinct=False, name="senior_reviewer_once"
            )
        ]

    def __str__(self) -> str:
        return self.account


@pghistory.track()
class SizeException(models.Model):
    """Why a change above the reviewable size was right to be that large: a person's words."""

    change = models.OneToOneField(Change, models.CASCADE, related_name="size_exception")
    reason = models.TextField()
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.reason[:80]


class ReviewCare(models.Model):
    """One tap after a review: could it be done as carefully as it needs? No person, no hour is kept."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NOT_REALLY = "not_really", "Not really"
        NO = "no", "No"

    change = models.ForeignKey(Change, models.CASCADE, related_name="care")
    answer = models.CharField(max_length=10, choices=Answer)
    on = models.DateField()

    class Meta:
        ordering = ["-on"]
        indexes = [models.Index(fields=["on"], name="review_care_on")]

    def __str__(self) -> str:
        return f"{self.answer} on {self.on}"
