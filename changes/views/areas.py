"""Domain areas: how risky, what ships there, where AI had a hand in it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from changes.filters import with_merged
from changes.models import AreaRule, Change, DomainArea, Service
from changes.queries.places import shipped
from changes.queries.shipped import Counts, origins_in_areas, shipped_in_areas
from changes.queries.together import together
from changes.views.bars import month_bars
from changes.views.changes import ASSISTANCES
from intake.queries import in_view

MONTHS_SHOWN = timedelta(days=550)


def area_list(request: HttpRequest) -> HttpResponse:
    rules = AreaRule.objects.filter(area=OuterRef("pk")).order_by().values("area").annotate(n=Count("pk"))
    areas = DomainArea.objects.filter(merged_into=None).annotate(
        rules=Coalesce(Subquery(rules.values("n")), 0)
    )
    counts = shipped_in_areas()
    lines = [
        (area, counts.get(area.pk, Counts())) for area in areas.order_by("retired_at", "-risk_level", "name")
    ]
    return render(
        request, "changes/areas.html", {"lines": lines, "without": counts.get(None, Counts()).shipped}
    )


def area_detail(request: HttpRequest, slug: str) -> HttpResponse:
    area = get_object_or_404(DomainArea.objects.select_related("merged_into"), slug=slug)
    if area.merged_into is not None:
        return redirect("changes:area", slug=area.merged_into.slug)
    terms = with_merged(area)
    mine = in_view(Change.objects.filter(area__in=terms), "repository__is_demo")
    found = shipped(mine, timezone.now() - MONTHS_SHOWN, origins_in_areas(terms))
    rules, services, recent = together(
        in_view(
            AreaRule.objects.filter(area__in=terms).select_related("repository"), "repository__is_demo"
        ).order_by("repository__name", "position", "pk"),
        in_view(Service.objects.filter(area__in=terms)).select_related("team"),
        mine.shipped().for_list().prefetch_related(ASSISTANCES).order_by("-shipped_at")[:15],
    )
    touching = Change.objects.shipped().filter(areas_touched__in=terms).exclude(area__in=terms)
    context = {
        "area": area,
        "terms": terms,
        "origins": found.origins,
        "total": found.total,
        "origin_query": f"area={area.slug}",
        "touching": in_view(touching, "repository__is_demo").aggregate(n=Count("pk", distinct=True))["n"],
        "bars": month_bars(found.months),
        "rules": rules,
        "services": services,
        "recent": recent,
    }
    return render(request, "changes/area.html", context)
