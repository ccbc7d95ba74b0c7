"""Earlier incidents that are like one: of the same services or area, by the words they share."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from incidents.models import Incident

MOST = 3
# Only so many of the newest are weighed: the page waits for it.
WEIGHED = 400
# A rank by words alone that is hardly more than one common word.
LEAST = 0.02


def alike(incident: Incident, reader: User) -> list[dict[str, Any]]:
    """`number`, `title`, `began`, `same_service`, the likest first."""
    words = re.findall(r"[^\W\d_]{3,}", f"{incident.title} {incident.summary}")[:40]
    services = [service.pk for service in incident.services.all()]
    if not words or not (services or incident.area_id):
        return []
    shared = Incident.services.through.objects.filter(incident=OuterRef("pk"), service__in=services)
    place = Q(Exists(shared)) | Q(area=incident.area_id) if incident.area_id else Q(Exists(shared))
    near = Incident.objects.visible_to(reader).counted().filter(place, is_demo=incident.is_demo)
    newest = (
        near.filter(reported_at__lt=incident.reported_at).exclude(pk=incident.pk).order_by("-reported_at")
    )
    query = SearchQuery(" or ".join(words), search_type="websearch", config="english")
    vector = SearchVector("title", weight="A", config="english") + SearchVector(
        "summary", "impact", weight="C", config="english"
    )
    found = Incident.objects.filter(pk__in=newest.values("pk")[:WEIGHED]).annotate(
        words=SearchRank(vector, query),
        same_service=Exists(shared),
        began=Coalesce("impact_started_at", "detected_at", "reported_at"),
    )
    closer = Case(When(same_service=True, then=Value(1.5)), default=Value(1.0))
    ranked = found.filter(words__gt=LEAST).annotate(likeness=F("words") * closer).order_by("-likeness", "-pk")
    rows = ranked.values("number", "title", "began", "same_service")[:MOST]
    return [dict(row) for row in rows]
