"""What tells the origin of what shipped, by team and month: a tool, a declaration, a person, a policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)

from accounts.days import midnight
from analytics.charts_recall import Stacked, stacked
from analytics.queries import samples
from analytics.queries.figures import ALL_TYPES, ASSISTED
from analytics.queries.samples import Scope
from changes.models import Change, ChangeQuerySet, Origin, OriginEvidence, Strength
from changes.rule_book import DECLARATION

# Changes with `place` and `told_by`, which the plugin of the type checker does not follow.
Annotated = Any
MARKER, DECLARED, SAID, POLICY, UNKNOWN = "marker", "declared", "said", "policy", "unknown"
# From the bottom of the picture to its top.
PARTS: tuple[tuple[str, str], ...] = (
    (MARKER, "A marker of a tool"),
    (DECLARED, "A declaration at the change"),
    (SAID, "A person's word"),
    (POLICY, "A marking policy's word"),
    (UNKNOWN, "Unknown"),
)

_strong = OriginEvidence.objects.filter(change=OuterRef("pk"), strength=Strength.STRONG, is_automation=False)
_marker = Exists(_strong.filter(origin__in=ASSISTED).exclude(place=DECLARATION))
_declared = Exists(_strong.filter(place=DECLARATION).exclude(origin__in=["", Origin.UNKNOWN]))

# In this order: a person who confirms a marker does not take it away, one who says it is wrong does.
TOLD_BY = Case(
    When(origin=Origin.UNKNOWN, then=Value(UNKNOWN)),
    When(Q(origin__in=ASSISTED) & Q(_marker), then=Value(MARKER)),
    When(~Q(origin_basis=Change.OriginBasis.PERSON) & Q(_declared), then=Value(DECLARED)),
    When(origin_by_policy=True, then=Value(POLICY)),
    When(origin_basis=Change.OriginBasis.DECLARATION, then=Value(DECLARED)),
    default=Value(SAID),
    output_field=CharField(),
)


@dataclass(frozen=True)
class Shares:
    """Shipped changes by what tells their origin."""

    counts: Counter[str]

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def parts(self) -> list[tuple[str, str, int, float | None]]:
        whole = self.total
        return [
            (part, words, self.counts[part], self.counts[part] / whole if whole else None)
            for part, words in PARTS
        ]

    def words(self, month: date) -> str:
        told = ", ".join(f"{words.lower()} {n}" for _, words, n, _ in self.parts if n)
        return f"{month:%b %Y}: {self.total} changes; {told}" if self.total else f"{month:%b %Y}: none"


@dataclass(frozen=True)
class TeamLine:
    """One team's months without a gap; `slug` is empty for all teams together and for work of no team."""

    name: str
    slug: str
    months: tuple[tuple[date, Shares], ...]

    @property
    def whole(self) -> Shares:
        found: Counter[str] = Counter()
        for _, shares in self.months:
            found.update(shares.counts)
        return Shares(found)

    @property
    def chart(self) -> Stacked:
        return stacked(
            [
                (month, [(part, n) for part, _, n, _ in shares.parts], shares.words(month))
                for month, shares in self.months
            ]
        )


@dataclass(frozen=True)
class Recall:
    """`lines`: all together first, then team by team. A change of two teams counts in both of them."""

    scope: Scope
    type: str
    lines: tuple[TeamLine, ...]
    sampled: samples.Line | None

    @property
    def is_empty(self) -> bool:
        return not self.lines or not self.lines[0].whole.total

    @property
    def whole(self) -> Shares:
        return self.lines[0].whole


def recall(scope: Scope, kind: str) -> Recall:
    """As known now; automations without AI help are left out."""
    months = list(months_of(scope.since, scope.until))
    changes = _changes(scope, kind).annotate(told_by=TOLD_BY, place=_place(months))
    lines = [_line("All teams" if not scope.team else scope.team.name, "", changes, months)]
    if not scope.team:
        lines += _teams(changes, months)
    sampled = samples.serving(
        demo=scope.demo,
        start=scope.since,
        end=scope.until,
        team_id=scope.team.pk if scope.team else None,
        repository_id=scope.repository.pk if scope.repository else None,
    )
    return Recall(scope, kind, tuple(lines), sampled)


def _changes(scope: Scope, kind: str) -> ChangeQuerySet:
    found = Change.objects.shipped_between(midnight(scope.since), midnight(scope.until + timedelta(days=1)))
    found = samples.of_data(found, demo=scope.demo)
    if kind != ALL_TYPES:
        found = found.filter(type=kind)
    if scope.repository:
        found = found.filter(repository=scope.repository)
    if scope.team:
        found = found.filter(Exists(_services().filter(service__team=scope.team)))
    return found.exclude(Q(automation=True) & ~Q(origin__in=ASSISTED)).order_by()


def _services() -> Any:
    return Change.services.through.objects.filter(change=OuterRef("pk"))


def months_of(start: date, end: date) -> Iterator[date]:
    month = start.replace(day=1)
    while month <= end:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _place(months: list[date]) -> Func:
    """Which of the months it shipped in, from 1 on: looked up among their first instants."""
    firsts = Value([midnight(month) for month in months], ArrayField(DateTimeField()))
    return Func("shipped_at", firsts, function="width_bucket", output_field=IntegerField())


def _line(name: str, slug: str, changes: Annotated, months: list[date]) -> TeamLine:
    found: dict[date, Counter[str]] = {}
    for row in changes.values("place", "told_by").annotate(n=Count("*")):
        found.setdefault(months[row["place"] - 1], Counter())[row["told_by"]] += row["n"]
    return _of(name, slug, found, months)


def _of(name: str, slug: str, found: dict[date, Counter[str]], months: list[date]) -> TeamLine:
    return TeamLine(name, slug, tuple((month, Shares(found.get(month, Counter()))) for month in months))


def _teams(changes: Annotated, months: list[date]) -> Iterator[TeamLine]:
    rows = (
        changes.filter(services__team__isnull=False)
        .values("services__team__name", "services__team__slug", "place", "told_by")
        .annotate(n=Count("pk", distinct=True))
    )
    found: dict[tuple[str, str], dict[date, Counter[str]]] = {}
    for row in rows:
        team = (row["services__team__name"], row["services__team__slug"])
        counts = found.setdefault(team, {}).setdefault(months[row["place"] - 1], Counter())
        counts[row["told_by"]] += row["n"]
    for name, slug in sorted(found):
        yield _of(name, slug, found[name, slug], months)
    if not found:
        return
    of_none = changes.exclude(Exists(_services().filter(service__team__isnull=False)))
    rest = _line("No team", "", of_none, months)
    if rest.whole.total:
        yield rest
