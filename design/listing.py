"""What a page with a filtered list needs: one page of rows, its neighbours, how many filters are set."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from design.spans import grouped

ROWS = 50


class BoundedPaginator(Paginator):
    """Counts to `most`, or as far as the page that is asked for and the next: never all of a large table."""

    def __init__(self, rows: QuerySet[Any], per_page: int, asked: str | None, most: int) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        page = int(asked) if asked and asked.isdecimal() and len(asked) < 9 else 1
        self.reach = max(most, (page + 1) * per_page)

    @cached_property
    def counted(self) -> int:
        return self.rows.order_by()[: self.reach + 1].count()

    @property
    def is_over(self) -> bool:
        return self.counted > self.reach

    @property
    def count(self) -> int:
        return min(self.counted, self.reach)


def listing(
    request: HttpRequest, found: Any, rows: QuerySet[Any], per_page: int = ROWS, most: int | None = None
) -> dict[str, Any]:
    """The context of a list page; `most` for tables that are too large to be counted to the end.

    Shape: `filter`, `page`, `newer_url`, `older_url` (empty at the ends), `shown` (words), `narrowed`
    (how many filters are set), `is_over` (whether there are more than `page.paginator.count`).
    """
    asked = request.GET.get("page")
    pages = Paginator(rows, per_page) if most is None else BoundedPaginator(rows, per_page, asked, most)
    page = pages.get_page(asked)
    total = page.paginator.count
    is_over = isinstance(pages, BoundedPaginator) and pages.is_over
    over = "over " if is_over else ""
    return {
        "filter": found,
        "page": page,
        "is_over": is_over,
        "narrowed": sum(1 for name, value in request.GET.items() if value and name not in {"q", "page"}),
        "newer_url": _address(request, page.number - 1) if page.has_previous() else "",
        "older_url": _address(request, page.number + 1) if page.has_next() else "",
        "shown": f"{grouped(page.start_index())} to {grouped(page.end_index())} of {over}{grouped(total)}"
        if total > per_page
        else "",
    }


def _address(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"
