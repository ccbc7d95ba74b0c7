"""Postmortems and what comes of them: lessons, actions, controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from changes.models import AssistanceKind, Change, DomainArea, Origin, Service, SizeBand
from incidents.models.cause import Cause
from incidents.models.incident import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Postmortem(models.Model):
    """What the team makes of an incident; always there, from `not_started` on."""

    class State(models.TextChoices):
        NOT_STARTED = "not_started", "Not started"
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published"
        NOT_REQUIRED = "not_required", "Not required"

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="postmortem")
    state = models.CharField(max_length=17, choices=State, default=State.NOT_STARTED)
    is_short = models.BooleanField(default=False)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    facilitator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    not_required_reason = models.TextField(blank=True)
    # Why somebody allowed to published it with points still open.
    override_reason = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="not_required") | ~Q(not_required_reason=""),
                name="postmortem_not_required_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="postmortem_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(owner=None) | Q(facilitator=None) | ~Q(owner=models.F("facilitator")),
                name="postmortem_facilitator_is_not_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"postmortem of {self.incident}"


class PostmortemSection(models.Model):
    """One section's text: Markdown as written, and HTML as rendered when it was saved."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="sections")
    key = models.SlugField(max_length=40)
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["postmortem", "key"], name="section_once")]

    def __str__(self) -> str:
        return self.title


class PostmortemDraft(models.Model):
    """Words being written: saved while typing, apart from the record and its history."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    step = models.CharField(max_length=20)
    data = models.JSONField(default=dict)
    base_version = models.PositiveIntegerField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "user", "step"], name="draft_once_a_step")
        ]

    def __str__(self) -> str:
        return f"draft of {self.step}"


class PostmortemRevision(models.Model):
    """The postmortem as it stood after a save."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    restored_from = models.PositiveIntegerField(null=True, blank=True)
    saved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["postmortem", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"revision {self.number}"


class PostmortemComment(models.Model):
    """A reviewer's words, anchored to a section, and the verdict that may come with them."""

    class Verdict(models.TextChoices):
        COMMENT = "comment", "Comment"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        APPROVED = "approved", "Approved"

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="comments")
    section_key = models.SlugField(max_length=40, blank=True)
    verdict = models.CharField(max_length=17, choices=Verdict, default=Verdict.COMMENT)
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["written_at"]

    def __str__(self) -> str:
        return self.text[:80]


class ReviewRequest(models.Model):
    """Somebody was asked to read it; answered by their next verdict on this round."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="review_requests")
    reviewer = models.ForeignKey(User, models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["postmortem", "reviewer"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="review_asked_once",
            )
        ]

    def __str__(self) -> str:
        # Shown where somebody is deleted in the admin: it must not name an incident.
        return f"review asked for on {self.requested_at:%Y-%m-%d}"


class LessonQuerySet(models.QuerySet["Lesson"]):
    def visible_to(self, user: User | AnonymousUser) -> LessonQuerySet:
        """A lesson with any restricted incident behind it is visible to the people named on all of those."""
        if not user.is_authenticated:
            return self.none()
        hidden = Lesson.incidents.through.objects.filter(
            lesson_id=models.OuterRef("pk"), incident__in=Incident.objects.hidden_from(user)
        )
        return self.exclude(models.Exists(hidden))


@pghistory.track()
class Lesson(models.Model):
    """One imperative line that can be checked in code, why, and where it applies."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        RETIRED = "retired", "Retired"

    incidents = models.ManyToManyField(Incident, blank=True, related_name="lessons")
    text = models.CharField(max_length=300)
    why = models.TextField(blank=True)
    path_globs = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    kinds = models.ManyToManyField(AssistanceKind, blank=True, related_name="+")
    review_by = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    retired_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[LessonQuerySet] = LessonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("incidents:lesson", args=[self.pk])


@pghistory.track()
class ActionItem(models.Model):
    """Work that follows: proposed apart from accepted, done apart from verified."""

    class Type(models.TextChoices):
        PREVENT = "prevent", "Prevent"
        DETECT = "detect", "Detect"
        MITIGATE = "mitigate", "Mitigate"
        REPAIR = "repair", "Repair"
        PROCESS = "process", "Process"
        INVESTIGATE = "investigate", "Investigate"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"
        VERIFIED = "verified", "Verified"
        DECLINED = "declined", "Declined"

    class Priority(models.IntegerChoices):
        HIGH = 1, "High"
        MEDIUM = 2, "Medium"
        LOW = 3, "Low"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="actions")
    title = models.CharField(max_length=200)
    type = models.CharField(max_length=11, choices=Type, default=Type.PREVENT)
    state = models.CharField(max_length=11, choices=State, default=State.PROPOSED)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.MEDIUM)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    tracker_url = models.URLField(max_length=500, blank=True)
    declined_reason = models.TextField(blank=True)
    verified_by_evidence = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    state_since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["priority", "due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(declined_reason=""), name="action_declined_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Control(models.Model):
    """A drawn change that did not fail, of a causal one's area, size and quarter: asked the same.

    The stratum is kept as it stood when drawn, with `pool`, how many changes of it could have been drawn.
    """

    cause = models.ForeignKey(Cause, models.CASCADE, related_name="controls")
    change = models.ForeignKey(Change, models.PROTECT, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    size_band = models.CharField(max_length=8, choices=SizeBand, default=SizeBand.UNKNOWN)
    quarter_begins_on = models.DateField(null=True, blank=True)
    pool = models.PositiveIntegerField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, blank=True)
    kinds = models.ManyToManyField(AssistanceKind, blank=True, related_name="+")
    # "Cannot say" is an answer too; passed over is not.
    passed_over_at = models.DateTimeField(null=True, blank=True)
    drawn_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "change"], name="control_once")]

    def __str__(self) -> str:
        return f"control for {self.cause}"
