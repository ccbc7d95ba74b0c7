"""Writing a postmortem: five steps, one address each, in any order; words are kept while they are typed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role, User
from incidents.models import Incident
from incidents.queries import wording
from incidents.queries.gate import STEP_TITLES, STEPS, OpenPoint, open_points
from incidents.queries.outline import Section
from incidents.queries.parts import Rows, drafts_in, parts
from incidents.services import postmortems as verbs
from incidents.services import reviewing
from incidents.services.refusals import Conflict, Refused
from incidents.views.access import reader, visible, writable
from incidents.views.conflict import conflict_page, settled
from incidents.views.reviewing import point_address
from incidents.views.steps import MODULES
from incidents.views.steps.asked import Asked

SECTION = "section_"
NOT_KEPT = {"csrfmiddlewaretoken", "do", "page", "version"}
# Words of one step; beyond this it is no prose any more.
MOST_CHARACTERS = 400_000
# Who typed within this time is writing now; before that, words were left behind.
WRITING = timedelta(minutes=15)


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


def _saved(asked: Asked, step: str) -> dict[str, Any]:
    """Which openings of the form are saved, for the copies in the browser, and when this step last was."""
    mine = [row for row in asked.parts.saved if row["user_id"] == asked.user.pk]
    at = next((row["saved_at"] for row in mine if row["step"] == step), None)
    return {
        "saved_pages": [row["page"] for row in mine],
        "saved_at": datetime.fromisoformat(at) if at else None,
    }


def others_writing(drafts: Rows, user: User, now: datetime) -> list[dict[str, Any]]:
    """Whose unsaved words there are in this step besides one's own: by role, as everywhere on screen."""
    others = []
    for row in drafts:
        if row["user_id"] == user.pk:
            continue
        saved_at = datetime.fromisoformat(row["saved_at"])
        others.append(
            {
                "role": User(role=row["role"], role_title=row["role_title"]).shown_role,
                "since": datetime.fromisoformat(row["data"].get("since") or row["saved_at"]),
                "saved_at": saved_at,
                "is_now": now - saved_at < WRITING,
            }
        )
    return others


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
        "steps": _steps(asked, step, points),
        "points": [{"point": point, "url": point_address(incident, point)} for point in points],
        "sections": _fields([section for section in asked.sections if section.step == step], data),
        "version": version,
        "page": secrets.token_urlsafe(9),
        "restored_at": draft.saved_at if draft is not None and restored else None,
        "others": others_writing(asked.parts.drafts, asked.user, asked.now),
        **_saved(asked, step),
        "answers": data.get("page", "") if request.method == "POST" and data is not None else "",
        "next_step": _next(step),
        "error": error,
        **MODULES[step].context(asked),
    }
    failed = request.method == "POST" and not request.headers.get("HX-Request")
    return render(request, f"incidents/steps/{step}.html", context, status=422 if failed else 200)


def _steps(asked: Asked, current: str, points: list[OpenPoint]) -> list[dict[str, Any]]:
    not_done = {point.step for point in points} | {"publish"}
    if not _anything_learned(asked):
        # Nothing in it need be said; ticked before anybody opened it, it would be passed over.
        not_done.add("lessons")
    return [
        {
            "label": STEP_TITLES[name],
            "url": reverse("incidents:step", args=[asked.incident.number, name]),
            "current": name == current,
            "done": name not in not_done and asked.postmortem.state != "not_started",
        }
        for name in STEPS
    ]


def _anything_learned(asked: Asked) -> bool:
    words = (section.text.strip() for section in asked.sections if section.step == "lessons")
    return bool(asked.parts.lessons or asked.parts.actions or any(words))


def _fields(sections: list[Section], data: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    texts = [
        section.text if data is None else data.get(SECTION + section.key, section.text)
        for section in sections
    ]
    hints = wording.remarks_of(texts) if any(texts) else [[] for _ in texts]
    return [
        {"section": section, "name": SECTION + section.key, "text": text, "hints": found}
        for section, text, found in zip(sections, texts, hints, strict=True)
    ]


def _next(step: str) -> str:
    place = STEPS.index(step)
    return STEPS[place + 1] if place + 1 < len(STEPS) else ""


def _save(request: HttpRequest, incident: Incident, step: str) -> HttpResponse:
    """Save the step as a whole and do what its button says, both or neither."""
    data: QueryDict = request.POST
    if "keep" in request.POST:
        data = settled(request.POST, incident)
    asked = Asked(incident, incident.postmortem, reader(request), timezone.now(), data, request.GET)
    page = data.get("page", "")
    said: dict[str, Any] = {"incident_id": incident.pk, "step": step, "by": asked.user, "now": asked.now}
    if asked.verb == "discard":
        verbs.close_draft(page=page, **said)
        return redirect("incidents:step", incident.number, step)
    try:
        with transaction.atomic():
            _begin(asked)
            _save_sections(asked)
            MODULES[step].act(asked)
            if asked.broken:
                transaction.set_rollback(True)
            else:
                verbs.close_draft(page=page, **said)
    except Conflict as conflict:
        verbs.save_draft(page=page, fields=_typed(data), base_version=_version(data, incident), **said)
        return _show_conflict(request, asked, conflict, step)
    except Refused as refused:
        return _show(request, asked, step, error=refused.reason)
    if asked.broken:
        return _show(request, asked, step, error="Something is missing or does not fit: see below.")
    return redirect(_where_to(request, incident, step, asked.verb))


def _show_conflict(request: HttpRequest, asked: Asked, conflict: Conflict, step: str) -> HttpResponse:
    return conflict_page(
        request,
        asked.incident,
        conflict,
        back=reverse("incidents:step", args=[asked.incident.number, step]),
        titles={section.key: section.title for section in asked.sections},
        typed=asked.data,
    )


def _typed(data: QueryDict) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in data.lists() if name not in NOT_KEPT}


def _version(data: QueryDict, incident: Incident) -> int:
    told = data.get("version", "")
    return int(told) if told.isdecimal() and len(told) < 10 else incident.postmortem.version


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
    fields = _typed(request.POST)
    if step not in STEPS:
        raise Http404
    if sum(len(value) for values in fields.values() for value in values) > MOST_CHARACTERS:
        return HttpResponse("Too long to be kept.", status=413, content_type="text/plain")
    draft = verbs.save_draft(
        incident_id=incident.pk,
        step=step,
        page=request.POST.get("page", ""),
        fields=fields,
        base_version=_version(request.POST, incident),
        by=reader(request),
        now=timezone.now(),
    )
    others = others_writing(drafts_in(incident.postmortem, step), reader(request), timezone.now())
    texts = [value for name, values in fields.items() if _is_prose(name) for value in values]
    hints = [remark for found in wording.remarks_of(texts) for remark in found]
    return render(request, "incidents/_saved.html", {"draft": draft, "hints": hints, "others": others})


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
