"""What a page with a filtered list needs: one page of rows, its neighbours, how many filters are set."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50


def listing(request: HttpRequest, found: Any, rows: QuerySet[Any], per_page: int = ROWS) -> dict[str, Any]:
    """The context of a list page.

    Shape: `filter`, `page`, `newer_url`, `older_url` (empty at the ends), `shown` (words), `narrowed`
    (how many filters are set).
    """
    page = Paginator(rows, per_page).get_page(request.GET.get("page"))
    total = page.paginator.count
    return {
        "filter": found,
        "page": page,
        "narrowed": sum(1 for name, value in request.GET.items() if value and name not in {"q", "page"}),
        "newer_url": _address(request, page.number - 1) if page.has_previous() else "",
        "older_url": _address(request, page.number + 1) if page.has_next() else "",
        "shown": f"{page.start_index():,} to {page.end_index():,} of {total:,}" if total > per_page else "",
    }


def _address(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"
