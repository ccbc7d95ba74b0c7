"""What a digest or a hook can be narrowed to: "" is everything, else "team:3", "service:5", "area:2"."""

from __future__ import annotations

from accounts.models import Team
from analytics.queries.figures import Taxonomy, services_offered, shows_demo
from changes.models import DomainArea, Service
from changes.queries.together import together

Group = tuple[str, list[tuple[str, str]]]
KINDS = ("team", "service", "area")
EVERYTHING = ("", "Everything")


def offered() -> list[Group]:
    """In groups, for a list to choose from; an empty group is left out."""
    teams, services, areas = together(
        Team.objects.order_by("name"), services_offered(shows_demo()), DomainArea.objects.offered()
    )
    groups = [
        ("", [EVERYTHING]),
        ("Teams", [(f"team:{team.pk}", team.name) for team in teams]),
        ("Services", [(f"service:{service.pk}", service.name) for service in services]),
        ("Areas", [(f"area:{area.pk}", area.name) for area in areas]),
    ]
    return [group for group in groups if group[1]]


def label(scope: str) -> str | None:
    """As a sentence goes on with it; None where that is no more. A merged area has the name it goes by."""
    kind, _, number = scope.partition(":")
    if not scope:
        return "everything"
    if kind not in KINDS or not number.isdecimal():
        return None
    found: Team | Service | DomainArea | None
    if kind == "team":
        found = Team.objects.filter(pk=int(number)).first()
    elif kind == "service":
        found = Service.objects.filter(pk=int(number)).first()
    else:
        areas = Taxonomy(DomainArea)
        term = areas.terms.get(areas.resolved.get(int(number), 0))
        found = term if isinstance(term, DomainArea) else None
    return None if found is None else f"{kind} {found}"
