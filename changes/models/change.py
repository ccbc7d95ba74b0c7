"""Changes, by all the names they go by, and what is known of where AI had a hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from changes.models.feature import Feature
from changes.models.places import Repository, Service
from changes.models.taxonomy import Assistant, DomainArea, Origin
from intake.models import Delivery

if TYPE_CHECKING:
    from datetime import datetime


class SizeBand(models.TextChoices):
    SMALL = "small", "Up to 50 lines"
    MEDIUM = "medium", "51 to 200 lines"
    LARGE = "large", "Over 200 lines"
    UNKNOWN = "unknown", "Size unknown"


class ChangeQuerySet(models.QuerySet["Change"]):
    def current(self) -> ChangeQuerySet:
        """Without those that were found to be another's double."""
        return self.filter(merged_into=None)

    def shipped(self) -> ChangeQuerySet:
        return self.current().filter(state=Change.State.SHIPPED)

    def real(self) -> ChangeQuerySet:
        return self.filter(repository__is_demo=False)

    def demo(self) -> ChangeQuerySet:
        return self.filter(repository__is_demo=True)

    def shipped_between(self, start: datetime, end: datetime) -> ChangeQuerySet:
        return self.shipped().filter(shipped_at__gte=start, shipped_at__lt=end)

    def for_list(self) -> ChangeQuerySet:
        return self.current().select_related("repository", "area", "assistant")


@pghistory.track(
    pghistory.UpdateEvent(
        condition=pghistory.AnyChange("origin", "area", "automation", "type", "merged_into")
    ),
    fields=["origin", "origin_basis", "area", "automation", "type", "merged_into"],
)
class Change(models.Model):
    """A pull or merge request by default, else a direct commit. No author is stored.

    Facts keep the time of the event that told them (`*_told_at`), so that an older event never wins.
    `origin` is a verdict over evidence and decisions; `origin_counted` is that verdict as it stood before
    the change's first incident or revert, and the only one that a rate may use.
    """

    class Type(models.TextChoices):
        CODE = "code", "Code"
        CONFIGURATION = "configuration", "Configuration"
        FLAG = "flag", "Flag"
        INFRASTRUCTURE = "infrastructure", "Infrastructure"
        DATA = "data", "Data"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MERGED = "merged", "Merged"
        SHIPPED = "shipped", "Shipped"
        DROPPED = "dropped", "Dropped"

    class ShippedBasis(models.TextChoices):
        DEPLOYMENT = "deployment", "First successful production deployment"
        MERGE = "merge", "Its merge"

    class OriginBasis(models.TextChoices):
        NONE = "", "Nothing found"
        EVIDENCE = "evidence", "Evidence"
        DECLARATION = "declaration", "A declaration at the change"
        PERSON = "person", "A person's word"
        POLICY = "policy", "A marking policy"

    class FeatureBasis(models.TextChoices):
        NONE = "", "Nothing names one"
        LINE = "line", "A line of its text"
        LABEL = "label", "A label"
        PERSON = "person", "A person's word"

    repository = models.ForeignKey(Repository, models.PROTECT, related_name="changes")
    type = models.CharField(max_length=14, choices=Type, default=Type.CODE)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    is_draft = models.BooleanField(default=False)
    title = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True, help_text="With every unknown identity replaced by <person>.")
    url = models.URLField(max_length=500, blank=True)
    branch = models.CharField(max_length=250, blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    # The earliest of its commits that anybody told of: where its lead time begins.
    first_commit_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    # When it last stopped being a draft; NULL: it was never told to be one, so it was ready when opened.
    ready_at = models.DateTimeField(null=True, blank=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    shipped_basis = models.CharField(max_length=10, choices=ShippedBasis, blank=True)
    # The time of the latest event that told us the state, and of the one that told us the rest.
    told_at = models.DateTimeField(null=True, blank=True)
    # Field by field, when the value that stands was told (microseconds since 1970): an event may tell a
    # part only, so that one time for all would let an older size stand beside a newer title.
    told = models.JSONField(default=dict, blank=True, editable=False)
    # What the description declared in each telling, by the time of it: an edit takes back what it leaves out.
    declared = models.JSONField(default=dict, blank=True, editable=False)
    # The two questions of the template, `production` and `integration`, as answered in the description.
    answers = models.JSONField(default=dict, blank=True)

    additions = models.PositiveIntegerField(null=True, blank=True)
    deletions = models.PositiveIntegerField(null=True, blank=True)
    files_changed = models.PositiveIntegerField(null=True, blank=True)
    commits = models.PositiveIntegerField(null=True, blank=True)
    # Added and deleted lines without generated and lock files; NULL when nobody told the paths.
    counted_lines = models.PositiveIntegerField(null=True, blank=True)
    size_band = models.CharField(max_length=8, choices=SizeBand, default=SizeBand.UNKNOWN)
    paths = ArrayField(models.CharField(max_length=500), default=list, blank=True)

    automation = models.BooleanField(default=False, help_text="A dependency or release bot made it.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.UNKNOWN)
    origin_basis = models.CharField(max_length=12, choices=OriginBasis, blank=True, default="")
    origin_said_at = models.DateTimeField(null=True, blank=True)
    origin_counted = models.CharField(max_length=10, choices=Origin, default=Origin.UNKNOWN)
    # On a marking policy's word alone: shown as such and checked by sampling.
    origin_by_policy = models.BooleanField(default=False)
    rules_version = models.PositiveIntegerField(default=0)
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="+")

    area = models.ForeignKey(
        DomainArea, models.PROTECT, null=True, blank=True, related_name="+", help_text="The one that counts."
    )
    area_said_by_person = models.BooleanField(default=False)
    areas_touched = models.ManyToManyField(DomainArea, blank=True, related_name="+")
    services = models.ManyToManyField(Service, blank=True, related_name="changes")
    # One: a person's word, else the first that its texts, then its labels name.
    feature = models.ForeignKey(Feature, models.SET_NULL, null=True, blank=True, related_name="changes")
    feature_basis = models.CharField(max_length=6, choices=FeatureBasis, blank=True, default="")
    # What its texts name as they stand, known here or not; and with the labels all that it names.
    feature_lines = ArrayField(models.CharField(max_length=100), default=list, blank=True, editable=False)
    feature_names = ArrayField(models.CharField(max_length=100), default=list, blank=True, editable=False)

    # Told from above by whoever knows of incidents; from below by a revert.
    first_incident_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undoes")

    merged_into = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="doubles")
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[ChangeQuerySet] = ChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="shipped")
                | models.Q(shipped_at__isnull=False) & ~models.Q(shipped_basis=""),
                name="change_shipped_has_time_and_basis",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="change_not_its_own_double",
            ),
            models.CheckConstraint(condition=models.Q(origin__in=Origin.values), name="change_origin_known"),
            models.CheckConstraint(
                condition=models.Q(origin_counted__in=Origin.values), name="change_counted_origin_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["shipped_at", "area"],
                condition=models.Q(state="shipped", merged_into=None),
                name="change_shipped",
            ),
            # What tells the origin of what shipped is counted without the rows themselves.
            models.Index(
                fields=["shipped_at"],
                include=[
                    "id",
                    "repository",
                    "type",
                    "origin",
                    "origin_basis",
                    "origin_by_policy",
                    "automation",
                ],
                condition=models.Q(state="shipped", merged_into=None),
                name="change_shipped_told",
            ),
            models.Index(fields=["repository", "-merged_at"], name="change_of_repository"),
            # What pages of areas and repositories count, read without the rows themselves.
            models.Index(
                fields=["repository", "shipped_at"],
                include=["origin"],
                condition=models.Q(state="shipped", merged_into=None),
                name="change_shipped_of_repository",
            ),
            models.Index(
                fields=["area", "shipped_at"],
                include=["origin", "repository"],
                condition=models.Q(state="shipped", merged_into=None),
                name="change_shipped_in_area",
            ),
            # The list's order: the last thing that happened to a change first.
            models.Index(
                Coalesce("shipped_at", "merged_at", "closed_at", "opened_at").desc(nulls_last=True),
                models.F("id").desc(),
                condition=models.Q(merged_into=None),
                name="change_latest",
            ),
            # The same order of what has not shipped: few, and looked for among many that have.
            models.Index(
                Coalesce("shipped_at", "merged_at", "closed_at", "opened_at").desc(nulls_last=True),
                models.F("id").desc(),
                condition=models.Q(merged_into=None) & ~models.Q(state="shipped"),
                name="change_unshipped_latest",
            ),
            # What may wait for a person's word, the newest first, without a look at all the others.
            models.Index(
                models.F("shipped_at").desc(nulls_last=True),
                models.F("id").desc(),
                include=["repository"],
                condition=models.Q(
                    state__in=["merged", "shipped"], origin__in=["assisted", "autonomous"], merged_into=None
                ),
                name="change_assisted_latest",
            ),
            # Which changes touch a glob; see `changes.path_keys`.
            GinIndex(
                models.Func("paths", function="changes_path_keys"), name="change_path_keys", fastupdate=True
            ),
            GinIndex(
                fields=["feature_names"], condition=~models.Q(feature_names=[]), name="change_names_features"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"change {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("changes:detail", args=[self.pk])

    @property
    def first_failed_at(self) -> datetime | None:
        """When it first met an incident or a revert; what is said later never enters a rate."""
        times = [at for at in (self.first_incident_at, self.undone_at) if at is not None]
        return min(times, default=None)

    @property
    def is_assisted(self) -> bool:
        return self.origin in {Origin.ASSISTED, Origin.AUTONOMOUS}


class ChangeIdentity(models.Model):
    """A name that a change goes by in its repository: the forge's number, or a commit."""

    class Space(models.TextChoices):
        NUMBER = "number", "Request number"
        SHA = "sha", "Commit"
        EXTERNAL = "external", "Sender's own id"

    class Role(models.TextChoices):
        NUMBER = "number", "Request number"
        # Read out of a subject such as "Fix it (#12)", which may as well name an issue.
        GUESS = "guess", "Number in its subject"
        HEAD = "head", "Head of the branch"
        MERGE = "merge", "Merge commit"
        SQUASH = "squash", "Squashed commit"
        LANDED = "landed", "Commit on the default branch"
        # Listed by a push of several, which names no parents: it landed by itself, or came in by a merge.
        PUSHED = "pushed", "Commit of a push"
        EXTERNAL = "external", "Sender's own id"

    change = models.ForeignKey(Change, models.CASCADE, related_name="identities")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    space = models.CharField(max_length=8, choices=Space)
    role = models.CharField(max_length=8, choices=Role)
    value = models.CharField(max_length=120)
    # Of a plain commit that landed: the one before it on the branch, and its own lines. A request that was
    # rebased landed as several such.
    parent = models.CharField(max_length=64, blank=True, default="")
    lines = models.PositiveIntegerField(null=True, blank=True)
    # When the commit was made, as far as anybody told; of several times the earliest.
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "change identities"
        constraints = [models.UniqueConstraint(fields=["repository", "space", "value"], name="identity_once")]
        indexes = [models.Index(fields=["value"], name="identity_value")]

    def __str__(self) -> str:
        return f"#{self.value}" if self.space == self.Space.NUMBER else self.value[:10]


class ChangeLink(models.Model):
    """One change about another: it reverts, reapplies, fixes or was picked from it."""

    class Kind(models.TextChoices):
        REVERTS = "reverts", "Reverts"
        REAPPLIES = "reapplies", "Reapplies"
        FIXES = "fixes", "Fixes"
        PICKED_FROM = "picked_from", "Picked from"

    change = models.ForeignKey(Change, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=12, choices=Kind)
    # What the text names; resolved to a change when, and as soon as, it is known.
    names = models.CharField(max_length=300)
    target = models.ForeignKey(Change, models.CASCADE, null=True, blank=True, related_name="linked_from")
    rule = models.CharField(max_length=60)
    # A person's answer to which change it names (`target`), or that it names none known: no run alters it.
    said_at = models.DateTimeField(null=True, blank=True)
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "kind", "names"], name="change_link_once")]
        indexes = [
            models.Index(fields=["names"], condition=models.Q(target=None), name="change_link_unresolved")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.names}"
