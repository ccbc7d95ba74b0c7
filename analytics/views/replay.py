"""Would it have stopped us? A scenario, a safeguard or any scope, run against the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.charts_replay import replay_chart
from analytics.metrics import replay as replays
from analytics.metrics.replay import Line, Replay
from analytics.models import Safeguard
from analytics.queries import replay as queries
from analytics.queries import scenarios
from analytics.queries.figures import shows_demo
from analytics.replay_form import Replayed, ReplayForm, address_of, replayed
from analytics.tasks import catch_up
from analytics.views.answers import csv_file, not_valid
from analytics.views.people import reader
from incidents.models import Incident

PAGE = 50
# The replay itself says how many there are; the list counts no further.
MOST_COUNTED = 10_000
MOST_OFFERED = 12
# How many incidents the page lists unless all are asked for.
FIRST = 15
HEADER = ("incident", "began_on", "in_scope_area_or_services", "state", "words", "written_from")


@dataclass(frozen=True)
class Shown:
    """An incident's line with what the reader may see of it; None for a restricted one."""

    line: Line
    incident: Incident | None


def _form(request: HttpRequest) -> ReplayForm:
    return ReplayForm(request.GET, shows_demo())


def _report(form: ReplayForm, one: Replayed | None) -> Replay:
    catch_up()
    made_on, behind = (one.made_on, one.written_from) if one else (None, frozenset[int]())
    return replays.replay(form.asked(), made_on=made_on, written_from=behind)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    one = replayed(request.GET.get("of", ""), reader(request))
    if one and set(request.GET) == {"of"}:
        return redirect(f"{reverse('analytics:replay')}?{address_of(one)}")
    form = _form(request)
    if not form.is_valid():
        return render(request, "analytics/replay.html", {"form": form, "one": one}, status=400)
    if form.asked().scope.is_everything:
        return render(request, "analytics/replay.html", {"form": form, "one": one, **_offered(request)})
    found = _report(form, one)
    shown = _shown(request, found)
    return render(request, "analytics/replay.html", {
        "form": form,
        "one": one,
        "query": request.GET.urlencode(),
        "found": found,
        "headline": replays.headline(found, one.name if one else "This rule", _where(form)),
        "notes": replays.notes(found),
        "shown": shown if request.GET.get("list") == "all" else shown[:FIRST],
        "chart": _chart(found, shown),
    })  # fmt: skip


def _offered(request: HttpRequest) -> dict[str, Any]:
    standing = scenarios.for_list(reader(request)).exclude(state="retired").order_by("-number")
    guards = Safeguard.objects.filter(is_demo=shows_demo()).order_by("-starts_on")
    return {"scenarios": standing[:MOST_OFFERED], "safeguards": guards[:MOST_OFFERED]}


def _where(form: ReplayForm) -> str:
    """In the words of the form: "in Payments", "of checkout-api"."""
    told = form.cleaned_data
    if told["area"]:
        return f"in {dict(form.fields['area'].choices)[told['area']]}"  # type: ignore[attr-defined]
    names = dict(form.fields["service"].choices)  # type: ignore[attr-defined]
    return f"of {', '.join(str(names[slug]) for slug in told['service'])}" if told["service"] else ""


def _shown(request: HttpRequest, found: Replay) -> list[Shown]:
    if found.is_hidden:
        return []
    visible = Incident.objects.visible_to(reader(request)).select_related("area")
    rows = visible.in_bulk([line.incident for line in found.lines])
    shown = [Shown(line, rows.get(line.incident)) for line in found.lines]
    # Among the others its place would tell when a restricted one began.
    return sorted(shown, key=lambda one: one.incident is None)


def _chart(found: Replay, shown: list[Shown]) -> Any:
    """None where it is hidden; of restricted incidents neither day nor state is told."""
    if found.is_hidden:
        return None
    # What would have been met lies at the bottom, so that it is read first.
    order = ("met", "perhaps", "unsaid", "outside", "none")
    lines = sorted((one.line for one in shown if one.incident), key=lambda line: order.index(line.state))
    return replay_chart(
        ((month.begins_on, month.harmless) for month in found.months),
        ((line.began_on, line.state, line.words) for line in lines),
        start=found.asked.start, end=found.asked.end, made_on=found.made_on,
    )  # fmt: skip


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The changes that a replay counts: the records behind its figures."""
    form = _form(request)
    if not form.is_valid():
        return not_valid(form)
    one = replayed(request.GET.get("of", ""), reader(request))
    catch_up()
    number = request.GET.get("page", "")
    wanted = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    found = queries.fitting(form.asked(), page=wanted, per_page=PAGE, most=MOST_COUNTED)
    if wanted > found.pages:
        found = queries.fitting(form.asked(), page=found.pages, per_page=PAGE, most=MOST_COUNTED)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": found,
        "query": query.urlencode(),
        "one": one,
    }
    return render(request, "analytics/replay_changes.html", context)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return not_valid(form)
    one = replayed(request.GET.get("of", ""), reader(request))
    found = _report(form, one)
    return JsonResponse({
        "start": found.asked.start,
        "end": found.asked.end,
        "headline": replays.headline(found, one.name if one else "This rule", _where(form)),
        "notes": replays.notes(found),
        "incidents": None if found.is_hidden else len(found.inside),
        "met": None if found.is_hidden else len(found.met),
        "met_elsewhere": None if found.is_hidden else len(found.elsewhere),
        "changes": found.fitting,
        "harmless": None if found.is_hidden else found.harmless,
        "harmful": None if found.is_hidden else found.harmful,
        "suspected": None if found.is_hidden else found.suspected,
        "undone": None if found.is_hidden else found.undone,
        "may_still_fail": None if found.is_hidden else found.young,
        "lines": [dict(zip(HEADER, row, strict=True)) for row in _table(request, found)],
    })  # fmt: skip


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return not_valid(form)
    found = _report(form, replayed(request.GET.get("of", ""), reader(request)))
    return csv_file(f"replay-{found.asked.end}", HEADER, _table(request, found))


def _table(request: HttpRequest, found: Replay) -> list[tuple[Any, ...]]:
    return [
        (
            str(one.incident),
            one.line.began_on.isoformat(),
            one.line.inside,
            one.line.state,
            one.line.words,
            one.line.written_from,
        )
        if one.incident
        else ("restricted", *(None,) * (len(HEADER) - 1))
        for one in _shown(request, found)
    ]
