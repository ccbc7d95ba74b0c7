"""Signals to hooks: each once, when the rule opened it, without figures: those are behind the sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.days import day_of
from analytics.metrics.sentences import state_name
from analytics.models import Signal
from analytics.queries.figures import Taxonomy
from changes.models import DomainArea
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing import hooks
from intake.outgoing.writers import Document

TOPIC = "signal"
# A worker that stood still makes up for so long; what is older was seen on the page.
LATE = timedelta(days=7)


def make_due(*, now: datetime) -> int:
    """To hooks that were there on its first day, of everything or of its area."""
    today = day_of(now)
    opened = Signal.objects.filter(
        is_demo=False, review=Signal.Review.OPEN, first_shown_on__gt=today - LATE
    ).order_by("pk")
    listening, areas = list(hooks.listening(TOPIC)), Taxonomy(DomainArea)
    return sum(
        hooks.put(
            hooks=[hook for hook in listening if _is_of(signal, hook, areas)],
            topic=TOPIC,
            key=str(signal.pk),
            content={"signal": signal.pk},
            now=now,
        )
        for signal in (opened if listening else [])
    )


def _is_of(signal: Signal, hook: OutgoingHook, areas: Taxonomy) -> bool:
    """A signal has no service or team: hooks narrowed to one are told of none."""
    kind, _, number = hook.scope.partition(":")
    if day_of(hook.created_at) > signal.first_shown_on:
        return False
    if not kind:
        return True
    return (
        kind == "area"
        and signal.area_id is not None
        and areas.resolved.get(int(number)) == areas.resolved[signal.area_id]
    )


def document(*, message: OutgoingMessage, now: datetime) -> Document | None:
    """None once somebody has reviewed it."""
    rows = Signal.objects.filter(pk=message.content["signal"], review=Signal.Review.OPEN)
    signal = rows.select_related("kind", "area").first()
    if signal is None:
        return None
    url = settings.SITE_URL + reverse("analytics:signal", args=[signal.pk])
    return Document(
        f"A new signal: {signal}. {state_name(signal.state)}.\nWhat it rests on, and how sure it is: {url}",
        {
            "kind": signal.kind.slug,
            "area": signal.area.slug if signal.area else None,
            "state": signal.state,
            "first_shown_on": signal.first_shown_on.isoformat(),
            "url": url,
        },
    )
