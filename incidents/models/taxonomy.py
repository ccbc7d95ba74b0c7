"""Severities, factor kinds and the shape of a postmortem: what curators and admins edit."""

from __future__ import annotations

import pghistory
from django.db import models

from changes.models import Term


@pghistory.track()
class Severity(Term):
    """SEV1 to SEV4: names may be edited, ranks are fixed; unknown is the absence of one."""

    rank = models.PositiveSmallIntegerField(unique=True, help_text="1 is the worst.")
    # What pagers call it, in lower case: "critical", "p1"…
    aliases = models.JSONField(default=list, blank=True)
    postmortem_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Business days until the postmortem is due; empty: none required."
    )

    offered_by = "rank"

    class Meta(Term.Meta):
        ordering = ["rank"]
        verbose_name_plural = "severities"
        constraints = [
            *Term.Meta.constraints,
            models.CheckConstraint(condition=models.Q(rank__range=(1, 4)), name="severity_rank_fixed"),
        ]


@pghistory.track()
class FactorKind(Term):
    """What can make an incident possible besides a change: missing alert, unclear ownership…"""

    prompt = models.CharField(max_length=200, blank=True, help_text="The question that the form asks.")

    offered_with = "prompt"


@pghistory.track()
class IncidentType(Term):
    """What sort of incident it is, where an organisation tells sorts apart: data loss, security, supplier…"""


class PostmortemTemplate(models.Model):
    """Which sections it has: that of type and severity, else of the type, of the severity, the default."""

    name = models.CharField(max_length=80, unique=True)
    type = models.ForeignKey(IncidentType, models.CASCADE, null=True, blank=True, related_name="templates")
    severity = models.ForeignKey(Severity, models.CASCADE, null=True, blank=True, related_name="templates")
    is_short = models.BooleanField(default=False)
    # [{"key": "what_happened", "title": "What happened", "prompt": "…", "step": "facts", "required": true}]
    sections = models.JSONField(default=list)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["type", "severity"], nulls_distinct=False, name="template_once_a_type_and_severity"
            )
        ]

    def __str__(self) -> str:
        return self.name
