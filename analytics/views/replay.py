"""Would it have stopped us? A scenario, a safeguard or any scope, run against the past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics.charts_replay import replay_chart
from analytics.comparisons import kept
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
ALL_AT_ONCE = 200
READ_AT_ONCE = 5000
HEADER = ("incident", "began_on", "in_scope_area_or_services", "state", "words", "written_from")


@dataclass(frozen=True)
class Shown:
    """An incident's line with what the reader may see of it; None and None for a restricted one."""

    line: Line | None
    incident: Incident | None


def _form(request: HttpRequest) -> ReplayForm:
    return ReplayForm(request.GET, shows_demo())


def _report(form: ReplayForm, one: Replayed | None) -> Replay:
    """Its counts are kept for its other pages and its files. While something waits to be counted they are
    made anew: what was restricted just now is to be hidden at once.
    """
    stands, asked = catch_up(), form.asked()
    made_on, behind = (one.made_on, one.written_from) if one else (None, frozenset[int]())
    counts = None if stands.behind else kept("replay", asked, stands, lambda: queries.counts(asked))
    return replays.replay(asked, made_on=made_on, written_from=behind, counts=counts)


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
    lines, hidden = _told(request, found)
    return render(request, "analytics/replay.html", {
        "form": form,
        "one": one,
        "found": found,
        "headline": replays.headline(found, one.name if one else "This rule", _where(form)),
        "notes": replays.notes(found),
        "chart": _chart(found, lines),
        **_page(request, lines, hidden),
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


def _told(request: HttpRequest, found: Replay) -> tuple[list[Line], int]:
    """The lines that the reader may see, and how many others there are."""
    if found.is_hidden:
        return [], 0
    hidden = set(Incident.objects.hidden_from(reader(request)).values_list("pk", flat=True))
    lines = [line for line in found.lines if line.incident not in hidden]
    return lines, len(found.lines) - len(lines)


def _page(request: HttpRequest, lines: list[Line], hidden: int) -> dict[str, Any]:
    """The first few, or all a page at a time. A restricted one's place among the others would tell when it
    began: they come last.
    """
    places: Sequence[Line | None] = [*lines, *repeat(None, hidden)]
    is_all = request.GET.get("list") == "all"
    pages = Paginator(places, ALL_AT_ONCE if is_all else FIRST)
    page = pages.get_page(request.GET.get("page") if is_all else 1)
    wanted = [line.incident for line in page.object_list if line]
    rows = Incident.objects.visible_to(reader(request)).select_related("area").in_bulk(wanted)
    query = request.GET.copy()
    for name in ("page", "list"):
        query.pop(name, None)
    return {
        "shown": [Shown(line, rows.get(line.incident) if line else None) for line in page.object_list],
        "page": page,
        "is_all": is_all,
        "query": query.urlencode(),
    }


def _chart(found: Replay, told: list[Line]) -> Any:
    """None where it is hidden; of restricted incidents neither day nor state is told."""
    if found.is_hidden:
        return None
    # What would have been met lies at the bottom, so that it is read first.
    order = ("met", "perhaps", "unsaid", "outside", "none")
    lines = sorted(told, key=lambda line: order.index(line.state))
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


def _table(request: HttpRequest, found: Replay) -> Iterator[tuple[Any, ...]]:
    lines, hidden = _told(request, found)
    for first in range(0, len(lines), READ_AT_ONCE):
        some = lines[first : first + READ_AT_ONCE]
        rows = Incident.objects.visible_to(reader(request)).only("number")
        names = {pk: str(one) for pk, one in rows.in_bulk([line.incident for line in some]).items()}
        for line in some:
            if line.incident in names:
                day = line.began_on.isoformat()
                yield names[line.incident], day, line.inside, line.state, line.words, line.written_from
    yield from repeat(("restricted", *(None,) * (len(HEADER) - 1)), hidden)
