"""What every list page says beside its rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Page
from django.http import HttpRequest


def narrowed(request: HttpRequest, form: forms.BaseForm) -> int:
    """How many filters are set besides the search."""
    return sum(1 for name in form.fields if name != "q" and any(request.GET.getlist(name)))


def page_links(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    """Where the pages before and after this one are, with the filters kept."""

    def address(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"{request.path}?{query.urlencode()}"

    return {
        "older_url": address(page.next_page_number()) if page.has_next() else "",
        "newer_url": address(page.previous_page_number()) if page.has_previous() else "",
        "shown": f"{page.start_index()} to {page.end_index()} of {page.paginator.count}"
        if page.paginator.num_pages > 1
        else "",
    }
