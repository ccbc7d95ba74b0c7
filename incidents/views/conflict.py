"""Two people wrote the same words: both texts side by side, and neither is lost."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.models import Incident
from incidents.services.refusals import Conflict


def conflict_page(
    request: HttpRequest,
    incident: Incident,
    conflict: Conflict,
    *,
    back: str,
    titles: Mapping[str, str] | None = None,
) -> HttpResponse:
    both = [
        {
            "key": key,
            "title": (titles or {}).get(key) or key.removesuffix("_at").replace("_", " ").capitalize(),
            "theirs": theirs,
            "yours": conflict.yours[key],
        }
        for key, theirs in conflict.theirs.items()
    ]
    context = {"incident": incident, "both": both, "back": back}
    response = render(request, "incidents/conflict.html", context, status=409)
    if request.headers.get("HX-Request"):
        # htmx puts nothing into the page that is not a success: show the whole answer in the page's place.
        response.status_code = 200
        response["HX-Retarget"], response["HX-Reselect"], response["HX-Reswap"] = (
            "#content",
            "#content",
            "outerHTML",
        )
    return response
