"""What was written when, what changed between any two, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from incidents.models import Incident, Postmortem, PostmortemRevision
from incidents.queries.outline import sections_of
from incidents.queries.revisions import altered_sections, compared
from incidents.services import revisions as verbs
from incidents.services.refusals import Conflict, Refused
from incidents.views.access import reader, visible, writable
from incidents.views.conflict import conflict_page


@require_GET
def revision_list(request: HttpRequest, number: int) -> HttpResponse:
    incident = visible(request, number)
    postmortem = incident.postmortem
    rows = list(postmortem.revisions.select_related("saved_by"))
    altered = altered_sections(rows, postmortem)
    context = {
        "incident": incident,
        "postmortem": postmortem,
        "rows": [{"revision": row, "altered": altered[row.number]} for row in rows],
        "may_restore": _may_restore(request, incident),
    }
    return render(request, "incidents/revisions.html", context)


def _may_restore(request: HttpRequest, incident: Incident) -> bool:
    is_draft = incident.postmortem.state in {"draft", "in_review", "changes_requested", "approved"}
    return is_draft and incident.may_be_edited_by(reader(request))


@require_GET
def revision(request: HttpRequest, number: int, revision: int) -> HttpResponse:
    """One revision beside an older one: the one before, unless `from` says another; 0 is nothing."""
    incident = visible(request, number)
    postmortem = incident.postmortem
    numbers = list(postmortem.revisions.values_list("number", flat=True))
    new = get_object_or_404(postmortem.revisions.select_related("saved_by"), number=revision)
    told = request.GET.get("from", "")
    before = [one for one in numbers if one < new.number]
    wanted = int(told) if told.isdecimal() and len(told) < 10 else (before[0] if before else 0)
    old = _older(postmortem, wanted)
    sections = compared(postmortem, old, new)
    context = {
        "incident": incident,
        "postmortem": postmortem,
        "old": old,
        "new": new,
        "others": [one for one in numbers if one != new.number],
        "altered": [section for section in sections if section.kind != "same"],
        "same": [section for section in sections if section.kind == "same"],
        "may_restore": _may_restore(request, incident) and new.number != postmortem.version,
    }
    return render(request, "incidents/revision.html", context)


def _older(postmortem: Postmortem, number: int) -> PostmortemRevision | None:
    if number == 0:
        return None
    found = postmortem.revisions.select_related("saved_by").filter(number=number).first()
    if found is None:
        raise Http404
    return found


@require_POST
def restore(request: HttpRequest, number: int, revision: int) -> HttpResponse:
    incident = writable(request, number)
    told = request.POST.get("version", "")
    back = reverse("incidents:revisions", args=[number])
    try:
        verbs.restore(
            incident_id=incident.pk,
            number=revision,
            expected_version=int(told) if told.isdecimal() and len(told) < 10 else 0,
            by=reader(request),
            now=timezone.now(),
        )
    except Conflict as conflict:
        titles = {section.key: section.title for section in sections_of(incident.postmortem)}
        return conflict_page(request, incident, conflict, back=back, titles=titles)
    except Refused as refused:
        messages.error(request, refused.reason)
    else:
        messages.success(request, f"Revision {revision} is the newest one again; nothing was lost.")
    return redirect(back)
