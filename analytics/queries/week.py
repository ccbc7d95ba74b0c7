"""Reads of the weekly page: what happened in a week, what waits, and what people wrote down.

Counts hold restricted incidents, as every figure does; lists hold what the reader may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.days import midnight
from accounts.models import User
from analytics.flow_weeks import Span
from analytics.models import (
    FrozenWeek,
    IncidentFlow,
    Safeguard,
    ScenarioStanding,
    Signal,
    TestScenario,
    WeekNote,
    WorkLimit,
)
from analytics.privacy import gives_away
from analytics.queries.at_once import AtOnce, at_once
from analytics.queries.features import in_scope, to_answer
from analytics.queries.home import OPEN_POSTMORTEMS
from changes.models import Feature
from changes.queries.together import MARK, Prepared
from incidents.models import ActionItem, Incident, Lesson

OPEN_ACTIONS = (ActionItem.State.PROPOSED, ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)
AGREED_ACTIONS = (ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)
ENDED_ACTIONS = (ActionItem.State.DONE, ActionItem.State.VERIFIED)
SOON = timedelta(days=7)
SHOWN = 5
# The mark of whoever reads.
NOBODY = MARK - 1


@dataclass(frozen=True)
class Asked:
    """One week of one scope; `today` is the reader's organisation's."""

    span: Span
    scope: str
    demo: bool
    today: date

    @property
    def begins(self) -> datetime:
        return midnight(self.span.begins_on)

    @property
    def ends(self) -> datetime:
        return midnight(self.span.ends_on)

    @property
    def number(self) -> int:
        """Of the service, area or team asked for; 0 for everything."""
        return int(self.scope.partition(":")[2] or 0)

    @property
    def sort(self) -> str:
        """service, area or team; empty for everything."""
        return self.scope.partition(":")[0]

    def values(self) -> tuple[Any, ...]:
        """All that a statement about it binds."""
        past = self.past
        return (
            self.begins, self.ends, past.begins, self.span.begins_on, self.span.ends_on, past.span.begins_on,
            self.today, self.today + SOON, self.scope, self.number,
        )  # fmt: skip

    @property
    def past(self) -> Asked:
        return Asked(self.span.before(), self.scope, self.demo, self.today)

    def of(self, **fields: str) -> Q:
        """`service="services", area="area"`: rows of the scope by those lookups; nothing for another sort."""
        if not self.sort:
            return Q()
        return Q(**{fields[self.sort]: self.number}) if self.sort in fields else Q(pk=None)


def _marked(sort: str, demo: bool) -> Asked:
    """Stands for whatever is asked of such a scope: statements are put together with it, and only once."""
    return Asked(Span(date(1700, 1, 4)), f"{sort}:{MARK}" if sort else "", demo, date(1800, 1, 1))


def counted(asked: Asked) -> QuerySet[IncidentFlow]:
    """Counted incidents of the scope, restricted ones among them."""
    rows = IncidentFlow.objects.filter(is_demo=asked.demo)
    return rows.filter(scopes__contains=[asked.scope]) if asked.scope else rows


def incidents(asked: Asked) -> QuerySet[Incident]:
    rows = Incident.objects.filter(is_demo=asked.demo).counted()
    if not asked.scope:
        return rows
    flow = IncidentFlow.objects.filter(incident=OuterRef("pk"), scopes__contains=[asked.scope])
    return rows.filter(Exists(flow))


def _actions(asked: Asked) -> QuerySet[ActionItem]:
    return ActionItem.objects.filter(incident__in=incidents(asked))


def _lessons(asked: Asked) -> QuerySet[Lesson]:
    rows = Lesson.objects.filter(is_demo=asked.demo).exclude(state=Lesson.State.RETIRED)
    return rows.filter(asked.of(service="services", area="area", team="services__team")).distinct()


def _untested(asked: Asked) -> QuerySet[Lesson]:
    covered = TestScenario.lessons.through.objects.filter(
        lesson=OuterRef("pk"), testscenario__merged_into=None
    ).exclude(testscenario__state=TestScenario.State.RETIRED)
    return _lessons(asked).exclude(Exists(covered))


def _failing(asked: Asked) -> QuerySet[ScenarioStanding]:
    """On the default branch of a repository."""
    rows = ScenarioStanding.objects.filter(
        state=ScenarioStanding.State.FAILING,
        branch=F("repository__default_branch"),
        scenario__is_demo=asked.demo,
        scenario__merged_into=None,
    ).exclude(scenario__state=TestScenario.State.RETIRED)
    return rows.filter(
        asked.of(service="scenario__services", area="scenario__area", team="scenario__services__team")
    ).distinct()


def _signals(asked: Asked) -> QuerySet[Signal]:
    rows = Signal.objects.filter(is_demo=asked.demo)
    return rows.filter(asked.of(area="area"))


def _crossed(asked: Asked) -> QuerySet[WorkLimit]:
    rows = WorkLimit.objects.filter(is_demo=asked.demo).exclude(crossed_since=None)
    return rows.filter(scope=asked.scope) if asked.scope else rows


def _in(asked: Asked, field: str) -> Q:
    return Q(**{f"{field}__gte": asked.begins, f"{field}__lt": asked.ends})


def happened(asked: Asked) -> dict[str, QuerySet[Any]]:
    """What can be said of any week, however long ago."""
    return {
        "incidents": counted(asked).filter(_in(asked, "began_at")),
        "ended": counted(asked).filter(_in(asked, "ended_at")),
        "published": incidents(asked).filter(_in(asked, "postmortem__published_at")),
        "actions_done": _actions(asked).filter(_in(asked, "state_since"), state__in=ENDED_ACTIONS),
        "lessons": _lessons(asked).filter(_in(asked, "created_at")),
        "scenarios": TestScenario.objects.filter(_in(asked, "created_at"), is_demo=asked.demo).filter(
            asked.of(service="services", area="area", team="services__team")
        ),
        "signals": _signals(asked).filter(
            first_shown_on__gte=asked.span.begins_on, first_shown_on__lt=asked.span.ends_on
        ),
        "safeguards": Safeguard.objects.filter(
            is_demo=asked.demo, starts_on__gte=asked.span.begins_on, starts_on__lt=asked.span.ends_on
        ).filter(asked.of(area="area")),
    }


def waits(asked: Asked) -> dict[str, QuerySet[Any]]:
    """What stands open now."""
    due = incidents(asked).filter(postmortem__state__in=OPEN_POSTMORTEMS, postmortem__due_on__isnull=False)
    agreed = _actions(asked).filter(state__in=AGREED_ACTIONS)
    return {
        "unresolved": counted(asked).filter(is_open=True),
        "postmortems": due.filter(postmortem__due_on__lt=asked.today + SOON),
        "postmortems_late": due.filter(postmortem__due_on__lt=asked.today),
        "actions": agreed.filter(due_on__lt=asked.today + SOON),
        "actions_late": agreed.filter(due_on__lt=asked.today),
        "untested": _untested(asked),
        "failing": _failing(asked),
        "unreviewed": _signals(asked).filter(review=Signal.Review.OPEN),
        "crossed": _crossed(asked),
    }


# What could give away a restricted incident where it is one of few, and the way from its rows to incidents;
# empty: each row is one.
VEILED = {
    "incidents": "", "ended": "", "unresolved": "",
    "published": "", "postmortems": "", "postmortems_late": "",
    "actions": "incident", "actions_late": "incident", "actions_done": "incident", "lessons": "incidents",
    "untested": "incidents", "scenarios": "lessons__incidents", "failing": "scenario__lessons__incidents",
}  # fmt: skip
Numbers = Mapping[str, int | None]


@dataclass(frozen=True)
class Counts:
    """None is hidden: so few that one which is restricted could be guessed."""

    week: Numbers
    before: Numbers
    # None for a week that is not the last: what waits is known of now alone.
    waiting: Numbers | None


@dataclass(frozen=True)
class _Parts:
    """All that is counted, by part and name; and what is restricted of it."""

    named: Mapping[str, list[str]]
    flat: Mapping[str, QuerySet[Any]]

    @classmethod
    def of(cls, asked: Asked, with_waiting: bool) -> _Parts:
        parts = {
            "week": happened(asked),
            "before": happened(asked.past),
            "waiting": waits(asked) if with_waiting else {},
        }
        flat = {f"{part}.{name}": rows for part, named in parts.items() for name, rows in named.items()}
        return cls({part: list(named) for part, named in parts.items()}, flat)

    def counted(self) -> AtOnce:
        veiled = {
            f"veiled.{key}": rows.filter(**{f"{way}__is_restricted" if way else "is_restricted": True})
            for key, rows in self.flat.items()
            if (way := _way(key)) is not None
        }
        return AtOnce({**self.flat, **veiled}, {})


@cache
def _counting(sort: str, demo: bool, with_waiting: bool) -> tuple[AtOnce, Mapping[str, list[str]], Asked]:
    asked = _marked(sort, demo)
    parts = _Parts.of(asked, with_waiting)
    return parts.counted(), parts.named, asked


def counts(asked: Asked, *, with_waiting: bool) -> Counts:
    """One statement, and one where what a restricted incident left behind is counted."""
    counting, named, marked = _counting(asked.sort, asked.demo, with_waiting)
    found, _ = counting(dict(zip(marked.values(), asked.values(), strict=True)))
    veiled = {key.removeprefix("veiled."): n for key, n in found.items() if key.startswith("veiled.")}
    restricted = {key: n for key, n in veiled.items() if n}
    behind: dict[str, int] = {}
    if restricted:
        flat = _Parts.of(asked, with_waiting).flat
        behind = _behind({key: flat[key] for key in restricted})

    def told(part: str) -> dict[str, int | None]:
        keys = {name: f"{part}.{name}" for name in named[part]}
        return {
            name: None if gives_away(behind.get(key, found[key]), restricted.get(key, 0)) else found[key]
            for name, key in keys.items()
        }

    return Counts(told("week"), told("before"), told("waiting") if with_waiting else None)


def _way(key: str) -> str | None:
    return VEILED.get(key.rpartition(".")[2])


def _behind(counted: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many incidents stand behind what they left: many actions may come of one."""
    ways = {key: way for key in counted if (way := _way(key))}
    asked = {
        f"incidents.{key}": Incident.objects.filter(pk__in=counted[key].order_by().values(way))
        for key, way in ways.items()
    } | {f"alone.{key}": counted[key].filter(**{f"{way}__isnull": True}) for key, way in ways.items()}
    found = at_once(asked, {})[0] if asked else {}
    return {key: found[f"incidents.{key}"] + found[f"alone.{key}"] for key in ways}


@dataclass(frozen=True)
class Lists:
    """The first few of each; incidents, postmortems, actions and lessons as the reader may see them."""

    incidents: list[Incident]
    unresolved: list[Incident]
    postmortems: list[Incident]
    actions: list[ActionItem]
    untested: list[Lesson]
    failing: list[ScenarioStanding]
    signals: list[Signal]
    crossed: list[WorkLimit]
    notes: list[WeekNote]
    # Features whose measured period is over: was it worth the ongoing hassle?
    to_answer: list[Feature]


@cache
def _listing(sort: str, demo: bool) -> Prepared:
    asked = _marked(sort, demo)
    return Prepared(lambda *_: _listed(User(pk=NOBODY), asked), [*asked.values(), NOBODY])


def lists(user: User, asked: Asked) -> Lists:
    """One statement."""
    listing = _listing(asked.sort, asked.demo)
    return Lists(*listing(*asked.values(), user.pk))


def _listed(user: User, asked: Asked) -> list[QuerySet[Any]]:
    seen = Incident.objects.visible_to(user)
    began = counted(asked).filter(_in(asked, "began_at")).values("incident")
    open_now = counted(asked).filter(is_open=True).values("incident")
    waiting = waits(asked)
    shown = seen.select_related("severity", "area", "postmortem")
    lessons = Lesson.objects.visible_to(user).filter(pk__in=waiting["untested"].order_by().values("pk"))
    return [
        shown.filter(pk__in=began).order_by("severity__rank", "number")[:SHOWN],
        shown.filter(pk__in=open_now).order_by("severity__rank", "number")[:SHOWN],
        shown.filter(pk__in=waiting["postmortems"].values("pk"))
        .order_by("postmortem__due_on", "number")[:SHOWN],
        waiting["actions"].filter(incident__in=seen.values("pk")).select_related("incident")
        .order_by("due_on", "pk")[:SHOWN],
        lessons.select_related("area").order_by("-created_at", "-pk")[:SHOWN],
        waiting["failing"].filter(scenario__in=TestScenario.objects.visible_to(user))
        .select_related("scenario", "repository").order_by("-since")[:SHOWN],
        waiting["unreviewed"].select_related("kind", "area").order_by("-evidence")[:SHOWN],
        waiting["crossed"].order_by("crossed_since")[:SHOWN],
        notes(asked.span.begins_on, asked.demo),
        to_answer(in_scope(Feature.objects.filter(is_demo=asked.demo), asked.scope), asked.today)[:SHOWN],
    ]  # fmt: skip


def notes(week: date, demo: bool) -> QuerySet[WeekNote]:
    rows = WeekNote.objects.filter(begins_on=week, is_demo=demo, taken_back_at=None)
    return rows.select_related("written_by").order_by("written_at", "pk")


def frozen(week: date, demo: bool) -> FrozenWeek | None:
    rows = FrozenWeek.objects.filter(begins_on=week, is_demo=demo)
    return rows.select_related("closed_by").first()


def closed(week: date, demo: bool) -> FrozenWeek | None:
    """Without what it holds."""
    rows = FrozenWeek.objects.filter(begins_on=week, is_demo=demo)
    return rows.select_related("closed_by").defer("figures").first()


def frozen_weeks(demo: bool) -> QuerySet[FrozenWeek]:
    """Without what they hold, the newest first."""
    rows = FrozenWeek.objects.filter(is_demo=demo).select_related("closed_by")
    return rows.defer("figures").order_by("-begins_on")
