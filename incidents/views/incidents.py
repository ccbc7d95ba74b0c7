"""The list of incidents, one incident, and the verbs on it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Role, User
from changes.forms import offer
from design.listing import listing
from incidents.filters import IncidentFilter
from incidents.forms import FactsForm, PeopleForm
from incidents.models import ActionItem, Cause, Incident, Postmortem
from incidents.queries.durations import durations, moments
from incidents.queries.earlier import earlier_times
from incidents.queries.gate import open_points
from incidents.queries.parts import beside, parts
from incidents.services import incidents as verbs
from incidents.services.refusals import Conflict, Refused
from incidents.views.access import reader, visible, writable
from incidents.views.conflict import conflict_page
from intake.queries import in_view

# The number of incidents is told up to here: to count all of very many takes longer than to show a page.
MOST_COUNTED = 10_000


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    incidents = in_view(Incident.objects.visible_to(request.user))
    found = IncidentFilter(request.GET, queryset=incidents.for_list())
    offer(found.form)
    context = listing(request, found, found.qs.order_by("-number"), most=MOST_COUNTED)
    context["any_at_all"] = bool(context["page"].object_list) or incidents.exists()
    return render(request, "incidents/list.html", context)


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report one now, or write down one of long ago: every time may be given, none must be."""
    user = reader(request)
    if not user.at_least(Role.AUTHOR):
        raise PermissionDenied("Reporting an incident needs the role of an author.")
    form = FactsForm(request.POST or None)
    offer(form)
    if request.method == "POST" and form.is_valid():
        incident = verbs.report_incident(
            facts=form.facts, services=form.chosen_services or [], by=user, now=timezone.now()
        )
        messages.success(request, f"{incident} is recorded.")
        if request.POST.get("do") == "write":
            return redirect("incidents:step", incident.number, "facts")
        return redirect(incident)
    status = 422 if request.method == "POST" else 200
    return render(request, "incidents/report.html", {"form": form}, status=status)


@require_GET
def detail(request: HttpRequest, number: int) -> HttpResponse:
    return render(request, "incidents/detail.html", detail_context(request, visible(request, number)))


def detail_context(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    postmortem: Postmortem = incident.postmortem
    may_edit = incident.may_be_edited_by(reader(request))
    told = parts(incident, postmortem)
    causes = incident.causes.select_related(
        "change__repository", "deployment__service", "deployment__environment", "deployment__repository"
    ).order_by("role", "id")
    return {
        "incident": incident,
        "postmortem": postmortem,
        "may_edit": may_edit,
        "moments": moments(incident, earlier_times(incident)),
        "durations": durations(incident),
        "alerts": incident.alerts.select_related("source", "service"),
        "causes": [cause for cause in causes if cause.status != Cause.Status.RULED_OUT],
        "ruled_out": [cause for cause in causes if cause.status == Cause.Status.RULED_OUT],
        "factors": told.factors,
        "timeline": incident.timeline.filter(hidden=False),
        "open_points": open_points(incident, postmortem, told) if postmortem.state != "published" else [],
        **beside(incident, request.user),
        "actions": [
            action
            | {
                "label": ActionItem.State(action["state"]).label,
                "due_on": date.fromisoformat(action["due_on"]) if action["due_on"] else None,
            }
            for action in told.actions
        ],
        "closing_reasons": [
            choice
            for choice in Incident.ClosingReason.choices
            if choice[0] != Incident.ClosingReason.DUPLICATE
        ],
        "statuses": [choice for choice in Incident.Status.choices if choice[0] != Incident.Status.CLOSED],
    }


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    form = FactsForm(request.POST or None, incident=incident)
    offer(form)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.edit_facts(
                incident_id=incident.pk,
                facts=form.facts,
                services=form.chosen_services,
                seen=form.seen(),
                by=reader(request),
                now=timezone.now(),
            )
        except Conflict as conflict:
            return conflict_page(request, incident, conflict, back=request.path)
        messages.success(request, "The facts are saved.")
        return redirect(incident)
    status = 422 if request.method == "POST" else 200
    return render(request, "incidents/edit.html", {"form": form, "incident": incident}, status=status)


@require_POST
def set_status(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    return _do(request, incident, verbs.set_status, status=request.POST.get("status", ""))


@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    return _do(request, incident, verbs.close, reason=request.POST.get("reason", ""))


@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    return _do(request, writable(request, number), verbs.reopen)


@require_POST
def mark_duplicate(request: HttpRequest, number: int) -> HttpResponse:
    incident = writable(request, number)
    told = request.POST.get("of", "").strip().upper().removeprefix("INC-").removeprefix("#")
    kept = None
    if told.isdecimal() and len(told) < 10:
        kept = Incident.objects.visible_to(request.user).filter(number=int(told)).first()
    if kept is None:
        messages.error(request, f"There is no incident {told or 'without a number'}.")
        return redirect(incident)
    return _do(request, incident, verbs.mark_duplicate, of_id=kept.pk)


def _do(request: HttpRequest, incident: Incident, verb: Any, **said: Any) -> HttpResponse:
    """One verb, then back to the incident; what it refuses is said there, and nothing has changed."""
    try:
        verb(incident_id=incident.pk, by=reader(request), now=timezone.now(), **said)
    except Refused as refused:
        messages.error(request, refused.reason)
    return redirect(incident)


@require_http_methods(["GET", "POST"])
def access(request: HttpRequest, number: int) -> HttpResponse:
    """Who sees it: everybody signed in, or the people named here."""
    incident = writable(request, number)
    form = PeopleForm(
        request.POST or None, initial={"people": list(incident.people.all()) or [reader(request)]}
    )
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") == "unrestrict":
            return _do(request, incident, verbs.unrestrict)
        chosen: list[User] = list(form.cleaned_data["people"])
        return _do(request, incident, verbs.restrict, people=chosen)
    return render(request, "incidents/access.html", {"form": form, "incident": incident})
