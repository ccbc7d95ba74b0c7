"""A postmortem as others read it: page, Markdown and JSON, all from one document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from accounts.models import Role
from incidents.models import Incident, Postmortem
from incidents.queries.document import as_markdown, document
from incidents.queries.durations import durations, moments
from incidents.views.access import reader, visible


@require_GET
def postmortem_page(request: HttpRequest, number: int) -> HttpResponse:
    incident = visible(request, number)
    postmortem = incident.postmortem
    told = document(incident, postmortem, reader(request))
    for section in told["sections"]:
        section["html"] = mark_safe(section["html"])  # noqa: S308 (rendered and cleaned by incidents.markdown)
    context = {
        "incident": incident,
        "postmortem": postmortem,
        "document": told,
        "moments": [moment for moment in moments(incident) if moment.at],
        "durations": durations(incident),
        "may_edit": incident.may_be_edited_by(reader(request)),
        "may_review": _may_review(postmortem, request),
        "comments": postmortem.comments.select_related("written_by"),
    }
    return render(request, "incidents/postmortem.html", context)


def _may_review(postmortem: Postmortem, request: HttpRequest) -> bool:
    reviewable = postmortem.state in {"in_review", "changes_requested", "approved"}
    return reviewable and reader(request).at_least(Role.AUTHOR)


@require_GET
def postmortem_markdown(request: HttpRequest, number: int) -> HttpResponse:
    incident = visible(request, number)
    text = as_markdown(_document(request, incident))
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@require_GET
def postmortem_json(request: HttpRequest, number: int) -> HttpResponse:
    incident = visible(request, number)
    return JsonResponse(_document(request, incident), json_dumps_params={"indent": 2, "ensure_ascii": False})


def _document(request: HttpRequest, incident: Incident) -> dict[str, object]:
    return document(incident, incident.postmortem, reader(request))
