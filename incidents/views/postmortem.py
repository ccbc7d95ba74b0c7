"""Writing a postmortem: five steps, one address each, in any order; words are kept while they are typed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role
from incidents.models import Incident
from incidents.queries.gate import STEP_TITLES, STEPS, OpenPoint, open_points
from incidents.queries.outline import Section
from incidents.queries.parts import parts
from incidents.queries.wording import remarks_of
from incidents.services import postmortems as verbs
from incidents.services import reviewing
from incidents.services.refusals import Conflict, Refused
from incidents.views.access import reader, visible, writable
from incidents.views.conflict import conflict_page
from incidents.views.steps import MODULES
from incidents.views.steps.asked import Asked

SECTION = "section_"
NOT_KEPT = {"csrfmiddlewaretoken", "do", "page", "version"}
# Words of one step; beyond this it is no prose any more.
MOST_CHARACTERS = 400_000


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, number: int, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404
    incident = writable(request, number)
    if incident.postmortem.state == "published":
        return redirect("incidents:postmortem", number)
    if request.method == "POST":
        return _save(request, incident, step)
    told = parts(incident, incident.postmortem, step)
    asked = Asked(incident, incident.postmortem, reader(request), timezone.now(), told=told)
    draft = _draft(asked)
    asked.data, asked.query = draft.data, request.GET
    return _show(request, asked, step, draft=draft)


class _Kept:
    """A draft as it was typed, with the version it was typed on."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.saved_at = datetime.fromisoformat(row["saved_at"]) if row else None
        self.version: int | None = row.get("base_version")
        self.data: QueryDict | None = None
        if row and row["data"].get("fields"):
            self.data = QueryDict(mutable=True)
            for name, values in row["data"]["fields"].items():
                self.data.setlist(name, values)


def _draft(asked: Asked) -> _Kept:
    return _Kept(next((row for row in asked.parts.drafts if row["user_id"] == asked.user.pk), {}))


def _show(
    request: HttpRequest, asked: Asked, step: str, *, draft: _Kept | None = None, error: str = ""
) -> HttpResponse:
    incident, postmortem, data = asked.incident, asked.postmortem, asked.data
    points = open_points(incident, postmortem, asked.parts)
    restored = draft is not None and draft.data is not None
    version = str(postmortem.version)
    if restored and draft is not None:
        version = str(draft.version)
    elif data is not None:
        version = data.get("version", version)
    context = {
        "incident": incident,
        "postmortem": postmortem,
        "step": step,
        "step_title": STEP_TITLES[step],
        "steps": _steps(incident, step, points),
        "points": [{"point": point, "url": _point_address(incident, point)} for point in points],
        "sections": [_field(section, data) for section in asked.sections if section.step == step],
        "version": version,
        "page": secrets.token_urlsafe(9),
        "restored_at": draft.saved_at if draft is not None and restored else None,
        "next_step": _next(step),
        "error": error,
        **MODULES[step].context(asked),
    }
    failed = request.method == "POST" and not request.headers.get("HX-Request")
    return render(request, f"incidents/steps/{step}.html", context, status=422 if failed else 200)


def _steps(incident: Incident, current: str, points: list[OpenPoint]) -> list[dict[str, Any]]:
    still_open = {point.step for point in points}
    return [
        {
            "label": STEP_TITLES[name],
            "url": reverse("incidents:step", args=[incident.number, name]),
            "current": name == current,
            "done": name not in still_open
            and name != "publish"
            and incident.postmortem.state != "not_started",
        }
        for name in STEPS
    ]


def _point_address(incident: Incident, point: OpenPoint) -> str:
    address = reverse("incidents:step", args=[incident.number, point.step])
    return f"{address}#{point.anchor}" if point.anchor else address


def _field(section: Section, data: Mapping[str, Any] | None) -> dict[str, Any]:
    text = section.text if data is None else data.get(SECTION + section.key, section.text)
    return {"section": section, "name": SECTION + section.key, "text": text}


def _next(step: str) -> str:
    place = STEPS.index(step)
    return STEPS[place + 1] if place + 1 < len(STEPS) else ""


def _save(request: HttpRequest, incident: Incident, step: str) -> HttpResponse:
    """Save the step as a whole and do what its button says, both or neither."""
    asked = Asked(incident, incident.postmortem, reader(request), timezone.now(), request.POST, request.GET)
    here = reverse("incidents:step", args=[incident.number, step])
    page = request.POST.get("page", "")
    if asked.verb == "discard":
        verbs.close_draft(incident_id=incident.pk, step=step, page=page, by=asked.user, now=asked.now)
        return redirect(here)
    try:
        with transaction.atomic():
            _begin(asked)
            _save_sections(asked)
            MODULES[step].act(asked)
            if asked.broken:
                transaction.set_rollback(True)
            else:
                verbs.close_draft(incident_id=incident.pk, step=step, page=page, by=asked.user, now=asked.now)
    except Conflict as conflict:
        titles = {section.key: section.title for section in asked.sections}
        return conflict_page(request, incident, conflict, back=here, titles=titles)
    except Refused as refused:
        return _show(request, asked, step, error=refused.reason)
    if asked.broken:
        return _show(request, asked, step, error="Something is missing or does not fit: see below.")
    return redirect(_where_to(request, incident, step, asked.verb))


def _begin(asked: Asked) -> None:
    """Whoever saves a step is writing a postmortem, whatever was said of it before."""
    said: dict[str, Any] = {"incident_id": asked.incident.pk, "by": asked.user, "now": asked.now}
    if asked.postmortem.state == "not_required":
        verbs.require(**said)
    verbs.start(**said)


def _where_to(request: HttpRequest, incident: Incident, step: str, verb: str) -> str:
    if verb == "publish":
        messages.success(request, "Published: everybody who may see the incident can read it.")
        return reverse("incidents:postmortem", args=[incident.number])
    if verb == "next" and _next(step):
        return reverse("incidents:step", args=[incident.number, _next(step)])
    address = reverse("incidents:step", args=[incident.number, step])
    if verb == "search":
        return f"{address}?{_searched(request)}#candidates"
    return address


def _searched(request: HttpRequest) -> str:
    query = QueryDict(mutable=True)
    query["q"] = request.POST.get("q", "")
    return query.urlencode()


def _save_sections(asked: Asked) -> None:
    data = asked.data
    if data is None:
        return
    texts = {name.removeprefix(SECTION): text for name, text in data.items() if name.startswith(SECTION)}
    told = data.get("version", "")
    if texts:
        verbs.save_sections(
            incident_id=asked.incident.pk,
            texts={key: str(text) for key, text in texts.items()},
            expected_version=int(told) if told.isdecimal() and len(told) < 10 else 0,
            by=asked.user,
            now=asked.now,
        )


@require_POST
def keep_draft(request: HttpRequest, number: int, step: str) -> HttpResponse:
    """Keep what is being typed, and answer with what the corner of the form shows."""
    incident = writable(request, number)
    fields = {name: values for name, values in request.POST.lists() if name not in NOT_KEPT}
    if step not in STEPS:
        raise Http404
    if sum(len(value) for values in fields.values() for value in values) > MOST_CHARACTERS:
        return HttpResponse("Too long to be kept.", status=413, content_type="text/plain")
    told = request.POST.get("version", "")
    draft = verbs.save_draft(
        incident_id=incident.pk,
        step=step,
        page=request.POST.get("page", ""),
        fields=fields,
        base_version=int(told) if told.isdecimal() and len(told) < 10 else incident.postmortem.version,
        by=reader(request),
        now=timezone.now(),
    )
    texts = [value for name, values in fields.items() if _is_prose(name) for value in values]
    hints = [remark for found in remarks_of(texts) for remark in found]
    return render(request, "incidents/_saved.html", {"draft": draft, "hints": hints})


def _is_prose(name: str) -> bool:
    return name.startswith(SECTION) or name.split("-")[-1] in {
        "text",
        "rationale",
        "why",
        "summary",
        "impact",
    }


@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    return _do(request, incident, verbs.start, "incidents:step", number, "facts")


@require_POST
def not_required(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    reason = request.POST.get("reason", "")
    return _do(request, incident, verbs.not_required, "incidents:detail", number, reason=reason)


@require_POST
def require(request: HttpRequest, number: int) -> HttpResponse:
    return _do(request, writable(request, number), verbs.require, "incidents:step", number, "facts")


@require_POST
def revise(request: HttpRequest, number: int) -> HttpResponse:
    return _do(request, writable(request, number), reviewing.revise, "incidents:step", number, "publish")


@require_POST
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Anybody who writes anywhere may review what they can see: a second team's eyes are the point."""
    incident = visible(request, number)
    if not reader(request).at_least(Role.AUTHOR):
        raise PermissionDenied("Reviewing needs the role of an author.")
    said = {name: request.POST.get(name, "") for name in ("verdict", "text", "section_key")}
    return _do(request, incident, reviewing.review, "incidents:postmortem", number, **said)


def _do(
    request: HttpRequest, incident: Incident, verb: Any, to: str, *place: Any, **said: Any
) -> HttpResponse:
    try:
        verb(incident_id=incident.pk, by=reader(request), now=timezone.now(), **said)
    except Refused as refused:
        messages.error(request, refused.reason)
        return redirect(incident)
    return redirect(to, *place)
