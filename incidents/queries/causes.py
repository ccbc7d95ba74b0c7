"""Causes and fixes by the change that holds now what was found to be a double.

Rows named on a double are led to its survivor by `incidents.services.doubles`, soon and not at once: what
must be right meanwhile reads them through here.
"""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django_stubs_ext import WithAnnotations

from incidents.models import Cause, Fix


class StandsFor(TypedDict):
    stands_for: int


StandingCause: TypeAlias = "WithAnnotations[Cause, StandsFor]"
StandingFix: TypeAlias = "WithAnnotations[Fix, StandsFor]"

STANDS_FOR = Coalesce("change__merged_into", "change")
# Of two words on one change in one incident: a person's before a rule's suggestion, then the later one.
STRONGEST_FIRST = (ExpressionWrapper(Q(status=Cause.Status.SUGGESTED), BooleanField()), "-said_at", "-pk")


def standing_causes() -> QuerySet[StandingCause]:
    """At most one for each change of an incident, annotated with the change that it `stands_for`."""
    causes = Cause.objects.annotate(stands_for=STANDS_FOR)
    same = causes.filter(incident=OuterRef("incident"), stands_for=OuterRef("stands_for"))
    strongest = same.order_by(*STRONGEST_FIRST).values("pk")[:1]
    return causes.filter(Q(change=None) | Q(pk=Subquery(strongest)))


def standing_fixes() -> QuerySet[StandingFix]:
    """The same of fixes: of two, the first that was said."""
    fixes = Fix.objects.annotate(stands_for=STANDS_FOR)
    same = fixes.filter(incident=OuterRef("incident"), stands_for=OuterRef("stands_for"))
    return fixes.filter(pk=Subquery(same.order_by("pk").values("pk")[:1]))
