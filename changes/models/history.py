"""Long work over a repository's history, with how far it came: imports, readings again, blame."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import User
from changes.models.places import Repository

# An import that is at work is heard of with each batch.
SILENT_FOR = timedelta(minutes=15)


class HistoryRunQuerySet(models.QuerySet["HistoryRun"]):
    def unfinished(self) -> HistoryRunQuerySet:
        return self.filter(state__in=[HistoryRun.State.WAITING, HistoryRun.State.RUNNING])

    def importing(self, now: datetime) -> HistoryRunQuerySet:
        """Those that read at this moment; one that was killed stands as running and is heard of no more."""
        state, kind = HistoryRun.State.RUNNING, HistoryRun.Kind.IMPORT
        return self.filter(kind=kind, state=state, heard_at__gt=now - SILENT_FOR)


class HistoryRun(models.Model):
    """One run. It goes on where it stopped: what it did is committed together with `cursor` and `done`."""

    class Kind(models.TextChoices):
        IMPORT = "import", "Import of a clone"
        RULES = "rules", "Reading again after a rule change"
        BLAME = "blame", "Which lines fixes deleted"
        PLACES = "places", "Sizes, kinds and areas from paths again"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        SUPERSEDED = "superseded", "Overtaken by a newer one"

    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    # None: over all repositories.
    repository = models.ForeignKey(
        Repository, models.CASCADE, null=True, blank=True, related_name="history_runs"
    )
    rules_version = models.PositiveIntegerField(null=True, blank=True)
    cursor = models.CharField(max_length=120, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    altered = models.PositiveIntegerField(default=0, help_text="Rows whose verdict became another.")
    unreadable = models.PositiveIntegerField(
        default=0, help_text="Changes whose text is gone: they keep their verdict under the old rules."
    )
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    began_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True, help_text="When it last reported progress.")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[HistoryRunQuerySet] = HistoryRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "repository"],
                condition=models.Q(state__in=["waiting", "running"]),
                nulls_distinct=False,
                name="history_run_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.done} of {self.total or '?'}"
