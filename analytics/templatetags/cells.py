"""Cells of tables, written in one go: hundreds on a page are too many for templates. `{% load cells %}`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from analytics.templatetags.figures import rate, share, tint, whole

register = template.Library()
BAR = 64


def cell_bar(cell: Any, top: float) -> str:
    """A cell's interval in its own ink: the range as a bar, the rate as a tick; told in words beside it."""
    low, dot, high = (round(min(value, top) / top * BAR, 1) for value in (cell.low, cell.rate, cell.high))
    return (
        f'<svg class="cell-bar" viewBox="0 0 {BAR} 8" width="{BAR}" height="8" aria-hidden="true">'
        f'<line x1="0" y1="4" x2="{BAR}" y2="4" stroke="currentColor" stroke-opacity="0.25"'
        ' stroke-width="1"/>'
        f'<line x1="{low}" y1="4" x2="{max(high, low + 0.1)}" y2="4" stroke="currentColor"'
        ' stroke-opacity="0.55" stroke-width="3" stroke-linecap="round"/>'
        f'<line x1="{dot}" y1="0.5" x2="{dot}" y2="7.5" stroke="currentColor" stroke-width="2"/></svg>'
    )


@register.simple_tag
def matrix_cells(row: Any, report: Any, query: str) -> SafeString:
    """A row's cells, area by area, and all of them together: hundreds on a page, so not by templates."""
    records = f"{reverse('analytics:matrix_changes')}?{f'{query}&' if query else ''}row={quote(row.key)}"
    own = [
        _matrix_cell(cell, row.name, area.name, f"{records}&area={quote(area.slug)}", report.top)
        for area, cell in zip(report.areas, row.cells, strict=True)
    ]
    return mark_safe("".join([*own, _matrix_cell(row.total, row.name, "all areas", records, report.top)]))  # noqa: S308


def _matrix_cell(cell: Any, row: str, where: str, records: str, top: float) -> str:
    look = f'<td class="{tint(cell)}{" uncertain" if cell.state == "uncertain" else ""}">'
    after = f"<span>+{cell.afterwards} said afterwards</span>" if cell.afterwards else ""
    if not (cell.n or cell.pending):
        beside = f'<span class="beside">{after}</span>' if after else ""
        none = (
            '<span class="counts" aria-hidden="true">–</span><span class="visually-hidden">no changes</span>'
        )
        return f'{look}<span class="cell">{none}{beside}</span></td>'
    suspected = f"<span>+{share(cell.suspected)} suspected</span>" if cell.suspected else ""
    beside = f'<span class="beside">{suspected}{after}</span>' if suspected or after else ""
    fits = f"{cell.range_words} fits what we saw. " if cell.rate is not None else ""
    more = f" {share(cell.suspected)} more only suspected." if cell.suspected else ""
    title = escape(f"{row}, {where}: {fits}{cell.state_words}{more}")
    return f'{look}<a href="{escape(records)}" title="{title}">{_said_in(cell, top)}{beside}</a></td>'


def _said_in(cell: Any, top: float) -> str:
    if cell.rate is not None:
        doubt = ", too few to rule out 1 in 10" if cell.state == "uncertain" else ""
        return (
            f'<span class="rate">{rate(cell.rate)}<span class="unit"> %</span></span>'
            f'<span class="counts">{share(cell.failures)} of {whole(cell.n)}</span>{cell_bar(cell, top)}'
            f'<span class="visually-hidden">, plausible range {cell.range_words}{doubt}</span>'
        )
    if cell.state == "restricted":
        changes = f"{whole(cell.n)} change{'' if cell.n == 1 else 's'}"
        return f'<span class="rate">hidden</span><span class="counts">{changes}</span>'
    if cell.n:
        counts = f'<span class="counts strong">{share(cell.failures)} of {whole(cell.n)}</span>'
        return f'{counts}<span class="counts">no rate yet</span>'
    return f'<span class="counts">{whole(cell.pending)} pending</span>'


@register.simple_tag
def trend_counts(series: Any, one: Any, records: str, query: str) -> SafeString:
    """Failures of changes in one block, leading to its changes."""
    counts = f"{share(one.failures)} of {whole(one.n)}"
    if one.failures is None:
        counts = f"hidden, {whole(one.n)} changes"
    links = [f"{records}?{f'{query}&' if query else ''}row={quote(row)}" for row in series.rows]
    links = [escape(f"{link}&from={one.start:%Y-%m-%d}&to={one.end:%Y-%m-%d}") for link in links]
    if len(links) == 1:
        return mark_safe(f'<a href="{links[0]}">{counts}</a>')  # noqa: S308
    rows = zip(links, series.rows, strict=True)
    under = " and ".join(f'<a href="{link}">{escape(row)}</a>' for link, row in rows)
    return mark_safe(f'{counts}<span class="under">{under}</span>')  # noqa: S308
