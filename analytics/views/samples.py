"""Sampled checks: drawn from a scope, answered on one fast page, read as an estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role, User
from analytics.forms import today
from analytics.forms_recall import SampleForm
from analytics.models import Sample, SampledChange
from analytics.queries import queue
from analytics.queries import samples as queries
from analytics.queries.figures import shows_demo
from analytics.services import samples as services
from analytics.views.answers import csv_file
from analytics.views.people import author, reader
from incidents.services.refusals import Refused

NOT_AN_AUTHOR = "Saying how a change was made needs the author role."
UNDO_DAYS = 7
LISTED = 50
AHEAD = 2
# What this session answered, the last at the end: "cannot say" is nobody's in particular, so that only the
# session knows who said it.
SAID = "sample_said"
MOST_KEPT = 500
KEYS = [
    ("AI-assisted", "a"),
    ("An agent made it", "b"),
    ("Manual", "m"),
    ("Cannot say", "u"),
    ("Undo", "z"),
    ("Next, previous", "j k"),
]
WORDS = {
    services.ASSISTED: "AI-assisted",
    services.AUTONOMOUS: "An agent made it",
    services.MANUAL: "Manual",
    services.CANNOT_SAY: "Cannot say",
}
HEADER = ("position", "change", "title", "url", "answer", "answered_at")


@require_http_methods(["GET", "HEAD", "POST"])
def sample_list(request: HttpRequest) -> HttpResponse:
    """GET lists checks and shows how many could be drawn from what is asked for; POST draws."""
    demo = shows_demo()
    is_post = request.method == "POST"
    user = author(request, NOT_AN_AUTHOR) if is_post else reader(request)
    form = SampleForm(request.POST if is_post else request.GET, demo=demo)
    status = 200
    if is_post and form.is_valid():
        try:
            sample = services.draw(
                scope=form.scope(), size=form.cleaned_data["size"], by=user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(refusal.field or None, refusal.reason)
        else:
            messages.success(request, "Drawn. Everyone who knows these changes can answer.")
            return HttpResponseRedirect(reverse("analytics:sample", args=[sample.pk]), status=303)
    if is_post:
        status = 400
    stand = form.scope().counts() if form.is_valid() else None
    context = {
        "form": form,
        "stand": stand,
        "total": sum(stand.values()) if stand else 0,
        "untold": sum(stand[name] for name in queries.UNTOLD) if stand else 0,
        "draws": min(form.cleaned_data["size"], sum(stand[name] for name in queries.UNTOLD)) if stand else 0,
        "lines": queries.lines(queries.samples(demo)[:LISTED]),
        "may_draw": user.at_least(Role.AUTHOR),
    }
    return render(request, "analytics/samples.html", context, status=status)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    sample = _sample(pk)
    context = _part(request, sample, _number(request.GET.get("at")), _number(request.GET.get("after")))
    if "HX-Request" in request.headers:
        return render(request, "analytics/sample_part.html", context)
    return render(request, "analytics/sample.html", context | {"page_keys": KEYS})


def _sample(pk: int) -> Sample:
    return get_object_or_404(Sample.objects.select_related("team", "repository", "drawn_by"), pk=pk)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def _part(
    request: HttpRequest, sample: Sample, at: int | None = None, after: int | None = None
) -> dict[str, Any]:
    """The change shown, the one after it made ready, and what follows for all so far."""
    drawn = list(queries.drawn_of(sample))
    user = reader(request)
    order = queries.open_ones(drawn, at, after) if sample.closed_at is None else []
    shown = {one.change.pk: one for one in queue.shown([row.change_id for row in order[:AHEAD]], {}, user)}
    ready = [(row, shown[row.change_id]) for row in order[:AHEAD] if row.change_id in shown]
    line = queries.line_of(sample, drawn)
    return {
        "sample": sample,
        "line": line,
        "known": queries.known_of(sample),
        "current": ready[0] if ready else None,
        "ahead": ready[1] if len(ready) > 1 else None,
        "previous": order[-1].pk if len(order) > 1 else None,
        "left": sum(queries.answer_of(one) is None for one in drawn),
        "mine": _mine(sample, user),
        "passed_over": _passed_over(drawn),
        "unsaid": [one for one in drawn if one.cannot_say and sample.closed_at is None],
        "may_decide": user.at_least(Role.AUTHOR),
    }


def _passed_over(drawn: list[SampledChange]) -> int:
    """Open ones before the last answer: they widen the interval as one that nobody can say."""
    said = [queries.answer_of(one) is not None for one in drawn]
    last = max((place for place, is_said in enumerate(said) if is_said), default=-1)
    return said[: last + 1].count(False)


def _mine(sample: Sample, user: User) -> list[SampledChange]:
    return queries.answered_since(sample, user.pk, timezone.now() - timedelta(days=UNDO_DAYS))


@require_POST
def answer(request: HttpRequest, pk: int, drawn: int) -> HttpResponse:
    user = author(request, NOT_AN_AUTHOR)
    sample = _sample(pk)
    row = get_object_or_404(SampledChange, pk=drawn, sample=sample)
    say = request.POST.get("say", "")
    try:
        services.answer(drawn_id=row.pk, say=say, by=user, now=timezone.now())
    except Refused as refusal:
        return _answer(request, sample, refusal.reason, after=row.pk)
    request.session[SAID] = [*request.session.get(SAID, []), row.pk][-MOST_KEPT:]
    return _answer(request, sample, f"{WORDS[say]}: kept", after=row.pk)


def _answer(
    request: HttpRequest, sample: Sample, words: str, at: int | None = None, after: int | None = None
) -> HttpResponse:
    context = _part(request, sample, at, after)
    if "HX-Request" in request.headers:
        return render(request, "analytics/sample_part.html", context | {"said": words})
    messages.info(request, f"{words}.")
    place = f"?at={context['current'][0].pk}" if context["current"] else ""
    return HttpResponseRedirect(reverse("analytics:sample", args=[sample.pk]) + place, status=303)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """`drawn` names one; without it the last that this person said is taken back."""
    user = author(request, NOT_AN_AUTHOR)
    sample = _sample(pk)
    asked = _number(request.POST.get("drawn")) or _last(request, sample, user)
    if asked is None:
        return _answer(request, sample, "Nothing to undo")
    row = get_object_or_404(SampledChange, pk=asked, sample=sample)
    try:
        services.undo(drawn_id=row.pk, by=user, now=timezone.now())
    except Refused as refusal:
        return _answer(request, sample, refusal.reason)
    return _answer(request, sample, "Undone", at=row.pk)


def _last(request: HttpRequest, sample: Sample, user: User) -> int | None:
    """What this session answered last and still stands, else what this person said last."""
    answered = {one.pk for one in queries.drawn_of(sample) if one.answered_at is not None}
    here = [pk for pk in request.session.get(SAID, []) if pk in answered]
    request.session[SAID] = [pk for pk in request.session.get(SAID, []) if pk not in here[-1:]]
    return here[-1] if here else next((one.pk for one in _mine(sample, user)), None)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Closes it, or opens it again."""
    author(request, NOT_AN_AUTHOR)
    sample = _sample(pk)
    if request.POST.get("open"):
        services.reopen(sample=sample)
        messages.success(request, "Open again.")
    else:
        services.close(sample=sample, now=timezone.now())
        messages.success(request, "Closed: what was answered stays.")
    return HttpResponseRedirect(reverse("analytics:sample", args=[pk]), status=303)


@require_safe
def as_csv(request: HttpRequest, pk: int) -> HttpResponse:
    sample = _sample(pk)
    return csv_file(f"sampled-check-{sample.pk}", HEADER, _lines(sample))


def _lines(sample: Sample) -> Iterator[tuple[Any, ...]]:
    for one in queries.drawn_of(sample):
        at = one.answered_at.isoformat() if one.answered_at else ""
        said = queries.answer_of(one) or "open"
        yield one.position + 1, one.change_id, one.change.title, one.change.url, said, at


@require_safe
def as_json(request: HttpRequest, pk: int) -> HttpResponse:
    sample = _sample(pk)
    line = queries.line_of(sample)
    found = line.estimate
    return JsonResponse(
        {
            "id": sample.pk,
            "team": sample.team.slug if sample.team else None,
            "repository": sample.repository_id,
            "since": sample.since,
            "until": sample.until,
            "seed": sample.seed,
            "drawn_at": sample.drawn_at,
            "closed_at": sample.closed_at,
            "known": asdict(queries.known_of(sample)),
            "drawn": line.drawn,
            "answered": line.answered,
            "as_of": today(),
            **{name: asdict(getattr(found, name)) for name in found.__dataclass_fields__},
        }
    )
