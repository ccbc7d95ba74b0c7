"""`{% seen_before incident user %}`: earlier incidents that are like this one, for the page beside it."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from incidents.models import Incident
from incidents.queries.alike import alike

register = template.Library()


@register.inclusion_tag("incidents/_seen_before.html")
def seen_before(incident: Incident, user: User) -> dict[str, Any]:
    return {"rows": alike(incident, user)}
