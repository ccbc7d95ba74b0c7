"""Domain areas: how risky, what ships there, where AI had a hand in it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from changes.filters import with_merged
from changes.models import AreaRule, Change, DomainArea, Origin, Service
from changes.queries.places import shipped_by_month
from changes.views.bars import month_bars
from intake.queries import in_view

MONTHS_SHOWN = timedelta(days=550)
MARKED = [Origin.ASSISTED, Origin.AUTONOMOUS]


def area_list(request: HttpRequest) -> HttpResponse:
    shipped = in_view(Change.objects.shipped(), "repository__is_demo").filter(area=OuterRef("pk"))
    rules = AreaRule.objects.filter(area=OuterRef("pk"))
    areas = DomainArea.objects.filter(merged_into=None).annotate(
        shipped=_total(shipped), marked=_total(shipped.filter(origin__in=MARKED)), rules=_total(rules)
    )
    without = in_view(Change.objects.shipped(), "repository__is_demo").filter(area=None).count()
    context = {"areas": areas.order_by("retired_at", "-risk_level", "name"), "without": without}
    return render(request, "changes/areas.html", context)


def _total(rows: QuerySet[Change] | QuerySet[AreaRule]) -> Coalesce:
    column = "area"
    return Coalesce(Subquery(rows.order_by().values(column).annotate(n=Count("pk")).values("n")), 0)


def area_detail(request: HttpRequest, slug: str) -> HttpResponse:
    area = get_object_or_404(DomainArea.objects.select_related("merged_into"), slug=slug)
    if area.merged_into is not None:
        return redirect("changes:area", slug=area.merged_into.slug)
    terms = with_merged(area)
    mine = in_view(Change.objects.filter(area__in=terms), "repository__is_demo")
    shipped = mine.shipped()
    origins = list(shipped.values("origin").annotate(n=Count("id")).order_by("-n"))
    rules = AreaRule.objects.filter(area__in=terms).select_related("repository")
    touching = Change.objects.shipped().filter(areas_touched__in=terms).exclude(area__in=terms)
    context = {
        "area": area,
        "terms": terms,
        "origins": origins,
        "total": sum(row["n"] for row in origins),
        "origin_query": f"area={area.slug}",
        "touching": in_view(touching, "repository__is_demo").distinct().count(),
        "bars": month_bars(shipped_by_month(mine, timezone.now() - MONTHS_SHOWN)),
        "rules": in_view(rules, "repository__is_demo").order_by("repository__name", "position", "pk"),
        "services": in_view(Service.objects.filter(area__in=terms)).select_related("team"),
        "recent": shipped.for_list().prefetch_related("assistances__kind").order_by("-shipped_at")[:15],
    }
    return render(request, "changes/area.html", context)
