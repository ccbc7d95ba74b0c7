"""The confirm queue: one entry at a time, one key a decision, undo, and many at once by filter."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.days import midnight
from accounts.models import Role, User
from analytics import reports
from analytics.forms import MatrixForm, today
from analytics.queries import queue as queries
from analytics.queries.figures import RowKey, shows_demo
from analytics.queries.queue import Asked, Plan
from analytics.queries.said_lately import said_by, said_lately
from analytics.services import queue as services
from analytics.tasks import catch_up
from analytics.views.people import author, reader
from changes.models import AssistanceKind, Assistant, Change, DomainArea, Repository, SizeBand
from changes.queries.together import together
from incidents.services.refusals import Refused

PLAN_SECONDS = 120
AHEAD = 2
SAMPLE = 5
UNDO_DAYS = 7
ASIDE = "queue_set_aside"
MOST_ASIDE = 1000
DIGITS = "1234567890"
NOT_A_READER = "Saying how a change was made needs the author role."
KEYS = [
    ("Say the kind of help", "1 … 9"),
    ("AI-assisted", "a"),
    ("Manual", "m"),
    ("Not what is suggested", "n"),
    ("Undecided, set aside", "u"),
    ("Undo", "z"),
    ("Next, previous", "j k"),
]
WORDS = {
    services.MANUAL: "Manual",
    services.AI: "AI-assisted",
    services.NOT: "Not what was suggested",
    services.SUGGESTED: "As suggested",
}


# ---------------------------------------------------------------- what is shown


def plan_of(asked: Asked, demo: bool, anew: bool = False) -> Plan:
    """The order as it stood up to two minutes ago; what was decided since is left out by whoever reads it."""
    key = f"queue:{demo}:{asked.query()}"
    found: Plan | None = None if anew else cache.get(key)
    if found is None:
        found = queries.plan(asked, demo, _standing(demo), timezone.now())
        cache.set(key, found, PLAN_SECONDS)
    return found


def _standing(demo: bool) -> queries.Standing:
    """The cells of the matrix as its page shows them, with the changes still in their first 30 days."""
    form = MatrixForm({}, demo)
    form.is_valid()
    report = reports.matrix(form.filters(), catch_up())
    counted, totals, unclear = {}, {}, dict[str, int]()
    for row, area, cell in report.lines():
        count = cell.n + cell.pending
        if row.is_kind:
            counted[row.key.removeprefix("kind:"), area.slug] = count
        elif row.key == RowKey.TOTAL:
            totals[area.slug] = count
        elif row.key in {RowKey.UNKNOWN, RowKey.NOT_SAID}:
            unclear[area.slug] = unclear.get(area.slug, 0) + count
    shares = {slug: unclear.get(slug, 0) / count for slug, count in totals.items() if count}
    return queries.Standing(counted, shares)


def _aside(request: HttpRequest) -> list[list[Any]]:
    """What this person set aside in this session: pairs of a change and when."""
    kept: list[list[Any]] = request.session.get(ASIDE, [])
    return kept


@dataclass(frozen=True)
class Stand:
    """What one request knows of the queue: found once, whether something is decided in between or not."""

    demo: bool
    plan: Plan
    alive: set[int]


def _stand(asked: Asked, pk: int | None, anew: bool = False) -> Stand:
    demo = shows_demo()
    plan = plan_of(asked, demo, anew)
    return Stand(demo, plan, queries.still_waiting([*plan.ids, *([pk] if pk else [])], demo))


def _part(
    request: HttpRequest,
    asked: Asked,
    at: int | None = None,
    after: int | None = None,
    stand: Stand | None = None,
    kinds: list[AssistanceKind] | None = None,
) -> dict[str, Any]:
    """The entry shown, the one after it made ready, and how far it came.

    `at` is shown if it waits, whether planned or set aside or not; else what follows `after`, else the first.
    """
    stand = stand or _stand(asked, at)
    aside = {pk for pk, _ in _aside(request)}
    line = _line(stand, aside, at)
    if len(line) < AHEAD and stand.plan.total > len(stand.plan.ids):
        stand = _stand(asked, at, anew=True)
        line = _line(stand, aside, at)
    plan, alive = stand.plan, stand.alive
    order = _from(plan, line, at if at in alive else None, after)
    # What was made ready before is shown by now: it need not be sent again.
    held = bool(order) and order[0] == _number(request.POST.get("have"))
    user = reader(request)
    shown = queries.shown(order[held:AHEAD], plan.lacks, user)
    now = timezone.now()
    said = said_lately(user, now - timedelta(days=UNDO_DAYS), midnight(today()))
    return {
        "demo_data": stand.demo,
        "current": order[0] if order else None,
        "held": held,
        "entry": shown.pop(0) if shown and not held else None,
        "ahead": shown[-1] if shown else None,
        "previous": order[-1] if len(order) > 1 else None,
        "left": max(0, plan.total - sum(pk not in alive for pk in plan.ids)),
        "is_over": plan.is_over,
        "aside": len(aside & alive),
        "today_count": said.today,
        "presses": said.presses,
        "kinds": _kinds(kinds),
        "may_decide": user.at_least(Role.AUTHOR),
        "query": asked.query(),
        "asked": asked,
    }


def _line(stand: Stand, aside: set[int], at: int | None) -> list[int]:
    return [pk for pk in stand.plan.ids if pk in stand.alive and (pk not in aside or pk == at)]


def _from(plan: Plan, line: list[int], at: int | None, after: int | None) -> list[int]:
    """The line turned so that it begins where the reader is."""
    if at is not None:
        rest = [pk for pk in line if pk != at]
        after = at
    else:
        rest = line
    place = {pk: index for index, pk in enumerate(plan.ids)}
    here = place.get(after, -1) if after else -1
    turned = [pk for pk in rest if place[pk] > here] + [pk for pk in rest if place[pk] <= here]
    return [at, *turned] if at is not None else turned


def _kinds(offered: list[AssistanceKind] | None) -> tuple[tuple[str, str, str], ...]:
    """The key of each, its slug and its name."""
    kinds = queries.offered_kinds() if offered is None else offered
    keys = [*DIGITS, *[""] * len(kinds)]
    return tuple((key, kind.slug, kind.name) for key, kind in zip(keys, kinds, strict=False))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    asked = Asked.of(request.GET)
    at, after = (_number(request.GET.get(name)) for name in ("at", "after"))
    context = _part(request, asked, at, after)
    if "HX-Request" in request.headers:
        return render(request, "analytics/queue_part.html", context)
    return render(
        request, "analytics/queue.html", context | _filters(asked, context["demo_data"]) | {"page_keys": KEYS}
    )


def _filters(asked: Asked, demo: bool) -> dict[str, Any]:
    repositories, *terms = together(
        Repository.objects.filter(is_demo=demo).order_by("name"),
        AssistanceKind.objects.offered(),
        DomainArea.objects.offered(),
        Assistant.objects.offered(),
    )
    kinds, areas, assistants = ([(one.slug, one.name) for one in offered] for offered in terms)
    return {
        "filters": [
            ("repository", "Repository", asked.repository, [(str(one.pk), one.name) for one in repositories]),
            ("area", "Area", asked.area, [*areas, (queries.NONE, "No area")]),
            ("assistant", "Assistant", asked.assistant, assistants),
            ("kind", "Suggested kind", asked.kind, [*kinds, (queries.NONE, "None suggested")]),
            ("size", "Size", asked.size, SizeBand.choices),
        ],
        "bulk_kinds": kinds,
    }


# ---------------------------------------------------------------- what is said


def _said(text: str, offered: list[AssistanceKind] | None = None) -> tuple[str, AssistanceKind | None]:
    """Raises: BadRequest for an answer or a kind that is not on offer."""
    word, _, slug = text.partition(":")
    if word in WORDS:
        return word, None
    kinds = AssistanceKind.objects.offered() if offered is None else offered
    kind = next((kind for kind in kinds if kind.slug == slug), None)
    if word != services.KIND or kind is None:
        raise BadRequest("say must be kind:<a kind on offer>, assisted, manual or not")
    return word, kind


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the change still waits for a kind afterwards, it stays; else the next entry follows."""
    user = author(request, NOT_A_READER)
    asked = Asked.of(QueryDict(request.POST.get("query", "")))
    if request.POST.get("say") == "skip":
        request.session[ASIDE] = [*_aside(request), [pk, timezone.now().isoformat()]][-MOST_ASIDE:]
        return _answer(request, asked, "Set aside, nothing said", after=pk)
    kinds = queries.offered_kinds()
    word, kind = _said(request.POST.get("say", ""), kinds)
    demo = shows_demo()
    plan = plan_of(asked, demo)
    try:
        alive = services.decide(
            change_id=pk, say=word, kind=kind, by=user, now=timezone.now(), beside=plan.ids
        )
    except Refused as refusal:
        return _answer(request, asked, refusal.reason, after=pk)
    words = f"{kind or WORDS[word]}: kept"
    if word in {services.AI, services.NOT}:
        return _answer(request, asked, words, at=pk, after=pk)
    return _answer(request, asked, words, after=pk, stand=Stand(demo, plan, alive - {pk}), kinds=kinds)


def _answer(
    request: HttpRequest,
    asked: Asked,
    words: str,
    at: int | None = None,
    after: int | None = None,
    stand: Stand | None = None,
    kinds: list[AssistanceKind] | None = None,
) -> HttpResponse:
    context = _part(request, asked, at, after, stand, kinds)
    if "HX-Request" in request.headers:
        return render(request, "analytics/queue_part.html", context | {"said": words})
    messages.info(request, f"{words}.")
    return _back(asked, context["current"])


def _back(asked: Asked, at: int | None = None) -> HttpResponseRedirect:
    query = asked.query(at=at)
    return HttpResponseRedirect(reverse("analytics:queue") + (f"?{query}" if query else ""), status=303)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Without `said_at` the last of this person: a decision, or what was set aside after it."""
    user = author(request, NOT_A_READER)
    asked = Asked.of(QueryDict(request.POST.get("query", "")))
    now = timezone.now()
    said_at = _moment(request.POST.get("said_at", ""))
    if said_at is None:
        last = next(iter(said_by(user, now - timedelta(days=UNDO_DAYS))), None)
        aside = _aside(request)
        if aside and (last is None or datetime.fromisoformat(aside[-1][1]) > last.said_at):
            request.session[ASIDE] = aside[:-1]
            return _answer(request, asked, "Back from aside", at=aside[-1][0])
        said_at = last.said_at if last else None
    undone = services.undo(by=user, said_at=said_at, now=now) if said_at else []
    if not undone:
        return _answer(request, asked, "Nothing to undo")
    words = "Undone" if len(undone) == 1 else f"Undone for {len(undone)} changes"
    return _answer(request, asked, words, at=undone[0])


def _moment(text: str) -> datetime | None:
    """Raises: BadRequest for words that are no moment with its zone."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found):
        raise BadRequest("said_at must be a moment with its time zone")
    return found


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """What was set aside comes back to its place."""
    author(request, NOT_A_READER)
    request.session[ASIDE] = []
    return _answer(request, Asked.of(QueryDict(request.POST.get("query", ""))), "All back in their places")


# ---------------------------------------------------------------- many at once


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """GET shows what it would do; POST does it to the very changes that were shown."""
    user = author(request, NOT_A_READER)
    given = request.POST if request.method == "POST" else request.GET
    asked = Asked.of(given)
    if not any(asdict(asked).values()):
        messages.error(request, "Choose at least one filter first: nothing is said of everything at once.")
        return _back(asked)
    if request.method == "POST":
        return _bulk(request, user, asked)
    word, kind = _said(request.GET.get("say", ""))
    found = _meant(asked, word)
    total = found.count()
    ids = list(found.order_by("pk").values_list("pk", flat=True)[: queries.MOST_BULK])
    sample = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
    failed = queries.failed(Change.objects.filter(pk__in=ids), user)
    context = {
        "asked": asked,
        "given": [
            (label, _label(value, choices))
            for _, label, value, choices in _filters(asked, shows_demo())["filters"]
            if value
        ],
        "hidden": [(name, value) for name, value in asdict(asked).items() if value],
        "query": asked.query(),
        "say": request.GET["say"],
        "words": str(kind or WORDS[word]),
        "word": word,
        "ids": ",".join(map(str, ids)),
        "count": len(ids),
        "total": total,
        "sample": queries.shown(sample, {}),
        "failed": len(failed),
    }
    return render(request, "analytics/queue_bulk.html", context)


def _label(value: str, choices: Any) -> str:
    return str(dict(choices).get(value, value))


def _meant(asked: Asked, word: str) -> Any:
    """Those of the filter of which this can be said at all."""
    found = queries.waiting(shows_demo()).filter(asked.condition())
    if word == services.AI:
        return found.filter(queries.ORIGIN_OPEN)
    if word == services.SUGGESTED:
        return found.filter(queries.SUGGESTS_KIND)
    if word == services.NOT:
        return found.filter(queries.SUGGESTS_KIND | queries.ORIGIN_OPEN)
    return found


def _bulk(request: HttpRequest, user: User, asked: Asked) -> HttpResponse:
    word, kind = _said(request.POST.get("say", ""))
    ids = [int(text) for text in request.POST.get("ids", "").split(",") if _number(text)]
    if not ids or len(ids) > queries.MOST_BULK:
        raise BadRequest(f"ids must name 1 to {queries.MOST_BULK} changes")
    demo = shows_demo()
    meant = _meant(asked, word).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
    said, late = services.decide_many(
        change_ids=list(meant), say=word, kind=kind, by=user, now=timezone.now()
    )
    late += len(ids) - said - late
    words = f"{kind or WORDS[word]}: kept for {said} change{'' if said == 1 else 's'}"
    if late:
        words += f"; {late} waited no more"
    plan_of(asked, demo, anew=True)
    messages.success(request, f"{words}. One step in the list of what you said takes it back.")
    return _back(asked)
