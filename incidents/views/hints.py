"""Hints at the wording of one field, while it is written: nothing of the text is stored."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from incidents.queries.wording import remarks
from incidents.wording import MOST_BYTES


@require_POST
def hints(request: HttpRequest) -> HttpResponse:
    text = request.POST.get("text", "")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return HttpResponse("Longer than 64 kB.", status=413, content_type="text/plain")
    return render(request, "incidents/_field_hints.html", {"hints": remarks(text)})
