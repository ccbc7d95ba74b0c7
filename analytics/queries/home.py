"""Reads of the first page: what is recent, what is due, what is still to be set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.days import midnight
from accounts.models import User
from analytics.queries.at_once import AtOnce
from analytics.queries.figures import Filters
from analytics.queries.scenarios import lessons_without_test
from changes.models import Change, Repository
from changes.queries.together import MARK, Prepared
from incidents.models import Incident, IncidentQuerySet, Lesson, Postmortem
from intake.models import Delivery, Source

OPEN_POSTMORTEMS = (
    Postmortem.State.NOT_STARTED,
    Postmortem.State.DRAFT,
    Postmortem.State.IN_REVIEW,
    Postmortem.State.CHANGES_REQUESTED,
    Postmortem.State.APPROVED,
)
SHOWN = 6
# Marks of the reader, of the window's first moment and of today: what the page asks is put together once.
READER, SINCE, TODAY = MARK, datetime(1700, 1, 1, tzinfo=UTC), date(1700, 1, 2)


def of_scope(user: User, demo: bool) -> IncidentQuerySet:
    """What the reader may see; beside demonstration data also what was reported by hand meanwhile."""
    visible = Incident.objects.visible_to(user)
    return visible if demo else visible.filter(is_demo=False)


def recent_incidents(user: User, demo: bool) -> IncidentQuerySet:
    return of_scope(user, demo).select_related("severity", "area").order_by("-number")


def postmortems_due(user: User, demo: bool) -> IncidentQuerySet:
    """Counted incidents whose postmortem is not published, the longest overdue first."""
    return (
        of_scope(user, demo)
        .counted()
        .filter(postmortem__state__in=OPEN_POSTMORTEMS, postmortem__due_on__isnull=False)
        .select_related("severity", "area", "postmortem")
        .order_by("postmortem__due_on", "number")
    )


@dataclass(frozen=True)
class IncidentFigures:
    counted: int
    ongoing: int
    overdue: int


@dataclass(frozen=True)
class SetupProgress:
    """Which of the first steps are done, with real data only."""

    pager: bool
    forge: bool
    imported: bool
    incident: bool
    pager_slug: str = ""
    forge_slug: str = ""
    # The newest repository whose history was read: its first report ends the guide.
    imported_pk: int | None = None

    @property
    def done(self) -> int:
        return sum((self.pager, self.forge, self.imported, self.incident))

    @property
    def finished(self) -> bool:
        return self.done == 4


@dataclass(frozen=True)
class Opening:
    """All that the first page counts and asks of other tables, read in one statement."""

    figures: IncidentFigures
    untested: int
    progress: SetupProgress
    # Whether any incident is known that counts: without one nothing can be linked to one.
    incident_known: bool


def opening(user: User, filters: Filters, today: date) -> Opening:
    n, found = _opening(filters.demo)({READER: user.pk, SINCE: midnight(filters.start), TODAY: today})
    return Opening(
        IncidentFigures(n["counted"], n["ongoing"], n["overdue"]),
        n["untested"],
        _progress(found),
        bool(found["known"]),
    )


@cache
def _opening(demo: bool) -> AtOnce:
    reader = User(pk=READER)
    counted = of_scope(reader, demo).counted()
    counts: dict[str, QuerySet[Any]] = {
        "counted": counted.filter(reported_at__gte=SINCE),
        "ongoing": counted.ongoing(),
        "overdue": postmortems_due(reader, demo).filter(postmortem__due_on__lt=TODAY),
        "untested": lessons_without_test(reader, demo),
    }
    lists = {
        "sources": _sources(),
        "imported": _imported(),
        "incident": Incident.objects.filter(is_demo=False).order_by().values("pk")[:1],
        "known": Incident.objects.counted().filter(is_demo=demo).order_by().values("pk")[:1],
    }
    return AtOnce(counts, lists)


@dataclass(frozen=True)
class Listed:
    incidents: list[Incident]
    due: list[Incident]
    untested: list[Lesson]


def listed(user: User, demo: bool) -> Listed:
    """The first of each list that the reader may see."""
    return Listed(*_listed(demo)(user.pk))


@cache
def _listed(demo: bool) -> Prepared:
    def lists(reader: int) -> list[QuerySet[Any]]:
        user = User(pk=reader)
        found = recent_incidents(user, demo), postmortems_due(user, demo), lessons_without_test(user, demo)
        return [rows[:SHOWN] for rows in found]

    return Prepared(lists, 1)


def _sources() -> QuerySet[Any, Any]:
    heard = Delivery.objects.filter(source=OuterRef("pk"))
    return (
        Source.objects.filter(is_demo=False)
        .annotate(heard=Exists(heard))
        .order_by("-is_active", "id")
        .values("kind", "slug", "heard")
    )


def _imported() -> QuerySet[Any, Any]:
    return (
        Repository.objects.filter(is_demo=False)
        .exclude(imported_to="")
        .filter(Exists(Change.objects.filter(repository=OuterRef("pk"))))
        .order_by("-id")
        .values("pk")[:1]
    )


def _progress(found: Mapping[str, list[dict[str, Any]]]) -> SetupProgress:
    """A source is connected once something real has come through it."""
    sources = [(one["kind"], one["slug"], one["heard"]) for one in found["sources"]]
    forges = [(slug, heard) for kind, slug, heard in sources if kind == "github"]
    pagers = [(slug, heard) for kind, slug, heard in sources if kind not in ("github", "change", "junit")]
    pagerduty = next((slug for kind, slug, _ in sources if kind == "pagerduty"), "")
    imported = found["imported"][0]["pk"] if found["imported"] else None
    return SetupProgress(
        pager=any(heard for _, heard in pagers),
        forge=any(heard for _, heard in forges),
        imported=imported is not None,
        incident=bool(found["incident"]),
        pager_slug=pagerduty,
        forge_slug=forges[0][0] if forges else "",
        imported_pk=imported,
    )
