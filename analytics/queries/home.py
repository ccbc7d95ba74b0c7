"""Reads of the first page: what is recent, what is due, what is still to be set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef

from accounts.models import User
from analytics.queries.figures import Filters, midnight
from changes.models import Change, Repository
from incidents.models import Incident, IncidentQuerySet, Postmortem
from intake.models import Delivery, Source

OPEN_POSTMORTEMS = (
    Postmortem.State.NOT_STARTED,
    Postmortem.State.DRAFT,
    Postmortem.State.IN_REVIEW,
    Postmortem.State.CHANGES_REQUESTED,
    Postmortem.State.APPROVED,
)


def of_scope(user: User, demo: bool) -> IncidentQuerySet:
    """What the reader may see; beside demonstration data also what was reported by hand meanwhile."""
    visible = Incident.objects.visible_to(user)
    return visible if demo else visible.filter(is_demo=False)


def recent_incidents(user: User, demo: bool) -> IncidentQuerySet:
    return of_scope(user, demo).for_list().order_by("-number")


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


def incident_figures(user: User, filters: Filters, today: date) -> IncidentFigures:
    counted = of_scope(user, filters.demo).counted()
    due = postmortems_due(user, filters.demo)
    return IncidentFigures(
        counted=counted.filter(reported_at__gte=midnight(filters.start)).count(),
        ongoing=counted.ongoing().count(),
        overdue=due.filter(postmortem__due_on__lt=today).count(),
    )


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


def setup_progress() -> SetupProgress:
    """A source is connected once something real has come through it."""
    heard = Delivery.objects.filter(source=OuterRef("pk"))
    sources = list(
        Source.objects.filter(is_demo=False)
        .annotate(heard=Exists(heard))
        .order_by("-is_active", "id")
        .values_list("kind", "slug", "heard")
    )
    forges = [(slug, heard) for kind, slug, heard in sources if kind == "github"]
    pagers = [(slug, heard) for kind, slug, heard in sources if kind not in ("github", "change", "junit")]
    pagerduty = next((slug for kind, slug, _ in sources if kind == "pagerduty"), "")
    imported = (
        Repository.objects.filter(is_demo=False)
        .exclude(imported_to="")
        .filter(Exists(Change.objects.filter(repository=OuterRef("pk"))))
        .order_by("-id")
        .values_list("pk", flat=True)
        .first()
    )
    return SetupProgress(
        pager=any(heard for _, heard in pagers),
        forge=any(heard for _, heard in forges),
        imported=imported is not None,
        incident=Incident.objects.filter(is_demo=False).exists(),
        pager_slug=pagerduty,
        forge_slug=forges[0][0] if forges else "",
        imported_pk=imported,
    )
