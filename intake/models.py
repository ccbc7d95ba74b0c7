"""The letterbox: who may send, what was sent, and the ledger of what it touched."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import Team, User


class Source(models.Model):
    """One configured sender. Its secrets are encrypted at rest, write-only, and in no log or export."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40, help_text="Which provider's deliveries it understands.")
    is_active = models.BooleanField(default=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    secret_sealed = models.BinaryField(null=True, blank=True, editable=False)
    second_secret_sealed = models.BinaryField(null=True, blank=True, editable=False)
    # Provider-specific settings, such as which label names the service; each provider documents its keys.
    mapping = models.JSONField(default=dict, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> DeliveryQuerySet:
        """Received, not set aside for a conflict, and past the time of the next try."""
        return self.filter(state=Delivery.State.RECEIVED, conflicting=False, next_attempt_at__lte=now)

    def parked(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.PARKED)


class Delivery(models.Model):
    """One thing that a source sent: stored before it is answered, processed as often as it takes."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        PARKED = "parked", "Parked"

    source = models.ForeignKey(Source, models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=200)
    event = models.CharField(max_length=80, blank=True)
    body = models.BinaryField()
    body_sha256 = models.BinaryField(max_length=32)
    # By allow-list; never a signature, never a secret.
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    reason = models.TextField(blank=True, help_text="Why it was ignored or parked, or what the last try met.")
    # The same key came with another body: kept, and applied only when somebody says so.
    conflicting = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    body_purged_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["source", "key", "body_sha256"], name="delivery_once"),
            models.UniqueConstraint(
                fields=["source", "key"], condition=models.Q(conflicting=False), name="delivery_key_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="received", conflicting=False),
                name="delivery_due",
            ),
            models.Index(fields=["source", "-id"], name="delivery_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.event or 'delivery'} {self.key}"


class Refusal(models.Model):
    """How many requests to a source were turned away on a day, by reason; they themselves are not kept."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="refusals")
    day = models.DateField()
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day", "reason"], name="refusal_once_a_day")]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason} on {self.day}"


class LedgerEntry(models.Model):
    """What was touched, in the transaction that touched it.

    The last id is the generation that caches are keyed by. `transaction` lets a reader stop before rows of
    transactions that are still running: ids are drawn before they are visible.
    """

    class Kind(models.TextChoices):
        CHANGE = "change"
        DEPLOYMENT = "deployment"
        REPOSITORY = "repository"
        SERVICE = "service"
        INCIDENT = "incident"
        TAXONOMY = "taxonomy"
        LESSON = "lesson"
        SCENARIO = "scenario"
        TEST_RUN = "test_run"
        POLICY = "policy"
        FEATURE = "feature"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    transaction = models.BigIntegerField(
        db_default=RawSQL("(pg_current_xact_id()::text::bigint)", ()), editable=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    object_id = models.BigIntegerField()
    repository_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=40)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["kind", "object_id", "id"], name="ledger_object"),
            models.Index(fields=["transaction"], name="ledger_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.object_id}"


class OutgoingHook(models.Model):
    """One address outside that is told of some topics. Its secrets, and the address itself, are write-only.

    Whoever knows the address of a chat's incoming hook may write there: so it is sealed as a secret is.
    """

    class Format(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks: type, timestamp, data and text"
        CHAT = "chat", "Chat: only the text, as Slack, Mattermost and Rocket.Chat take it"

    name = models.CharField(max_length=80, unique=True)
    url_sealed = models.BinaryField(editable=False)
    # Scheme and host of the address: what may be shown of it.
    host = models.CharField(max_length=300, editable=False)
    format = models.CharField(max_length=8, choices=Format, default=Format.STANDARD)
    topics = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    scope = models.CharField(max_length=40, blank=True, default="")
    is_active = models.BooleanField(default=True)
    secret_sealed = models.BinaryField(editable=False)
    # The secret before: signed with as well until that moment, so that the other side may change at leisure.
    former_secret_sealed = models.BinaryField(null=True, blank=True, editable=False)
    former_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    stopped_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OutgoingMessage(models.Model):
    """One message to one hook: the row is the truth, sending it may be tried again."""

    hook = models.ForeignKey(OutgoingHook, models.CASCADE, related_name="messages")
    topic = models.CharField(max_length=40)
    # What it is for ("weekly_review:2026-W48"): the same message is made once.
    key = models.CharField(max_length=120)
    # Identifiers and figures only: words are made when it is sent.
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    # Will not be sent: nothing was left to say, the hook was stopped, or every attempt failed (`error`).
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["hook", "key"], name="outgoing_message_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(sent_at=None, closed_at=None),
                name="outgoing_message_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class Setup(models.Model):
    """Facts about this installation that outlive a restart: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    time_zone = models.CharField(max_length=64, default="UTC")
    # Set by the first real delivery or import: from then on demonstration data steps aside.
    first_real_fact_at = models.DateTimeField(null=True, blank=True)
    demo_removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "setup"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="setup_is_one_row")]

    def __str__(self) -> str:
        return "setup"
