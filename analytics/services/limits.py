"""Limits of work in progress: looked at again and again; crossing one is told once, and so is its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts import notices
from accounts.days import day_of
from accounts.models import Notification, Role, User
from accounts.services import audit
from analytics.flow_weeks import monday
from analytics.metrics.work import Work, shown
from analytics.metrics.work_words import NAMES, over_words
from analytics.models import SpanFigures, WorkLimit
from analytics.queries.figures import shows_demo
from analytics.queries.scope_choices import label
from changes.models import DomainArea, Service

PAGE = "work"


def look(*, now: datetime) -> int:
    """Says how many limits began or ceased to be crossed. Of demonstration data nobody is told."""
    demo = shows_demo()
    limits = list(WorkLimit.objects.filter(is_demo=demo))
    if not limits:
        return 0
    week = monday(day_of(now))
    rows = SpanFigures.objects.filter(page=PAGE, is_demo=demo, begins_on=week, weeks=1)
    figures = dict(rows.filter(scope__in={one.scope for one in limits}).values_list("scope", "figures"))
    return sum(_look(one, shown(figures.get(one.scope), one.sort, now), demo, now) for one in limits)


@transaction.atomic
def _look(limit: WorkLimit, state: Work | None, demo: bool, now: datetime) -> bool:
    """What is not measured, or not reckoned yet, neither crosses a limit nor ends that."""
    if state is None:
        return False
    limit = WorkLimit.objects.select_for_update().get(pk=limit.pk)
    words = over_words(limit.sort, state, limit)
    was, limit.looked_at = limit.crossed_since, now
    if words and was is None:
        limit.crossed_since = now
    elif not words:
        limit.crossed_since = None
    limit.save(update_fields=["crossed_since", "looked_at"])
    changed = (limit.crossed_since is None) != (was is None)
    if changed and not demo:
        _tell(limit, words, was, now)
    return changed


def _tell(limit: WorkLimit, words: Iterable[str], was: datetime | None, now: datetime) -> None:
    about, path = notices.about(limit), _path(limit)
    where = "" if not limit.scope else f" ({label(limit.scope) or limit.scope})"
    if limit.crossed_since is not None:
        notices.take_back(about=about)
        notices.tell(
            users=_people(limit.scope), kind="work-limit", key=_key(limit, now, "crossed"),
            text=f"You are asked to finish before more is begun{where}. {' '.join(words)}",
            path=path, about=about, now=now,
        )  # fmt: skip
        return
    told = list(User.objects.filter(pk__in=Notification.objects.filter(about=about).values("user")))
    notices.take_back(about=about)
    notices.tell(
        users=told, kind="work-limit-kept", key=_key(limit, now, "kept"),
        text=f"{NAMES[limit.sort]}{where}: below the limit again, which was crossed since {was:%-d %B}.",
        path=path, about=about, now=now,
    )  # fmt: skip


def _key(limit: WorkLimit, now: datetime, what: str) -> str:
    return f"limit:{limit.pk}:{what}:{now:%Y-%m-%dT%H:%M:%S}"


def _path(limit: WorkLimit) -> str:
    return reverse("analytics:review_work") + (f"?scope={limit.scope}" if limit.scope else "")


def _people(scope: str) -> list[User]:
    """The people of the team; where there is no team, or nobody in it, the curators."""
    kind, _, number = scope.partition(":")
    key = int(number) if number.isdecimal() else 0
    services = Service.objects.filter(is_demo=False)
    owned = {
        "team": Q(teams=key),
        "service": Q(teams__in=services.filter(pk=key).values("team")),
        "area": Q(
            teams__in=services.filter(
                area__in=DomainArea.objects.filter(Q(pk=key) | Q(merged_into=key))
            ).values("team")
        ),
    }
    active = User.objects.filter(is_active=True)
    found = list(active.filter(owned[kind]).distinct()) if kind in owned else []
    return found or list(active.filter(role__in=[Role.CURATOR, Role.ADMIN]))


@transaction.atomic
def save_limit(*, limit: WorkLimit, by: User) -> WorkLimit:
    """Set or altered. One that was crossed is looked at anew by what it says now."""
    verb = "work_limit_altered" if limit.pk else "work_limit_set"
    limit.save()
    _audit(limit, verb, by)
    return limit


@transaction.atomic
def remove_limit(*, limit: WorkLimit, by: User) -> None:
    _audit(limit, "work_limit_removed", by)
    notices.take_back(about=notices.about(limit))
    limit.delete()


def _audit(limit: WorkLimit, verb: str, by: User) -> None:
    detail: dict[str, object] = {
        "sort": limit.sort,
        "scope": limit.scope,
        "most": limit.most,
        "oldest_days": limit.oldest_days,
    }
    audit(actor=by, verb=verb, target=limit, detail=detail)
