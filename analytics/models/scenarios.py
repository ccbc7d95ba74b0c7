"""Lessons as tests, and the patterns worth repeating."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from changes.models import AssistanceKind, DomainArea, Repository, Service, TestRun
from incidents.models import Lesson

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ScenarioQuerySet(models.QuerySet["TestScenario"]):
    def visible_to(self, user: User | AnonymousUser) -> ScenarioQuerySet:
        """A scenario shares the privacy of every lesson behind it."""
        if not user.is_authenticated:
            return self.none()
        hidden = TestScenario.lessons.through.objects.filter(testscenario_id=models.OuterRef("pk")).exclude(
            lesson__in=Lesson.objects.visible_to(user)
        )
        return self.exclude(models.Exists(hidden))


@pghistory.track()
class TestScenario(models.Model):
    """A lesson as Given / When / Then; `TS-<number>` is its name in test suites."""

    __test__ = False

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        AUTOMATED = "automated", "Automated"
        RETIRED = "retired", "Retired"

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=200)
    given = models.TextField()
    when = models.TextField()
    then = models.TextField()
    lessons = models.ManyToManyField(Lesson, blank=True, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    kinds = models.ManyToManyField(AssistanceKind, blank=True, related_name="+")
    path_globs = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    state_reason = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[ScenarioQuerySet] = ScenarioQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="retired") | ~models.Q(state_reason=""),
                name="scenario_retired_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"TS-{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("analytics:scenario", args=[self.number])


class ScenarioStanding(models.Model):
    """What CI says of a scenario on one branch of one repository: a finding, made anew from the results."""

    class State(models.TextChoices):
        PASSING = "passing", "Passing"
        FAILING = "failing", "Failing"
        FLAKY = "flaky", "Flaky"
        STALE = "stale", "Stale"

    class Why(models.TextChoices):
        """Why a standing is stale."""

        SKIPPED = "skipped", "Skipped"
        GONE = "gone", "No longer in the test run"
        NOT_RUN = "not_run", "Not run for 30 days"

    scenario = models.ForeignKey(TestScenario, models.CASCADE, related_name="standings")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    branch = models.CharField(max_length=250, blank=True)
    state = models.CharField(max_length=7, choices=State)
    why = models.CharField(max_length=7, choices=Why, blank=True)
    since = models.DateTimeField()
    last_run = models.ForeignKey(TestRun, models.SET_NULL, null=True, related_name="+")
    last_passed_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scenario", "repository", "branch"], name="standing_once_a_branch"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scenario} {self.state}"


class StandingsRead(models.Model):
    """Which test runs the standings know; one row. A snapshot: ids are drawn before they are visible."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    snapshot = models.TextField(blank=True)
    # The day on which all standings were last made anew: time alone makes some stale.
    whole_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"standings of {self.whole_on}"


class Pattern(models.Model):
    """A gold-standard prompt or reference implementation."""

    class Kind(models.TextChoices):
        PROMPT = "prompt", "Prompt"
        REFERENCE = "reference", "Reference implementation"

    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=9, choices=Kind)
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    kinds = models.ManyToManyField(AssistanceKind, blank=True, related_name="+")
    lessons = models.ManyToManyField(Lesson, blank=True, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class PatternVersion(models.Model):
    pattern = models.ForeignKey(Pattern, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    note = models.CharField(max_length=200, blank=True)
    saved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["pattern", "number"], name="pattern_version_once")]

    def __str__(self) -> str:
        return f"version {self.number}"
