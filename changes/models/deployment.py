"""Deployments and what CI reports."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone

from changes.models.change import Change
from changes.models.places import Environment, Repository, Service
from intake.models import Delivery, Source


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def production(self) -> DeploymentQuerySet:
        return self.filter(is_production=True)

    def succeeded(self) -> DeploymentQuerySet:
        return self.filter(status=Deployment.Status.SUCCEEDED)

    def for_list(self) -> DeploymentQuerySet:
        return self.select_related("repository", "service", "environment")


class Deployment(models.Model):
    """One roll-out of a service to an environment."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Kind(models.TextChoices):
        PLANNED = "planned", "Planned"
        ROLLBACK = "rollback", "Rollback"
        HOTFIX = "hotfix", "Hotfix"

    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+")
    external_id = models.CharField(max_length=120)
    repository = models.ForeignKey(Repository, models.PROTECT, related_name="deployments")
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    is_production = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)

    class KindBasis(models.TextChoices):
        NONE = "", "Nothing said otherwise"
        TOLD = "told", "Its sender said so"
        OLDER = "older", "It went back to an older commit"
        PERSON = "person", "A person said so"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PLANNED)
    kind_basis = models.CharField(max_length=6, choices=KindBasis, blank=True, default="")
    # What its sender said last, kept beside a person's word.
    kind_told = models.CharField(max_length=8, choices=Kind, blank=True, default="")
    kind_told_at = models.DateTimeField(null=True, blank=True)
    sha = models.CharField(max_length=64, blank=True)
    ref = models.CharField(max_length=250, blank=True)
    url = models.URLField(max_length=500, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    changes = models.ManyToManyField(Change, blank=True, related_name="deployments")
    # The sha is not known yet, so nobody can say what it holds: a gap, shown, and filled when it is.
    is_gap = models.BooleanField(default=False)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[DeploymentQuerySet] = DeploymentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "external_id"], name="deployment_once"),
        ]
        indexes = [
            models.Index(fields=["service", "-finished_at"], name="deployment_of_service"),
            models.Index(fields=["-finished_at", "-id"], name="deployment_latest"),
            models.Index(
                fields=["repository", "sha"], condition=models.Q(is_gap=True), name="deployment_gap"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service or self.repository} to {self.environment}"

    def get_absolute_url(self) -> str:
        return reverse("changes:deployment", args=[self.pk])


class DeploymentEvent(models.Model):
    """One status that a sender reported; a deployment's status is folded from all of them, in any order."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="events")
    external_id = models.CharField(max_length=120)
    # Orders two events of one second: the sender's own rising id.
    sequence = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Deployment.Status)
    at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "external_id"], name="deployment_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%Y-%m-%d %H:%M}"


class CheckRunQuerySet(models.QuerySet["CheckRun"]):
    def pending(self) -> CheckRunQuerySet:
        """Waiting or running: neither done nor passed over."""
        return self.exclude(status=CheckRun.Status.COMPLETED)

    def of_change(self, change: Change) -> CheckRunQuerySet:
        """Those of its commits; a commit has a repository, a check has no change."""
        shas = change.identities.filter(space="sha").values("value")
        return self.filter(repository=change.repository_id, sha__in=shas)


class CheckRun(models.Model):
    """One check of a commit as a forge tells it, a workflow run or one check: waiting, running, done.

    A check whose end nobody told is over, too, once a later one took its place or its change was closed.
    """

    class Kind(models.TextChoices):
        WORKFLOW = "workflow", "Workflow run"
        CHECK = "check", "Check run"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"

    class EndBasis(models.TextChoices):
        NONE = "", "It has not ended"
        TOLD = "told", "Its sender said so"
        SUPERSEDED = "superseded", "A later attempt took its place"
        CLOSED = "closed", "Its change was closed"

    repository = models.ForeignKey(Repository, models.PROTECT, related_name="check_runs")
    kind = models.CharField(max_length=8, choices=Kind)
    external_id = models.CharField(max_length=60)
    attempt = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200, blank=True)
    sha = models.CharField(max_length=64)
    branch = models.CharField(max_length=250, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.QUEUED)
    # The forge's own word: success, failure, cancelled, timed_out…; empty until it is known.
    conclusion = models.CharField(max_length=20, blank=True)
    url = models.URLField(max_length=500, blank=True)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    end_basis = models.CharField(max_length=10, choices=EndBasis, blank=True, default="")
    told_at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")

    objects: ClassVar[CheckRunQuerySet] = CheckRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "kind", "external_id", "attempt"], name="check_run_once"
            )
        ]
        indexes = [
            models.Index(fields=["repository", "sha"], name="check_run_of_commit"),
            models.Index(fields=["queued_at"], name="check_run_queued"),
            models.Index(
                fields=["repository"], condition=~models.Q(status="completed"), name="check_run_pending"
            ),
            # Whose end may come to be told otherwise, or was never told.
            models.Index(
                fields=["repository", "name"],
                condition=~models.Q(end_basis="told"),
                name="check_run_unended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.kind} {self.status}"

    @property
    def took(self) -> timedelta | None:
        """From waiting to done."""
        return self.completed_at - self.queued_at if self.completed_at else None


class TestRun(models.Model):
    """One upload of test results: counts for all, rows only for what somebody asked about."""

    __test__ = False

    repository = models.ForeignKey(Repository, models.PROTECT, related_name="test_runs")
    key = models.CharField(max_length=200)
    sha = models.CharField(max_length=64, blank=True)
    branch = models.CharField(max_length=250, blank=True)
    suite = models.CharField(max_length=200, blank=True)
    ran_at = models.DateTimeField()
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    flaky = models.PositiveIntegerField(default=0)
    suite_errors = models.PositiveIntegerField(default=0)
    url = models.URLField(max_length=500, blank=True)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-ran_at"]
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="test_run_once")]

    def __str__(self) -> str:
        return f"{self.suite or 'tests'} at {self.ran_at:%Y-%m-%d %H:%M}"


class TestCaseResult(models.Model):
    """One test case that names a scenario (`TS-42`), or a suite error."""

    __test__ = False

    class Outcome(models.TextChoices):
        PASSED = "passed", "Passed"
        FLAKY = "flaky", "Passed after a retry"
        FAILED = "failed", "Failed"
        ERROR = "error", "Error"
        SKIPPED = "skipped", "Skipped"

    run = models.ForeignKey(TestRun, models.CASCADE, related_name="cases")
    scenario = models.CharField(max_length=20, blank=True, help_text="TS-42; empty for a suite error.")
    suite = models.CharField(max_length=300, blank=True)
    name = models.CharField(max_length=500)
    outcome = models.CharField(max_length=8, choices=Outcome)
    seconds = models.FloatField(null=True, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["scenario", "run"], name="test_case_of_scenario")]

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"
