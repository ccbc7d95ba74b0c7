"""Actions that are finished, and the incidents like theirs before they were done and since."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Min, Q, QuerySet

from accounts.days import day_of
from accounts.models import User
from analytics.privacy import gives_away
from incidents.models import ActionItem, Incident

FINISHED = (ActionItem.State.DONE, ActionItem.State.VERIFIED)
BEFORE = timedelta(days=365)

# Like it: the same area and, where both have services, one in common; without an area a service in common.
LIKE = """
    other.known_until IS NULL AND other.is_demo = mine.is_demo AND other.incident_id <> mine.incident_id
    AND other.area = mine.area
    AND (other.services && mine.services
         OR (mine.area <> 0 AND (mine.services = '{}' OR other.services = '{}')))
"""
COUNTS = f"""
SELECT asked.action_id,
       COUNT(other.incident_id) FILTER (WHERE other.began_on >= GREATEST(asked.done_on - 365, known.since)
                                          AND other.began_on < asked.done_on),
       COUNT(other.incident_id) FILTER (WHERE other.began_on BETWEEN asked.done_on AND %(as_of)s),
       COUNT(other.incident_id) FILTER (WHERE other.restricted AND other.began_on < asked.done_on
                                          AND other.began_on >= GREATEST(asked.done_on - 365, known.since)),
       COUNT(other.incident_id) FILTER (WHERE other.restricted
                                          AND other.began_on BETWEEN asked.done_on AND %(as_of)s),
       GREATEST(asked.done_on - 365, known.since)
FROM unnest(%(actions)s::bigint[], %(days)s::date[]) AS asked(action_id, done_on)
JOIN incidents_actionitem AS action ON action.id = asked.action_id
JOIN analytics_countedincident AS mine ON mine.incident_id = action.incident_id AND mine.known_until IS NULL
CROSS JOIN LATERAL (
    SELECT MIN(began_on) AS since FROM analytics_countedincident
    WHERE known_until IS NULL AND is_demo = mine.is_demo
) AS known
LEFT JOIN analytics_countedincident AS other ON {LIKE}
GROUP BY asked.action_id, asked.done_on, known.since
"""


@dataclass(frozen=True)
class Around:
    """Incidents like the one an action came from, that one left out: the year before it was done, and since.

    Days are the organisation's: from `since` up to `done_on`, from there up to `as_of`. None is hidden: so
    few that a restricted one could be guessed.
    """

    action: ActionItem
    since: date
    done_on: date
    as_of: date
    before: int | None
    after: int | None


def finished(user: User, demo: bool) -> QuerySet[ActionItem]:
    """Actions done or verified, with the first instant they were, the newest first."""
    return (
        ActionItem.objects.filter(
            state__in=FINISHED, incident__is_demo=demo, incident__in=Incident.objects.visible_to(user)
        )
        .annotate(recorded_done_at=Min("events__pgh_created_at", filter=Q(events__state__in=FINISHED)))
        .select_related("incident", "incident__area")
    )


def around(actions: list[ActionItem], as_of: date) -> list[Around]:
    days = {action.pk: _done_on(action) for action in actions}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"actions": list(days), "days": list(days.values()), "as_of": as_of})
        counts = {row[0]: row[1:] for row in cursor.fetchall()}
    return [
        _around(action, days[action.pk], as_of, counts[action.pk])
        for action in actions
        if action.pk in counts
    ]


def _around(action: ActionItem, done_on: date, as_of: date, counts: tuple[Any, ...]) -> Around:
    before, after, shut_before, shut_after, since = counts
    told = [
        None if gives_away(number, restricted) else number
        for number, restricted in ((before, shut_before), (after, shut_after))
    ]
    return Around(action, since, done_on, as_of, *told)


def _done_on(action: ActionItem) -> date:
    """`state_since` where no earlier instant was recorded, or one that the record itself denies."""
    recorded = getattr(action, "recorded_done_at", None)
    at = min(recorded, action.state_since) if recorded else action.state_since
    return day_of(at)
