"""How work flows: one narrow row for each change, deployment and incident, and figures over whole weeks.

Findings: all of it follows from the tables below and can be thrown away and rebuilt (`rebuild_review`).
A row's `scopes` name all that it counts in: "" for everything, "service:3", "area:2", "team:1".
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import User
from changes.models import Change, Deployment, Repository
from incidents.models import Incident


class ReviewRules(models.Model):
    """What the figures of the weekly review are reckoned with. Never altered: a new row is a new version."""

    reviewable_lines = models.PositiveIntegerField(
        default=200, help_text="Above so many changed lines a change is larger than one can review well."
    )
    exposure_days = models.PositiveSmallIntegerField(
        default=14, help_text="A younger deployment is pending, not a success; a service may have its own."
    )
    large_assisted_a_day = models.PositiveSmallIntegerField(
        default=3, help_text="Large AI-assisted changes that one reviewer can take on in a day."
    )
    reason = models.CharField(max_length=200, blank=True)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "review rules"

    def __str__(self) -> str:
        return f"version {self.pk}"


class ChangeFlow(models.Model):
    """One current change: where its time went, in seconds. None is not known, never 0.

    `waited_for_review`: ready to a first review by a person other than its author; `waited_for_tests`: all
    that its commits' checks were waiting or running before it merged; `waited_for_deployment`: merged to
    shipped.
    """

    class LeadBasis(models.TextChoices):
        NONE = "", "Not measurable"
        COMMIT = "commit", "From its first commit"
        OPENED = "opened", "From its opening: no commit was told"

    change = models.OneToOneField(
        Change, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    repository = models.ForeignKey(Repository, models.DO_NOTHING, db_constraint=False, related_name="+")
    is_demo = models.BooleanField()
    scopes = ArrayField(models.TextField())
    type = models.CharField(max_length=14)
    state = models.CharField(max_length=8)
    is_draft = models.BooleanField()
    automation = models.BooleanField()
    origin = models.CharField(max_length=10)
    size_band = models.CharField(max_length=8)
    lines = models.IntegerField(null=True, help_text="Without generated and lock files where that is known.")
    is_high_risk = models.BooleanField()

    opened_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Only where a deployment shipped it, and not the first that is known of its service: it may hold years.
    shipped_at = models.DateTimeField(null=True)
    is_first_known = models.BooleanField(help_text="It shipped with the first deployment that is known.")

    # None: nobody tells reviews (or checks) of this repository, or did not yet when it merged.
    reviews = models.IntegerField(null=True, help_text="By people other than its author.")
    rounds = models.IntegerField(null=True, help_text="Distinct commits that were reviewed.")
    remarks = models.IntegerField(null=True, help_text="Meaningful ones, by people other than its author.")
    by_senior = models.BooleanField(null=True)
    active_seconds = models.IntegerField(
        null=True, help_text="Of all reviewers; a pause of 30 minutes ends a sitting. None: one moment only."
    )
    has_exception = models.BooleanField()
    waited_for_review = models.BigIntegerField(null=True)
    waited_for_tests = models.BigIntegerField(null=True)
    waited_for_deployment = models.BigIntegerField(null=True)
    lead_seconds = models.BigIntegerField(null=True)
    lead_basis = models.CharField(max_length=6, choices=LeadBasis, blank=True)
    # Its reviews by others and the days of its answers about care: they count in weeks of their own.
    review_moments = ArrayField(models.DateTimeField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["merged_at"], name="change_flow_merged"),
            models.Index(fields=["shipped_at"], name="change_flow_shipped"),
            models.Index(fields=["opened_at"], name="change_flow_opened"),
            models.Index(fields=["repository"], condition=models.Q(state="open"), name="change_flow_open"),
            models.Index(
                fields=["closed_at"], condition=models.Q(state="dropped"), name="change_flow_dropped"
            ),
            models.Index(
                fields=["merged_at"], condition=models.Q(state="merged"), name="change_flow_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"flow of change {self.change_id}"


class DeploymentFlow(models.Model):
    """One production deployment that ended, `at`: yes or no for each, never a count of incidents."""

    deployment = models.OneToOneField(
        Deployment, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    repository = models.ForeignKey(Repository, models.DO_NOTHING, db_constraint=False, related_name="+")
    is_demo = models.BooleanField()
    scopes = ArrayField(models.TextField())
    service = models.BigIntegerField(help_text="0: nobody can tell.")
    at = models.DateTimeField()
    reached_users = models.BooleanField(help_text="It succeeded; else it failed or was cancelled before.")
    # A counted incident names it, or a change that it was the first to ship, as confirmed (suspected).
    failed = models.BooleanField()
    suspected = models.BooleanField()
    # A rollback, a hotfix, or the first to ship what repaired an incident.
    is_rework = models.BooleanField()
    by_restricted = models.BooleanField(
        db_default=False, help_text="Restricted incidents alone say one of these three."
    )
    changes = models.IntegerField()
    is_first_known = models.BooleanField()
    is_gap = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="deployment_flow_at"),
            models.Index(
                fields=["repository", "at"],
                condition=models.Q(reached_users=True),
                name="deployment_flow_reached",
            ),
        ]

    def __str__(self) -> str:
        return f"flow of deployment {self.deployment_id}"


class IncidentFlow(models.Model):
    """One counted incident, restricted ones with the others: figures are the same whoever asks."""

    class ByChange(models.TextChoices):
        YES = "yes", "A change had a hand in it"
        NO = "no", "No change involved"
        UNKNOWN = "unknown", "Not determined, or not answered yet"

    incident = models.OneToOneField(
        Incident, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    is_demo = models.BooleanField()
    scopes = ArrayField(models.TextField())
    began_at = models.DateTimeField(help_text="Impact, else detection, else report.")
    # Mitigated, else resolved; None: not over, or nobody knows when (`is_open` tells them apart).
    ended_at = models.DateTimeField(null=True)
    is_open = models.BooleanField()
    # None: an end is missing or comes before the beginning.
    seconds = models.BigIntegerField(null=True)
    by_change = models.CharField(max_length=7, choices=ByChange)
    services = ArrayField(models.BigIntegerField())
    is_restricted = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["began_at"], name="incident_flow_began"),
            models.Index(fields=["ended_at"], name="incident_flow_ended"),
            models.Index(fields=["began_at"], condition=models.Q(is_open=True), name="incident_flow_open"),
        ]

    def __str__(self) -> str:
        return f"flow of incident {self.incident_id}"


class SpanFigures(models.Model):
    """What one page says of one scope over `weeks` weeks from a Monday of the organisation's zone on."""

    page = models.CharField(max_length=12)
    is_demo = models.BooleanField()
    scope = models.CharField(max_length=24, blank=True)
    begins_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    figures = models.JSONField()
    version = models.PositiveSmallIntegerField(help_text="Of the page's way of reckoning.")
    rules = models.ForeignKey(ReviewRules, models.PROTECT, related_name="+")
    reckoned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_demo", "page", "scope", "weeks", "begins_on"], name="span_figures_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.scope} {self.begins_on} +{self.weeks}"


class DirtySpan(models.Model):
    """A span whose figures are to be reckoned anew, and since when."""

    page = models.CharField(max_length=12)
    is_demo = models.BooleanField()
    begins_on = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "is_demo", "begins_on", "weeks"], name="dirty_span_once")
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.begins_on} +{self.weeks}"


class FlowRead(models.Model):
    """How far the ledger is read for the weekly review; one row. A snapshot: ids are drawn before visible."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    snapshot = models.TextField(blank=True)
    # The local day on which time alone last made spans anew: what was pending yesterday may not be today.
    aged_on = models.DateField(null=True)
    # What facts and figures were made by: with another zone or rule all are made anew.
    made_by = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"flow of {self.aged_on}"


class WorkLimit(models.Model):
    """How much of one sort of work a scope may have under way at once; crossing it is a notification."""

    class Sort(models.TextChoices):
        CHANGES = "changes", "Open changes"
        DRAFTS = "drafts", "Open drafts"
        TO_DEPLOY = "to_deploy", "Merged, waiting for deployment"
        CHECKS = "checks", "Test runs waiting or running"
        INCIDENTS = "incidents", "Unresolved incidents"
        POSTMORTEMS = "postmortems", "Open postmortems"
        ACTIONS = "actions", "Open actions"

    sort = models.CharField(max_length=11, choices=Sort)
    scope = models.CharField(
        max_length=24, blank=True, help_text="Empty: everything; else service:3, area:2 or team:1."
    )
    most = models.PositiveIntegerField(null=True, blank=True, help_text="More at once cross the limit.")
    oldest_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The oldest may be so many days old."
    )
    is_demo = models.BooleanField(default=False, editable=False)
    # When the present crossing began, and when it was last looked at.
    crossed_since = models.DateTimeField(null=True, blank=True, editable=False)
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["sort", "scope"]
        constraints = [
            models.UniqueConstraint(fields=["is_demo", "sort", "scope"], name="work_limit_once"),
            models.CheckConstraint(
                condition=models.Q(most__isnull=False) | models.Q(oldest_days__isnull=False),
                name="work_limit_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_sort_display()} {self.scope}".strip()


class WeekNote(models.Model):
    """What people noted or decided over a week; stays with it when it is closed."""

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        DECISION = "decision", "Decision"

    begins_on = models.DateField()
    is_demo = models.BooleanField(default=False, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.NOTE)
    text = models.TextField()
    written_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["written_at", "id"]
        indexes = [models.Index(fields=["begins_on"], name="week_note_of_week")]

    def __str__(self) -> str:
        return self.text[:80]


class FlowTouched(models.Model):
    """A change, deployment or incident whose narrow row is to be made anew."""

    class Kind(models.TextChoices):
        CHANGE = "change"
        DEPLOYMENT = "deployment"
        INCIDENT = "incident"

    kind = models.CharField(max_length=10, choices=Kind)
    object_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="flow_touched_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class FlowTold(models.Model):
    """Since when reviews and checks of a repository are told: before that, none is not known to be none."""

    repository = models.OneToOneField(
        Repository, models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    reviews_since = models.DateTimeField(null=True)
    checks_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"told of repository {self.repository_id}"
