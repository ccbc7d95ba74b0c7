"""Words that curators keep: edited, merged and retired, never lost."""

from __future__ import annotations

from typing import Any, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class TermQuerySet(models.QuerySet[Any]):
    def offered(self) -> TermQuerySet:
        """What a form may offer: neither retired nor merged into another."""
        return self.filter(retired_at=None, merged_into=None)


class Term(models.Model):
    """A word of a taxonomy. A merge is dated and reversible; readers resolve it, rows keep what was said."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    merged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[TermQuerySet] = TermQuerySet.as_manager()  # type: ignore[assignment]
    # The fields that a form's list goes by, and that it explains a word with.
    offered_by: ClassVar[str] = "position"
    offered_with: ClassVar[str] = "description"

    class Meta:
        abstract = True
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="%(class)s_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None, merged_at=None)
                | models.Q(merged_into__isnull=False, merged_at__isnull=False),
                name="%(class)s_merge_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class AssistanceKind(Term):
    """What kind of help AI gave: code generation, refactoring, test writing…"""


@pghistory.track()
class Assistant(Term):
    """The tool that helped."""

    vendor = models.CharField(max_length=80, blank=True)


@pghistory.track()
class DomainArea(Term):
    """Payments, checkout, identity…: where in the business a change works."""

    class Risk(models.IntegerChoices):
        LOW = 1, "Low"
        MEDIUM = 2, "Medium"
        HIGH = 3, "High"

    risk_level = models.PositiveSmallIntegerField(choices=Risk, default=Risk.MEDIUM)


class Origin(models.TextChoices):
    """Unknown is not manual: it is an answer of its own everywhere."""

    UNKNOWN = "unknown", "Unknown"
    MANUAL = "manual", "Manual"
    ASSISTED = "assisted", "AI-assisted"
    AUTONOMOUS = "autonomous", "Autonomous agent"


class Strength(models.TextChoices):
    STRONG = "strong", "Decides"
    WEAK = "weak", "Only suggests"


class Confidence(models.TextChoices):
    """How far a match can be trusted for what its rule says it proves."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Place(models.TextChoices):
    """Where a rule looks."""

    AUTHOR = "author", "Author"
    COMMITTER = "committer", "Committer"
    TRAILER = "trailer", "Trailer line"
    SUBJECT = "subject", "First line"
    BODY = "body", "Message or description"
    BRANCH = "branch", "Branch name"
    LABEL = "label", "Label"
    NOTE = "note", "Git note"
    DECLARATION = "declaration", "Declaration"


@pghistory.track()
class DetectionRule(models.Model):
    """One pattern that says where AI, or an automation, had a hand. Patterns run on RE2.

    A changed rule gets a new version; evidence keeps the version that found it.
    """

    key = models.SlugField(max_length=80, unique=True)
    version = models.PositiveIntegerField(default=1)
    place = models.CharField(max_length=12, choices=Place)
    pattern = models.CharField(max_length=500)
    origin = models.CharField(
        max_length=10, choices=Origin, blank=True, help_text="What a match proves; empty for an automation."
    )
    strength = models.CharField(max_length=6, choices=Strength, default=Strength.STRONG)
    is_automation = models.BooleanField(default=False, help_text="Dependency and release bots.")
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="rules")
    kind = models.ForeignKey(
        AssistanceKind,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rules",
        help_text="Only where the evidence itself tells the kind, as a review bot's suggestion does.",
    )
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    is_builtin = models.BooleanField(default=False, editable=False)
    confidence = models.CharField(max_length=6, choices=Confidence, default=Confidence.HIGH)
    proves = models.TextField(blank=True, help_text="What a match proves, and what it does not.")
    source_url = models.URLField(blank=True)
    examples = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    negatives = ArrayField(
        models.CharField(max_length=300), default=list, blank=True, help_text="What looks like it and is not."
    )
    # Which defaults it last took, and what they said: as long as it still says so, nobody has edited it.
    default_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    default_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.key
