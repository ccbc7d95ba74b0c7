"""Where AI had a hand: what rules saw, what people said, and what follows from both."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import User
from changes.models.change import Change
from changes.models.taxonomy import AssistanceKind, Assistant, Confidence, Origin, Place, Strength
from intake.models import Delivery


class OriginEvidence(models.Model):
    """A finding: what one version of one rule saw in a change. It suggests, and it can be rebuilt."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="evidence")
    rule_key = models.CharField(max_length=80)
    rule_version = models.PositiveIntegerField()
    place = models.CharField(max_length=12, choices=Place)
    origin = models.CharField(max_length=10, choices=Origin, blank=True)
    strength = models.CharField(max_length=6, choices=Strength)
    confidence = models.CharField(max_length=6, choices=Confidence, default=Confidence.HIGH)
    is_automation = models.BooleanField(default=False)
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.ForeignKey(AssistanceKind, models.PROTECT, null=True, blank=True, related_name="+")
    excerpt = models.CharField(max_length=300)
    # The time the marker itself was made: the commit's or the event's, never the time of detection.
    said_at = models.DateTimeField(null=True, blank=True)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "origin evidence"
        constraints = [
            models.UniqueConstraint(fields=["change", "rule_key", "excerpt"], name="evidence_once")
        ]
        indexes = [
            models.Index(
                fields=["change"],
                include=["origin", "place"],
                condition=models.Q(strength=Strength.STRONG, is_automation=False),
                name="evidence_strong",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule_key}: {self.excerpt}"


class Prompt(models.TextChoices):
    """What made somebody say it; what an incident prompted is never counted as said before."""

    AT_CHANGE = "at_change", "At the change"
    QUEUE = "queue", "Confirm queue"
    MAIL = "mail", "Weekly mail"
    SAMPLE = "sample", "Sampled check"
    POSTMORTEM = "postmortem", "Postmortem"
    CONTROL = "control", "Control in a postmortem"
    CHANGE_PAGE = "change_page", "Change page"
    API = "api", "API"


class Decision(models.Model):
    """A judgement: what somebody said of a change's origin or one kind of help, when, and why then.

    Append-only; the latest that is not withdrawn holds. No re-run, re-import or rule change touches it.
    """

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        DISMISSED = "dismissed", "Dismissed"

    change = models.ForeignKey(Change, models.CASCADE, related_name="decisions")
    origin = models.CharField(max_length=10, choices=Origin, blank=True)
    kind = models.ForeignKey(AssistanceKind, models.PROTECT, null=True, blank=True, related_name="+")
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.CONFIRMED)
    said_at = models.DateTimeField(default=timezone.now)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    prompted_by = models.CharField(max_length=12, choices=Prompt)
    reason = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(origin="", kind__isnull=False)
                | ~models.Q(origin="") & models.Q(kind=None),
                name="decision_on_origin_or_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["change", "said_at"], name="decision_of_change"),
            # What was asked in postmortems, among all that was said anywhere.
            models.Index(
                fields=["change"],
                condition=models.Q(prompted_by=Prompt.POSTMORTEM, withdrawn_at=None),
                name="decision_in_postmortem",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin or self.kind} {self.verdict}"


class Assistance(models.Model):
    """One kind of AI help in one change, as it stands now: derived from decisions, declarations and evidence.

    `counted` says whether it stood before the change's first incident or revert: only then a rate may use it.
    """

    class Status(models.TextChoices):
        SUGGESTED = "suggested", "Suggested"
        DECLARED = "declared", "Declared at the change"
        CONFIRMED = "confirmed", "Confirmed"
        DISMISSED = "dismissed", "Dismissed"

    change = models.ForeignKey(Change, models.CASCADE, related_name="assistances")
    kind = models.ForeignKey(AssistanceKind, models.PROTECT, related_name="+")
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status)
    counted = models.BooleanField(default=False)
    said_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=200, blank=True, help_text="What a suggestion rests on.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "kind"], name="assistance_once")]
        indexes = [
            models.Index(
                fields=["kind", "change"], condition=models.Q(counted=True), name="assistance_counted"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.status})"
