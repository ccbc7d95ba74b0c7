"""Lines that a tool's own record attests: git-ai notes and Agent Trace records."""

from __future__ import annotations

from django.db import models

from changes.models.change import Change
from changes.models.taxonomy import Assistant


class AttestedLines(models.Model):
    """How many lines of one class of files one contributor wrote in a change, as one record format says.

    A finding: a later reading of the same clone replaces all of the change's rows.
    """

    class Format(models.TextChoices):
        GIT_AI = "git_ai", "git-ai note"
        AGENT_TRACE = "agent_trace", "Agent Trace record"

    class Contributor(models.TextChoices):
        AI = "ai", "AI"
        HUMAN = "human", "Human"
        MIXED = "mixed", "Mixed"
        UNKNOWN = "unknown", "Not said"

    change = models.ForeignKey(Change, models.CASCADE, related_name="attested")
    format = models.CharField(max_length=12, choices=Format)
    path_class = models.CharField(max_length=12)
    contributor = models.CharField(max_length=8, choices=Contributor)
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="+")
    model = models.CharField(max_length=120, blank=True, help_text="The model, in the record's own words.")
    lines = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "attested lines"
        constraints = [
            models.UniqueConstraint(
                fields=["change", "format", "path_class", "contributor", "assistant", "model"],
                nulls_distinct=False,
                name="attested_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lines} {self.path_class} lines by {self.contributor}"
