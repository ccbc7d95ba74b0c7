"""Causes and fixes by the change that holds now what was found to be a double.

Rows named on a double are led to its survivor by `incidents.services.doubles`, soon and not at once: what
must be right meanwhile reads them through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django_stubs_ext import WithAnnotations

from accounts.models import User
from changes.models import Change
from incidents.models import Cause, Fix, Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class StandsFor(TypedDict):
    stands_for: int


StandingCause: TypeAlias = "WithAnnotations[Cause, StandsFor]"
StandingFix: TypeAlias = "WithAnnotations[Fix, StandsFor]"

STANDS_FOR = Coalesce("change__merged_into", "change")
# Of two words on one change in one incident: a person's before a rule's suggestion, then the later one.
STRONGEST_FIRST = (ExpressionWrapper(Q(status=Cause.Status.SUGGESTED), BooleanField()), "-said_at", "-pk")


# What has a double: elsewhere the row itself is the only one for its change, and is not compared.
DOUBLED = Change.objects.exclude(merged_into=None).order_by().values("merged_into")
STANDS_ALONE = Q(change__merged_into=None) & ~Q(change__in=DOUBLED)


def standing_causes(of: Iterable[int] | None = None) -> QuerySet[StandingCause]:
    """At most one for each change of an incident, annotated with the change that it `stands_for`.

    `of`: of these changes alone, and of their doubles; found from the changes, whatever all causes are.
    """
    causes = Cause.objects.annotate(stands_for=STANDS_FOR)
    same = causes.filter(incident=OuterRef("incident"), stands_for=OuterRef("stands_for"))
    strongest = same.order_by(*STRONGEST_FIRST).values("pk")[:1]
    standing = causes.filter(Q(change=None) | STANDS_ALONE | Q(pk=Subquery(strongest)))
    return standing if of is None else standing.filter(_named(of))


def standing_fixes(of: Iterable[int] | None = None) -> QuerySet[StandingFix]:
    """The same of fixes: of two, the first that was said."""
    fixes = Fix.objects.annotate(stands_for=STANDS_FOR)
    same = fixes.filter(incident=OuterRef("incident"), stands_for=OuterRef("stands_for"))
    standing = fixes.filter(STANDS_ALONE | Q(pk=Subquery(same.order_by("pk").values("pk")[:1])))
    return standing if of is None else standing.filter(_named(of))


def met_incidents(of: Iterable[int], user: User | AnonymousUser) -> set[int]:
    """Those that had a confirmed hand in a counted incident, as far as the reader may know."""
    seen = Incident.objects.visible_to(user).counted()
    causes = standing_causes(of).filter(incident__in=seen, status=Cause.Status.CONFIRMED)
    return set(causes.values_list("stands_for", flat=True))


def _named(of: Iterable[int]) -> Q:
    """Of these or of a double of theirs: `stands_for` itself is in no index."""
    ids = list(of)
    named = Change.objects.filter(Q(pk__in=ids) | Q(merged_into__in=ids)).order_by()
    return Q(change__in=named.values("pk"), stands_for__in=ids)


def standing_named(where: Q, of: QuerySet[Change] | None = None, *, tell: str) -> QuerySet[Any]:
    """What standing causes tell, `stands_for` or `incident`, as a subquery for `__in`; for many of them.

    The same causes as of `standing_causes().filter(where)`, in three parts none of which reads all changes:
    of changes without a double, of those that have one, and of doubles. `of`: current changes, these alone.
    """
    alone = Cause.objects.filter(where, change__isnull=False).exclude(change__in=DOUBLED)
    entangled = standing_causes().filter(where)
    parts = [entangled.filter(change__in=DOUBLED), entangled.filter(change__merged_into__isnull=False)]
    if of is not None:
        pks = of.order_by().values("pk")
        alone = alone.filter(change__in=pks)
        parts = [part.filter(stands_for__in=pks) for part in parts]
    first = alone.order_by().values("change" if tell == "stands_for" else tell)
    named: QuerySet[Any] = first.union(*(part.order_by().values(tell) for part in parts), all=True)
    return named
