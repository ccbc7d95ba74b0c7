"""What templates need to draw: icons, badges, times, shares, bars. `{% load design %}`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from design import badges, navigation, spans
from design.icons import ICONS

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, label: str = "") -> SafeString:
    """An icon beside words; with `label` it stands alone and is read aloud."""
    drawing = mark_safe(ICONS[name])  # noqa: S308 (our own constant)
    frame = (
        '<svg class="icon" viewBox="0 0 20 20" width="16" height="16" fill="none" stroke="currentColor" '
        'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>'
    )
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(frame, said, drawing)


# Badges stand in every row of every list, in few kinds: each is drawn once.
@lru_cache(maxsize=1024)
def _drawn(component: str, **words: Any) -> SafeString:
    return mark_safe(render_to_string(f"components/{component}.html", words).strip())  # noqa: S308


@register.simple_tag
def status_badge(status: str, label: str) -> SafeString:
    return _drawn("status", status=str(status), label=str(label))


@register.simple_tag
def severity_badge(rank: int | None, name: str | None) -> SafeString:
    return _drawn("severity", rank=rank, name=str(name or ""))


@register.simple_tag
def origin_badge(origin: str, label: str = "") -> SafeString:
    return _drawn("origin", origin=str(origin), label=str(label))


@register.filter
def attributes(attrs: Mapping[str, Any]) -> str:
    """Of a form's widget, as they stand in its tag."""
    return flatatt(dict(attrs))


@register.filter
def options(optgroups: Iterable[tuple[str | None, Iterable[Mapping[str, Any]], int]]) -> SafeString:
    """What a list to choose from offers: hundreds on some pages, the same ones again and again."""
    found = []
    for name, choices, _ in optgroups:
        each = mark_safe(  # noqa: S308
            "\n".join(
                _option(str(one["value"]), str(one["label"]), tuple(one["attrs"].items())) for one in choices
            )
        )
        found.append(format_html('<optgroup label="{}">{}</optgroup>', name, each) if name else each)
    return mark_safe("\n".join(found))  # noqa: S308


@lru_cache(maxsize=4096)
def _option(value: str, label: str, attrs: tuple[tuple[str, Any], ...]) -> SafeString:
    return format_html('<option value="{}"{}>{}</option>', value, flatatt(dict(attrs)), label)


@register.filter
def tone(status: str) -> str:
    """The colour family of a status word: danger, warning, info, success or neutral."""
    return badges.look(str(status)).tone


@register.simple_tag
def status_icon(status: str) -> SafeString:
    shape = badges.look(str(status)).icon
    return icon(shape) if shape else mark_safe("")


@register.filter
def percent(share: float | None, digits: int | None = None) -> str:
    """A share of 0..1 as `4.2 %`; a dash for none."""
    return spans.DASH if share is None else spans.percent(float(share), digits)


@register.filter
def duration(span: timedelta | float | None) -> str:
    """A timedelta or a number of seconds as `3 h 05 min`; a dash for none."""
    if span is None or span == "":
        return spans.DASH
    return spans.short_span(span.total_seconds() if isinstance(span, timedelta) else float(span))


def _absolute(moment: datetime) -> str:
    """UTC always, and the reader's own time beside it where it differs."""
    in_utc = moment.astimezone(UTC)
    text = f"{in_utc:%a %d %b %Y, %H:%M} UTC"
    local = timezone.localtime(moment)
    if local.utcoffset():
        text += f" · {local:%H:%M}" + ("" if local.date() == in_utc.date() else f" on {local:%d %b}")
        text += f" {_zone_name(local)}"
    return text


def _zone_name(local: datetime) -> str:
    zone = local.tzinfo
    return zone.key if isinstance(zone, zoneinfo.ZoneInfo) else str(local.tzname())


@register.simple_tag
def when(moment: datetime | None, style: str = "relative") -> SafeString:
    """A moment, relative with the absolute on hover and focus; `style="absolute"` turns it round."""
    if moment is None:
        return mark_safe(f'<span class="when-unknown">{spans.DASH}</span>')  # noqa: S308
    absolute = _absolute(moment)
    ago = spans.relative(moment, timezone.now())
    stamp = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if style == "absolute":
        return format_html('<time class="when" datetime="{}" title="{}">{}</time>', stamp, ago, absolute)
    return format_html(
        '<time class="when" datetime="{}" title="{}" data-absolute="{}" data-relative>{}</time>',
        stamp, absolute, absolute, ago,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def pages(context: template.Context) -> list[dict[str, Any]]:
    """The top navigation: label, address, icon, key, and whether the reader is there.

    A page is also current when its own address begins the reader's (an incident is below Incidents).
    """
    request = context.get("request")
    here = request.path if request else ""
    shown = [(page, url) for page in navigation.PAGES if (url := _address(page.url_name))]
    ways = [(url, page) for page, url in shown]
    ways += [(way, page) for page, _ in shown for name in page.also if (way := _address(name))]
    inside = [(way, page) for way, page in ways if here == way or (way != "/" and here.startswith(way))]
    _, nearest = max(inside, key=lambda found: len(found[0]), default=("", None))
    return [{"page": page, "url": url, "current": page is nearest} for page, url in shown]


def _address(url_name: str) -> str | None:
    # An error page must stand even when an address cannot be made; tests/design checks that each can.
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


@register.simple_tag
def page_address(url_name: str) -> str:
    return _address(url_name) or ""


@register.simple_tag
def report_address() -> str:
    return _address(navigation.REPORT_INCIDENT) or ""


@register.simple_tag
def environment_label() -> str:
    """What tells this installation from another one in the top bar; empty in most."""
    return str(settings.ENVIRONMENT_LABEL)


@register.filter
def initials(name: str) -> str:
    words = str(name).replace(".", " ").replace("_", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"
