"""Which services a scope holds."""

from __future__ import annotations

from analytics.queries.figures import Taxonomy
from changes.models import DomainArea, Service


def of_scope(scope: str, demo: bool) -> list[tuple[int, str]]:
    """Id and name in alphabetical order."""
    services = Service.objects.filter(is_demo=demo)
    kind, _, number = scope.partition(":")
    if kind == "team":
        services = services.filter(team=int(number))
    elif kind == "area":
        areas = Taxonomy(DomainArea).resolved
        services = services.filter(area__in=[pk for pk, end in areas.items() if end == int(number)])
    return list(services.order_by("name", "pk").values_list("pk", "name"))
