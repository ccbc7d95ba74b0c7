"""What came of a change later: the lines of it that a fix deleted. Findings, rebuilt at will."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from changes.models.change import Change


class Blame(models.Model):
    """One reading of what a change that calls itself a fix deleted, kept so that no fix is read twice."""

    class Outcome(models.TextChoices):
        READ = "read", "Read"
        NOTHING_DELETED = "nothing_deleted", "It deleted no line that counts"
        TOO_LARGE = "too_large", "Too large to read"
        TIMED_OUT = "timed_out", "Git took too long"
        NO_COMMIT = "no_commit", "The clone does not hold it"

    fix = models.OneToOneField(Change, models.CASCADE, related_name="blame")
    method_version = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    # Without generated and lock files, tests and documentation.
    deleted_lines = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.fix}: {self.outcome}"


class FollowUp(models.Model):
    """A fix within 30 days whose deleted lines were mostly written by this change: an estimate."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="follow_ups")
    fix = models.ForeignKey(Change, models.CASCADE, related_name="follows_up")
    at = models.DateTimeField(help_text="When the fix landed.")
    lines = models.PositiveIntegerField(help_text="Lines of this change that the fix deleted.")
    deleted_lines = models.PositiveIntegerField(help_text="All lines that the fix deleted.")
    method_version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "fix"], name="follow_up_once")]

    def __str__(self) -> str:
        return f"{self.fix} deleted {self.lines} lines of {self.change}"
