"""Crossed limits to hooks: each crossing once, with the limit and without the count behind the sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from analytics.metrics.work_words import NAMES
from analytics.models import WorkLimit
from analytics.queries.scope_choices import label
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing import hooks
from intake.outgoing.writers import Document

TOPIC = "limit_crossed"
# A worker that stood still makes up for so long; what is older was seen on the page.
LATE = timedelta(days=2)


def make_due(*, now: datetime) -> int:
    """To hooks that were there when it was crossed, of everything or of the limit's own scope."""
    crossed = WorkLimit.objects.filter(is_demo=False, crossed_since__gt=now - LATE).order_by("pk")
    listening = list(hooks.listening(TOPIC))
    return sum(_put(limit, listening, now) for limit in (crossed if listening else []))


def _put(limit: WorkLimit, listening: list[OutgoingHook], now: datetime) -> int:
    assert limit.crossed_since is not None  # noqa: S101 (said by the filter)
    told = [
        hook
        for hook in listening
        if hook.scope in ("", limit.scope) and hook.created_at <= limit.crossed_since
    ]
    since = limit.crossed_since.isoformat()
    content = {"limit": limit.pk, "since": since}
    return hooks.put(hooks=told, topic=TOPIC, key=f"{limit.pk}:{since}", content=content, now=now)


def document(*, message: OutgoingMessage, now: datetime) -> Document | None:
    """None once it is kept again, or removed."""
    limit = WorkLimit.objects.filter(pk=message.content["limit"]).first()
    since = limit.crossed_since if limit else None
    if limit is None or since is None or since.isoformat() != message.content["since"]:
        return None
    of = label(limit.scope) or "what is not there any more"
    narrowed = f"?scope={limit.scope}" if limit.scope else ""
    url = f"{settings.SITE_URL}{reverse('analytics:review_work')}{narrowed}"
    return Document(
        f"Limit crossed: {NAMES[limit.sort].lower()}, {of}. {_agreed(limit)}\n"
        f"To be finished before more is begun: {url}",
        {
            "sort": limit.sort,
            "scope": limit.scope,
            "most": limit.most,
            "oldest_days": limit.oldest_days,
            "crossed_since": since.isoformat(),
            "url": url,
        },
    )


def _agreed(limit: WorkLimit) -> str:
    parts = [
        f"at most {limit.most} at once" if limit.most is not None else "",
        f"none older than {limit.oldest_days} days" if limit.oldest_days is not None else "",
    ]
    return f"Agreed: {' and '.join(part for part in parts if part)}."
