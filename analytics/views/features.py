"""Features: what they do for their metric, beside what they take to keep. The list, and one of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.models import Role, User
from analytics.charts_feature import Figure, feature_chart
from analytics.forms import today
from analytics.forms_features import AnswerForm, MeasurementForm, RetireForm
from analytics.impact import BY_NAME, EVER, LATELY, ORDERS, PERIODS, Line, Sheet, in_order, lines, sheet
from analytics.metrics.features import Part, number
from analytics.models import DeploymentFlow
from analytics.queries.figures import shows_demo
from analytics.views.answers import csv_file
from analytics.views.people import reader
from changes.filters_features import FeatureFilter
from changes.models import Change, ChangeLink, Deployment, Feature, FeatureWord, Measurement, Service
from changes.queries.together import together

PAGE, LISTED, RECENT = 25, 10, 10
UNDO_DAYS = 7
NO_ORDER = "Only features of one unit can be put in an order: choose a unit first. These are by name."
LIST_HEADER = (
    "feature", "name", "area", "metric", "unit", "direction", "baseline", "value", "low", "high",
    "measured_from", "measured_until", "difference", "better", "answered", "period",
)  # fmt: skip
PART_KEYS = (
    "net_lines", "services", "settings", "config_files", "incidents", "undone", "fixes", "rewritten",
    "rework", "actions",
)  # fmt: skip
SHEET_HEADER = ("window", "since", "until", "part", "value", "note", "not_known_because")


# ---------------------------------------------------------------- the list


def _listed(request: HttpRequest, demo: bool) -> tuple[FeatureFilter, list[Feature]]:
    rows = Feature.objects.filter(is_demo=demo).select_related("area")
    found = FeatureFilter(request.GET, queryset=rows)
    return found, list(found.qs.order_by("name", "pk"))


def _order(request: HttpRequest) -> str:
    """By name unless one unit was chosen: different units are never ranked against each other."""
    asked = request.GET.get("sort", BY_NAME)
    return asked if asked in ORDERS and request.GET.get("unit") else BY_NAME


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    user, demo = reader(request), shows_demo()
    found, features = _listed(request, demo)
    period = request.GET.get("period", EVER)
    period = period if period in PERIODS else EVER
    order = _order(request)
    # An order by what is counted needs all of them; by name only those of this page are counted.
    whole = lines(features, user, today()) if order != BY_NAME else None
    rows: list[Any] = in_order(whole, order, period) if whole is not None else list(features)
    part = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shown: list[Line] = (
        list(part.object_list) if whole is not None else lines(list(part.object_list), user, today())
    )
    named = [name for name in (*found.form.fields, "sort", "period") if request.GET.get(name)]
    context = {
        "demo_data": demo,
        "form": found.form,
        "page": part,
        "rows": [(line, _cells(line, period)) for line in shown],
        "choices": _choices(features if not named else None, demo),
        "asked": {name: request.GET.get(name, "") for name in (*found.form.fields, "sort")},
        "periods": PERIODS,
        "period": period,
        "orders": ORDERS,
        "order": order,
        "refused_order": NO_ORDER if order != request.GET.get("sort", order) else "",
        "is_narrowed": bool(named),
        "query": _query(request),
        "may_write": user.at_least(Role.AUTHOR),
    }
    return render(request, "analytics/features.html", context)


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _choices(all_of_them: list[Feature] | None, demo: bool) -> dict[str, list[tuple[str, str]]]:
    """Units and areas that any feature has."""
    rows = all_of_them
    if rows is None:
        rows = list(Feature.objects.filter(is_demo=demo).select_related("area"))
    units = {one.unit.casefold(): one.unit for one in rows if one.unit}
    areas = {one.area.slug: one.area.name for one in rows if one.area}
    return {
        "units": [(unit, unit) for unit in sorted(units.values(), key=str.casefold)],
        "areas": sorted(areas.items(), key=lambda one: one[1]),
    }


def _cells(line: Line, period: str) -> dict[str, tuple[Part, str]]:
    """Each part by its key, with where what it counts is listed."""
    return {one.key: (one, _address(line, one.key, period)) for one in line.burdens[period].parts}


def _address(line: Line, key: str, period: str) -> str:
    """The list of changes where it can show the very ones, else the place on the feature's own page."""
    window = line.burdens[period].window
    named: dict[str, str] = {"feature": line.feature.slug}
    if key == "net_lines":
        named["state"] = Change.State.SHIPPED
        if window.since and window.until:
            after = window.until + timedelta(days=1)
            named |= {"shipped_after": window.since.isoformat(), "shipped_before": after.isoformat()}
    elif key == "undone" and period == EVER:
        named["undone"] = "true"
    else:
        return f"{line.feature.get_absolute_url()}#{ANCHORS.get(key, 'keep')}"
    return f"{reverse('changes:list')}?{urlencode(named)}"


ANCHORS = {
    "services": "services",
    "settings": "settings",
    "incidents": "incidents",
    "fixes": "fixes",
    "rework": "rework",
    "actions": "actions",
}


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    _, features = _listed(request, shows_demo())
    found = [
        (*_head(line), period, *(part.value for part in _by_key(line, period)))
        for line in lines(features, reader(request), today())
        for period in PERIODS
    ]
    return csv_file(f"features-{today()}", (*LIST_HEADER, *PART_KEYS), found)


def _by_key(line: Line, period: str) -> list[Part]:
    parts = {one.key: one for one in line.burdens[period].parts}
    return [parts[key] for key in PART_KEYS]


def _head(line: Line) -> tuple[Any, ...]:
    feature, impact = line.feature, line.impact
    measured = impact.measured if impact else None
    return (
        feature.slug,
        feature.name,
        feature.area.slug if feature.area else "",
        feature.metric,
        feature.unit,
        feature.direction,
        feature.baseline,
        *(getattr(measured, name, None) for name in ("value", "low", "high", "begins_on", "ends_on")),
        impact.difference if impact else None,
        impact.better if impact else None,
        bool(feature.worth_it),
    )


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    _, features = _listed(request, shows_demo())
    found = [_told(line) for line in lines(features, reader(request), today())]
    return JsonResponse({"as_of": today(), "features": found})


def _told(line: Line) -> dict[str, Any]:
    return {
        **dict(zip(LIST_HEADER, _head(line), strict=False)),
        "burden": {period: _parts(line.burdens[period].parts) for period in PERIODS},
    }


def _parts(parts: list[Part]) -> dict[str, Any]:
    return {one.key: {"value": one.value, "note": one.note, "not_known_because": one.reason} for one in parts}


# ---------------------------------------------------------------- one feature


def found_feature(slug: str) -> Feature:
    rows = Feature.objects.filter(is_demo=shows_demo()).select_related("area", "worth_it_by")
    return get_object_or_404(rows, slug=slug)


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, found_feature(slug))


def show(request: HttpRequest, feature: Feature, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The page of one feature; `forms` are those that came back with something to mend."""
    user = reader(request)
    beside = _beside(feature)
    measured = beside["measured"]
    found = sheet(feature, measured, user, today())
    may_write = user.at_least(Role.AUTHOR)
    context = {
        # What is shown here is of the data that is shown everywhere.
        "demo_data": feature.is_demo,
        "feature": feature,
        "sheet": found,
        "rows": _rows(found),
        "listed": LISTED,
        "chart": feature_chart(_figures(feature, measured)),
        "may_write": may_write,
        "presses": _presses(feature, user) if may_write else [],
        "answer_form": AnswerForm(initial={"worth_it": feature.worth_it}),
        "measurement_form": MeasurementForm(),
        "retire_form": RetireForm(initial={"on": today()}),
        **beside,
        **forms,
    }
    return render(request, "analytics/feature.html", context, status=status)


def _rows(found: Sheet) -> list[tuple[str, str, list[tuple[Part, str]]]]:
    """Each part in a row, with one cell for each period."""
    ever, lately = _cells(found, EVER), _cells(found, LATELY)
    return [(key, ever[key][0].name, [ever[key], lately[key]]) for key in PART_KEYS]


def _beside(feature: Feature) -> dict[str, Any]:
    """All that hangs on it, in one statement."""
    mine = Q(feature=feature.pk, merged_into=None)
    shipped = Change.objects.filter(mine, state=Change.State.SHIPPED)
    wanted: dict[str, QuerySet[Any]] = {
        "measured": Measurement.objects.filter(feature=feature).select_related("said_by", "taken_back_by"),
        "services": Service.objects.filter(
            pk__in=Change.services.through.objects.filter(change__in=shipped).values("service")
        ).order_by("name"),
        "recent": Change.objects.filter(mine)
        .select_related("repository")
        .order_by("-shipped_at", "-merged_at", "-pk")[:RECENT],
        "settings": shipped.exclude(type__in=[Change.Type.CODE, Change.Type.DATA]).order_by("-shipped_at")[
            :LISTED
        ],
        "fixes": _fixes(feature),
        "rework": _rework(feature),
        "answers": _answers(feature),
    }
    return dict(zip(wanted, together(*wanted.values()), strict=True))


def _fixes(feature: Feature) -> QuerySet[Change]:
    own = Change.objects.filter(feature=feature.pk, merged_into=None).values("pk")
    named = ChangeLink.objects.filter(kind=ChangeLink.Kind.FIXES, target__in=own).values("change")
    found = Q(pk__in=named) | Q(follows_up__change__in=own)
    rows = Change.objects.current().exclude(merged_at=None).filter(found).distinct()
    return rows.order_by("-merged_at", "-pk")[:LISTED]


def _rework(feature: Feature) -> QuerySet[Deployment]:
    own = Deployment.changes.through.objects.filter(
        change__feature=feature.pk, change__merged_into=None
    ).values("deployment")
    rows = DeploymentFlow.objects.filter(is_rework=True, by_restricted=False, deployment__in=own).values(
        "deployment"
    )
    return Deployment.objects.for_list().filter(pk__in=rows).order_by("-finished_at", "-pk")[:LISTED]


def _answers(feature: Feature) -> QuerySet[Any]:
    """Every answer that was given, each once, from the history; the last one is the one that stands."""
    events: Any = feature.events  # type: ignore[attr-defined]
    said = events.exclude(worth_it="").select_related("worth_it_by")
    found: QuerySet[Any] = said.order_by("-worth_it_at", "-pgh_id").distinct("worth_it_at")
    return found


def _presses(feature: Feature, user: User) -> list[dict[str, Any]]:
    """What this person put in lately, step by step: each can be taken back as a whole."""
    words = FeatureWord.objects.filter(
        feature=feature,
        said_by=user,
        withdrawn_at=None,
        said_at__gte=timezone.now() - timedelta(days=UNDO_DAYS),
    )
    steps: QuerySet[Any, Any] = words.values("said_at").annotate(count=Count("pk")).order_by("-said_at")
    return list(steps[:5])


def _figures(feature: Feature, measured: list[Measurement]) -> list[Figure]:
    """As the picture shows them: the baseline where its period is known, then what stands."""
    found = []
    if feature.baseline is not None and feature.baseline_from and feature.baseline_to:
        words = f"Baseline {number(feature.baseline)} {feature.unit}"
        found.append(
            Figure(
                feature.baseline_from, feature.baseline_to, feature.baseline, words=words, is_baseline=True
            )
        )
    for one in measured:
        if one.taken_back_at is None:
            words = f"{number(one.value)} {feature.unit}, {_days(one.begins_on, one.ends_on)}"
            found.append(Figure(one.begins_on, one.ends_on, one.value, one.low, one.high, words))
    return found


def _days(begins_on: date, ends_on: date) -> str:
    return f"{begins_on:%-d %b %Y} to {ends_on:%-d %b %Y}"


def _sheet(request: HttpRequest, slug: str) -> Sheet:
    feature = found_feature(slug)
    return sheet(feature, feature.measurements.all(), reader(request), today())


@require_safe
def detail_csv(request: HttpRequest, slug: str) -> HttpResponse:
    found = _sheet(request, slug)
    windows = [(period, found.burdens[period]) for period in PERIODS]
    windows += [("by_measurement", one.carried) for one in found.densities]
    windows += [("in_measurement", one.period) for one in found.densities]
    rows = [
        (name, burden.window.since, burden.window.until, part.key, part.value, part.note, part.reason)
        for name, burden in windows
        for part in burden.parts
        if part.key != "config_files" or name in PERIODS
    ]
    return csv_file(f"feature-{slug}-{today()}", SHEET_HEADER, rows)


@require_safe
def detail_json(request: HttpRequest, slug: str) -> HttpResponse:
    found = _sheet(request, slug)
    feature = found.feature
    return JsonResponse({
        "as_of": today(),
        **_told(found),
        "description": feature.description,
        "baseline_from": feature.baseline_from,
        "baseline_until": feature.baseline_to,
        "baseline_source": feature.baseline_source,
        "begun_on": feature.begun_on,
        "retired_on": feature.retired_on,
        "worth_it": feature.worth_it,
        "worth_it_at": feature.worth_it_at,
        "measurements": [
            {
                "value": one.impact.measured.value,
                "low": one.impact.measured.low,
                "high": one.impact.measured.high,
                "from": one.impact.measured.begins_on,
                "until": one.impact.measured.ends_on,
                "source": one.impact.measured.source,
                "difference": one.impact.difference,
                "better": one.impact.better,
                "quotients": {
                    quotient.part: {"amount": quotient.amount, "value": quotient.value,
                                    "not_known_because": quotient.reason}
                    for quotient in one.quotients
                },
            }
            for one in found.densities
        ],
        "incidents": {
            "listed": [one.incident.number for one in found.incidents.seen],
            "restricted": None if found.incidents.hidden else found.incidents.unseen,
        },
    })  # fmt: skip
