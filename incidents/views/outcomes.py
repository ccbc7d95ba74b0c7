"""What comes of incidents: lessons and action items, listed and moved on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import days
from changes.forms import offer
from design.listing import listing
from incidents.filters import ActionItemFilter, LessonFilter
from incidents.forms import ActionForm, LessonEditForm
from incidents.models import ActionItem, Incident, Lesson
from incidents.queries.action_history import history_of
from incidents.services import actions, lessons
from incidents.services.refusals import Conflict, Refused
from incidents.views.access import may_edit_lesson, reader
from intake.queries import in_view

State = ActionItem.State
# What can follow from where an action stands, in the order it is offered.
NEXT = {
    State.PROPOSED: [State.ACCEPTED, State.DECLINED],
    State.ACCEPTED: [State.IN_PROGRESS, State.DONE, State.DECLINED],
    State.IN_PROGRESS: [State.DONE, State.DECLINED],
    State.DONE: [State.VERIFIED, State.IN_PROGRESS],
    State.VERIFIED: [],
    State.DECLINED: [State.PROPOSED],
}
CLOSED = (State.DONE, State.VERIFIED, State.DECLINED)


def _lessons(request: HttpRequest) -> QuerySet[Lesson]:
    mine = Incident.objects.visible_to(request.user)
    behind = Prefetch("incidents", mine.select_related("severity"))
    return (
        Lesson.objects.visible_to(request.user)
        .select_related("area")
        .prefetch_related(behind, "services", "kinds")
    )


@require_GET
def lesson_list(request: HttpRequest) -> HttpResponse:
    found = LessonFilter(request.GET, queryset=in_view(_lessons(request)))
    offer(found.form)
    context = listing(request, found, found.qs.order_by("-id")) | {"today": days.today()}
    return render(request, "incidents/lessons.html", context)


@require_GET
def lesson_detail(request: HttpRequest, pk: int) -> HttpResponse:
    lesson = get_object_or_404(_lessons(request), pk=pk)
    may_edit = may_edit_lesson(reader(request), lesson)
    return render(request, "incidents/lesson.html", {"lesson": lesson, "may_edit": may_edit})


def _writable_lesson(request: HttpRequest, pk: int) -> Lesson:
    lesson = get_object_or_404(_lessons(request), pk=pk)
    if not may_edit_lesson(reader(request), lesson):
        raise PermissionDenied("Another team owns the services of the incidents behind it.")
    return lesson


@require_http_methods(["GET", "POST"])
def lesson_edit(request: HttpRequest, pk: int) -> HttpResponse:
    lesson = _writable_lesson(request, pk)
    shown: dict[str, Any] = {
        name: getattr(lesson, name) for name in ("text", "why", "area", "review_by", "version")
    } | {
        "path_globs": "\n".join(lesson.path_globs),
        "services": list(lesson.services.all()),
        "kinds": list(lesson.kinds.all()),
    }
    form = LessonEditForm(request.POST or None, initial=shown)
    offer(form)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        version = said.pop("version")
        try:
            lessons.edit(lesson_id=lesson.pk, by=reader(request), expected_version=version, **said)
        except Conflict as conflict:
            context = {"both": _both(conflict), "back": request.path, "lesson": lesson}
            return render(request, "incidents/conflict.html", context, status=409)
        messages.success(request, "The lesson is saved.")
        return redirect(lesson)
    status = 422 if request.method == "POST" else 200
    return render(request, "incidents/lesson_edit.html", {"form": form, "lesson": lesson}, status=status)


def _both(conflict: Conflict) -> list[dict[str, str]]:
    return [
        {"key": key, "title": key.capitalize(), "theirs": theirs, "yours": conflict.yours[key]}
        for key, theirs in conflict.theirs.items()
    ]


@require_POST
def lesson_state(request: HttpRequest, pk: int) -> HttpResponse:
    lesson = _writable_lesson(request, pk)
    said: dict[str, Any] = {"lesson_id": lesson.pk, "by": reader(request), "now": timezone.now()}
    wanted = request.POST.get("state", "")
    try:
        if wanted == Lesson.State.APPROVED:
            lessons.approve(**said)
        elif wanted == Lesson.State.RETIRED:
            lessons.retire(reason=request.POST.get("reason", ""), **said)
        elif wanted == Lesson.State.PROPOSED:
            lessons.propose_again(**said)
        else:
            messages.error(request, "Approve it, retire it or propose it again.")
    except Refused as refused:
        messages.error(request, refused.reason)
    return redirect(lesson)


def _actions(request: HttpRequest) -> QuerySet[ActionItem]:
    """Open ones first, the oldest agreement on top: an ageing list is what gets actions done."""
    mine = Incident.objects.visible_to(request.user)
    is_closed = Case(When(state__in=CLOSED, then=Value(1)), default=Value(0), output_field=IntegerField())
    found = ActionItem.objects.filter(incident__in=mine).select_related("incident", "owner")
    return found.alias(is_closed=is_closed).order_by("is_closed", "priority", "state_since", "id")


@require_GET
def action_list(request: HttpRequest) -> HttpResponse:
    found = ActionItemFilter(request.GET, queryset=in_view(_actions(request), "incident__is_demo"))
    context = listing(request, found, found.qs)
    today = days.today()
    rows = [
        {
            "action": action,
            "is_open": action.state not in CLOSED,
            "is_late": action.state not in CLOSED and action.due_on is not None and action.due_on < today,
            "next": [(state.value, state.label) for state in NEXT[State(action.state)]],
        }
        for action in context["page"].object_list
    ]
    return render(request, "incidents/actions.html", context | {"rows": rows})


@require_http_methods(["GET", "POST"])
def action_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One action, and its next state with the reason or the evidence that it takes."""
    action = get_object_or_404(_actions(request), pk=pk)
    may_edit = action.incident.may_be_edited_by(reader(request)) or action.owner_id == reader(request).pk
    error = ""
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied("Another team owns the services of this incident.")
        if request.POST.get("do") == "edit":
            return _edit_action(request, action)
        said = {name: request.POST.get(name, "") for name in ("state", "reason", "evidence", "evidence_url")}
        try:
            actions.set_state(action_id=action.pk, by=reader(request), now=timezone.now(), **said)
        except Refused as refused:
            error = refused.reason
        else:
            return redirect("incidents:action", pk)
    return _show_action(request, action, may_edit=may_edit, error=error)


def _edit_action(request: HttpRequest, action: ActionItem) -> HttpResponse:
    form = ActionForm(request.POST, prefix="action")
    if not form.is_valid():
        return _show_action(
            request, action, may_edit=True, form=form, error="Something does not fit: see below."
        )
    actions.edit(action_id=action.pk, by=reader(request), **form.cleaned_data)
    return redirect("incidents:action", action.pk)


def _show_action(
    request: HttpRequest,
    action: ActionItem,
    *,
    may_edit: bool,
    form: ActionForm | None = None,
    error: str = "",
) -> HttpResponse:
    shown = {name: getattr(action, name) for name in ActionForm.base_fields}
    context = {
        "action": action,
        "may_edit": may_edit,
        "form": form or ActionForm(prefix="action", initial=shown),
        "is_broken": form is not None,
        "history": history_of(action),
        "next": [(state.value, state.label) for state in NEXT[State(action.state)]],
        "error": error,
        "typed": request.POST,
    }
    return render(request, "incidents/action.html", context, status=422 if error else 200)
