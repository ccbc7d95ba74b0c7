"""What pages of the lower floors show of incidents: `{% load incident_panels %}`.

A template stands above all floors, so this is how a change's page names its incidents without `changes`
knowing of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import template

from changes.models import Change, Service
from changes.queries.together import together
from incidents.models import Cause, Incident
from incidents.queries.causes import met_incidents, standing_causes, standing_fixes

register = template.Library()


@register.inclusion_tag("incidents/_of_change.html", takes_context=True)
def incidents_of_change(context: template.Context, change: Change) -> dict[str, Any]:
    """The incidents in which a change had a hand or which it repaired, as far as the reader may see them."""
    visible = Incident.objects.visible_to(context["request"].user)
    causes = standing_causes([change.pk]).filter(incident__in=visible)
    fixes = standing_fixes([change.pk]).filter(incident__in=visible)
    named, repaired = together(
        causes.select_related("incident__severity").order_by("-incident__number"),
        fixes.select_related("incident").order_by("-incident__number"),
    )
    return {"causes": named, "fixes": repaired}


@register.simple_tag(takes_context=True)
def linked_to_incidents(context: template.Context, changes: Iterable[Change]) -> set[int]:
    """The ids of those changes that had a hand in an incident, as far as the reader may know."""
    asked = [change.pk for change in changes if change.first_incident_at is not None]
    return met_incidents(asked, context["request"].user) if asked else set()


@register.inclusion_tag("incidents/_of_service.html", takes_context=True)
def incidents_of_service(context: template.Context, service: Service) -> dict[str, Any]:
    """The latest incidents of a service that the reader may see."""
    visible = Incident.objects.visible_to(context["request"].user).filter(services=service)
    return {"incidents": visible.select_related("severity").order_by("-number")[:10]}


@register.inclusion_tag("incidents/_of_service.html", takes_context=True)
def incidents_of_area(context: template.Context, area_ids: Collection[int]) -> dict[str, Any]:
    """The latest incidents in which a change of these areas had a hand, as far as the reader may see them."""
    named = standing_causes().exclude(status=Cause.Status.RULED_OUT).filter(change__area__in=area_ids)
    visible = Incident.objects.visible_to(context["request"].user).filter(pk__in=named.values("incident"))
    return {"incidents": visible.select_related("severity").order_by("-number")[:10]}
