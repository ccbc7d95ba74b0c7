"""People, teams and the keys that machines carry."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime


class Role(models.TextChoices):
    """What a person may do; each role may do what the ones before it may."""

    VIEWER = "viewer", "Viewer"
    AUTHOR = "author", "Author"
    CURATOR = "curator", "Curator"
    ADMIN = "admin", "Admin"


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is not a time zone such as Europe/Lisbon")


class User(AbstractUser):
    role = models.CharField(max_length=10, choices=Role, default=Role.AUTHOR)
    # What published text shows in place of a name: "on-call engineer, payments".
    role_title = models.CharField(
        max_length=80, blank=True, help_text="Shown instead of the name in published text."
    )
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def at_least(self, role: Role) -> bool:
        order = Role.values
        return order.index(self.role) >= order.index(role)

    @property
    def shown_role(self) -> str:
        """The words that stand for this person wherever others read."""
        return self.role_title or self.get_role_display().lower()


class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    members = models.ManyToManyField(User, blank=True, related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SignInLink(models.Model):
    """A one-time way in: only the digest of its token is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.created_at:%Y-%m-%d %H:%M}"

    def is_usable(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at


class Scope(models.TextChoices):
    READ = "read", "Read everything its user may read"
    INCIDENTS_WRITE = "incidents:write", "Open and change incidents and postmortems"
    CHANGES_WRITE = "changes:write", "Record changes, deployments and what was said of them"
    ANALYTICS_WRITE = "analytics:write", "Change test scenarios"
    TAXONOMY_WRITE = "taxonomy:write", "Change the taxonomy"


class ApiToken(models.Model):
    """`hc_<identifier>_<secret>`: found by its identifier, proved by the SHA-256 of its secret."""

    identifier = models.CharField(max_length=8, unique=True)
    digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=80)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    scopes = ArrayField(models.CharField(max_length=40, choices=Scope), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"hc_{self.identifier}_… ({self.name})"

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class SignInAttempt(models.Model):
    """A failed password sign-in, kept an hour so that guessing can be slowed down."""

    name_digest = models.BinaryField(max_length=32, db_index=True)
    address_digest = models.BinaryField(max_length=32, db_index=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"failed sign-in at {self.at:%Y-%m-%d %H:%M}"


class IdempotencyKey(models.Model):
    """The stored answer to a POST that carried an `Idempotency-Key`; kept seven days."""

    token = models.ForeignKey(ApiToken, models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key


class AuditEntry(models.Model):
    """Who did what to what: one row for each deed that somebody may ask about later."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, blank=True, related_name="+")
    verb = models.CharField(max_length=60)
    target_kind = models.CharField(max_length=40)
    target_id = models.BigIntegerField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["target_kind", "target_id"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_kind} {self.target_id or ''}".strip()


class Topic(models.TextChoices):
    """What a person may have by mail; nothing comes that was not asked for."""

    DECISIONS = "decisions", "Each week: the ten decisions that matter most"
    NOTICES = "notices", "What I am asked for, at most one mail a day"
    DIGEST = "digest", "Each week: the weekly review"

    @property
    def short(self) -> str:
        return {"decisions": "Decisions", "notices": "What I am asked for", "digest": "Weekly review"}[
            self.value
        ]

    @property
    def when_empty(self) -> str:
        return {
            "decisions": "Nothing waits for a word on how AI helped.",
            "notices": "You have read all that you were told.",
            "digest": "Nothing began, shipped or falls due in what you narrowed it to.",
        }[self.value]


class Subscription(models.Model):
    """A wish for mail on one topic; stopped by one click, kept so that nobody is asked twice."""

    user = models.ForeignKey(User, models.CASCADE, related_name="subscriptions")
    topic = models.CharField(max_length=12, choices=Topic)
    # What it is about, where a topic can be narrowed: "" is everything, else "team:3", "service:5", "area:2".
    scope = models.CharField(max_length=40, blank=True, default="")
    since = models.DateTimeField(default=timezone.now)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="subscription_once_a_topic"),
            models.CheckConstraint(
                condition=models.Q(topic__in=Topic.values), name="subscription_topic_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_topic_display()


class Mail(models.Model):
    """One mail to one person: the row is the truth, sending it may be tried again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    topic = models.CharField(max_length=12, choices=Topic)
    # What it is for ("2026-W48"): the same mail is made once.
    key = models.CharField(max_length=80)
    # What it was about, as identifiers only: texts are read anew, as the reader may see them then.
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    # Will not be sent: nothing was left to say, it was wanted no more, or every attempt failed (`error`).
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "topic", "key"], name="mail_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(sent_at=None, closed_at=None),
                name="mail_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class Notification(models.Model):
    """What a person is told: in their list at once, by mail where they asked for it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.SlugField(max_length=40)
    # The same thing told twice is one notification.
    key = models.CharField(max_length=120)
    # "incident:12": what it concerns, so that it can be taken back when that becomes restricted.
    about = models.CharField(max_length=60, blank=True, db_index=True)
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notification_unread")
        ]

    def __str__(self) -> str:
        return self.text


class CalendarKey(models.Model):
    """The key in the address of a person's calendar feed: one at a time, of which only the digest is kept."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_key")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"calendar key of {self.created_at:%Y-%m-%d}"
