"""Where changes live: repositories, services, environments and the paths that belong to them."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import Team, User
from changes.models.taxonomy import DomainArea
from intake.models import Source


class Repository(models.Model):
    """One row for one repository, found by forge id or by its normalised origin address."""

    host = models.CharField(
        max_length=120, blank=True, help_text="github.com, gitlab.example…; empty for a bare clone"
    )
    forge_id = models.CharField(max_length=60, blank=True, help_text="The forge's own id; survives renames.")
    name = models.CharField(max_length=200, help_text="owner/name, or the folder's name.")
    past_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    origin_address = models.CharField(
        max_length=300, blank=True, help_text="host/owner/name in lower case, without scheme, user or .git"
    )
    default_branch = models.CharField(max_length=200, default="main")
    # The default for an import: no deployments are known, so a merge is taken as shipped.
    merged_is_shipped = models.BooleanField(default=False)
    shipping_said_by_person = models.BooleanField(default=False, editable=False)
    default_area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    imported_to = models.CharField(
        max_length=64, blank=True, help_text="Last commit that an import has read."
    )
    # Told on the command line by whoever imports, never by the web: background work reads it again.
    clone_path = models.CharField(max_length=500, blank=True, editable=False)
    # The notes' own commit at the last reading: attestations may come to commits that were read long ago.
    notes_read_to = models.CharField(max_length=64, blank=True, editable=False)
    # The commit of the default branch up to which trace records were read.
    traces_read_to = models.CharField(max_length=64, blank=True, default="", editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "repositories"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "forge_id"], condition=~models.Q(forge_id=""), name="repository_forge_id"
            ),
            models.UniqueConstraint(
                fields=["origin_address"],
                condition=~models.Q(origin_address=""),
                name="repository_origin_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A repository, or a repository plus path rules; owned by a team."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    repository = models.ForeignKey(Repository, models.PROTECT, null=True, blank=True, related_name="services")
    path_globs = ArrayField(
        models.CharField(max_length=300),
        default=list,
        blank=True,
        help_text="Which paths of the repository are this service; none means all.",
    )
    # What pagers and monitors call it: matched without regard to case.
    aliases = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    # NULL: nobody has said; then an alert or an incident that named it shows that its incidents are known.
    reports_incidents = models.BooleanField(
        null=True, blank=True, help_text="Whether its incidents reach this product at all."
    )
    exposure_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days until a deployment counts as not failed; empty: as everywhere."
    )
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AreaRule(models.Model):
    """Paths of a repository that belong to a domain area; the first match in order wins for a path."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="area_rules")
    glob = models.CharField(max_length=300)
    area = models.ForeignKey(DomainArea, models.PROTECT, related_name="path_rules")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["repository", "glob"], name="area_rule_once")]

    def __str__(self) -> str:
        return f"{self.glob} → {self.area}"


class PathClassRule(models.Model):
    """What class of file a repository's paths are, where its habits differ; before the built-in classes."""

    class PathClass(models.TextChoices):
        SOURCE = "source", "Source"
        TESTS = "tests", "Tests"
        DOCS = "docs", "Documentation"
        CONFIG = "config", "Configuration"
        MIGRATIONS = "migrations", "Migrations"
        GENERATED = "generated", "Generated"
        LOCK = "lock", "Lock file"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="path_class_rules")
    glob = models.CharField(max_length=300)
    path_class = models.CharField(max_length=12, choices=PathClass)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["repository", "glob"], name="path_class_rule_once")]

    def __str__(self) -> str:
        return f"{self.glob} → {self.path_class}"


class Environment(models.Model):
    """A name as one source uses it, mapped once: is it production?"""

    source = models.ForeignKey(Source, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=120)
    # NULL: nobody has said yet; what the sender says of a deployment decides until somebody does.
    is_production = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], nulls_distinct=False, name="environment_once")
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class MarkingPolicy(models.Model):
    """A team's statement: in this repository, from `since` on, every AI-assisted change is marked.

    Ended (from a day) or revoked (as if it never was); before the day it was stated it counts for no signal.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="policies")
    since = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True, help_text="Why it was ended or revoked.")
    how = models.TextField(blank=True, help_text="A required question, a check: what makes it hold.")
    stated_at = models.DateTimeField(default=timezone.now, editable=False)
    stated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", editable=False)

    class Meta:
        ordering = ["-since"]
        verbose_name_plural = "marking policies"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_on=None) | models.Q(ended_on__gte=models.F("since")),
                name="policy_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["repository"],
                condition=models.Q(ended_on=None, revoked_at=None),
                name="policy_one_in_effect",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repository} from {self.since}"
