"""What people said of the feature that a change belongs to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import User
from changes.models.change import Change
from changes.models.feature import Feature


class FeatureWord(models.Model):
    """A judgement: this change was made for that feature, or for none. The latest that stands holds."""

    class Prompt(models.TextChoices):
        CHANGE_PAGE = "change_page", "Change page"
        BULK = "bulk", "Many at once"
        API = "api", "API"

    change = models.ForeignKey(Change, models.CASCADE, related_name="feature_words")
    feature = models.ForeignKey(Feature, models.PROTECT, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    prompted_by = models.CharField(max_length=12, choices=Prompt)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["said_at", "id"]
        indexes = [
            models.Index(fields=["change", "said_at"], name="feature_word_of_change"),
            models.Index(fields=["said_by", "said_at"], name="feature_word_said"),
        ]

    def __str__(self) -> str:
        return str(self.feature or "no feature")
