"""Sampled checks: what lots are drawn from, what was said of the drawn, and what follows for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.days import midnight
from accounts.models import Team
from analytics.models import Sample, SampledChange
from analytics.queries.figures import ASSISTED
from analytics.stats.sampling import AI, CANNOT_SAY, NO_AI, Estimate, Known, answers, estimate
from changes.models import Change, ChangeQuerySet, Origin, OriginEvidence, Repository, Strength
from changes.rule_book import DECLARATION

# Fewer answers than these say next to nothing of recall, so no comparison rests on them.
FEWEST_ANSWERS = 10
MOST_DRAWN = 500

_markers = OriginEvidence.objects.filter(
    change=OuterRef("pk"), strength=Strength.STRONG, is_automation=False, origin__in=ASSISTED
)
_marker = Exists(_markers.exclude(place=DECLARATION))
_declared = Exists(_markers.filter(place=DECLARATION))

# Each shipped change stands in exactly one of these, by what tells its origin.
MARKED, DECLARED, SAID, MANUAL, BY_POLICY, UNKNOWN = (
    "marked", "declared", "said", "manual", "by_policy", "unknown",
)  # fmt: skip
PLACES = (MARKED, DECLARED, SAID, MANUAL, BY_POLICY, UNKNOWN)
STANDS = Case(
    When(Q(origin__in=ASSISTED) & Q(_marker), then=Value(MARKED)),
    When(Q(origin__in=ASSISTED) & Q(_declared), then=Value(DECLARED)),
    When(origin__in=ASSISTED, then=Value(SAID)),
    When(origin=Origin.MANUAL, origin_by_policy=True, then=Value(BY_POLICY)),
    When(origin=Origin.MANUAL, then=Value(MANUAL)),
    default=Value(UNKNOWN),
    output_field=CharField(),
)
# What nobody told: the lots are drawn from these, so that a policy's word is checked as well.
UNTOLD = (UNKNOWN, BY_POLICY)


@dataclass(frozen=True)
class Scope:
    """What a sample is drawn from, automations left out: code that shipped in [since, until]."""

    since: date
    until: date
    demo: bool
    team: Team | None = None
    repository: Repository | None = None

    def changes(self) -> QuerySet[Change]:
        found = Change.objects.shipped_between(
            midnight(self.since), midnight(self.until + timedelta(days=1))
        ).filter(type=Change.Type.CODE)
        found = of_data(found, demo=self.demo)
        found = found.exclude(Q(automation=True) & ~Q(origin__in=ASSISTED))
        if self.repository:
            found = found.filter(repository=self.repository)
        if self.team:
            through = Change.services.through.objects.filter(service__team=self.team)
            found = found.filter(Exists(through.filter(change=OuterRef("pk"))))
        return found

    def counts(self) -> dict[str, int]:
        """How many stand where, without their ids."""
        found = self.changes().order_by().annotate(stands=STANDS).values_list("stands").annotate(n=Count("*"))
        return {**dict.fromkeys(PLACES, 0), **dict(found)}

    def stand(self) -> dict[str, list[int]]:
        """The changes by what tells their origin, each list rising."""
        found: dict[str, list[int]] = {}
        rows = self.changes().annotate(stands=STANDS).order_by("pk").values_list("stands", "pk")
        for stands, pk in rows:
            found.setdefault(stands, []).append(pk)
        return found


def counts(stand: Mapping[str, Sequence[int]]) -> dict[str, int]:
    return {name: len(stand.get(name, ())) for name in PLACES}


def of_data(changes: ChangeQuerySet, *, demo: bool) -> ChangeQuerySet:
    """Real changes or those of the demonstration. Its repositories are few or none: nothing is joined."""
    others = list(Repository.objects.exclude(is_demo=demo).values_list("pk", flat=True))
    return changes.exclude(repository__in=others) if others else changes


def known_of(sample: Sample) -> Known:
    told: Mapping[str, Any] = sample.known
    return Known(
        marked=told.get(MARKED, 0),
        declared=told.get(DECLARED, 0),
        said=told.get(SAID, 0),
        manual=told.get(MANUAL, 0),
        population=sample.population,
    )


def answer_of(drawn: SampledChange) -> str | None:
    """What was said of it here, failing that what is known of it by now; a withdrawn word is none."""
    decision = drawn.decision
    if decision is not None and decision.withdrawn_at is None:
        return AI if decision.origin in ASSISTED else NO_AI
    if drawn.cannot_say:
        return CANNOT_SAY
    change = drawn.change
    if change.is_assisted:
        return AI
    return NO_AI if change.origin == Origin.MANUAL and not change.origin_by_policy else None


def estimate_of(sample: Sample, drawn: Iterable[SampledChange]) -> Estimate:
    return estimate(known_of(sample), answers(answer_of(one) for one in drawn))


def drawn_of(sample: Sample) -> QuerySet[SampledChange]:
    return sample.drawn.select_related("decision", "change", "change__repository").order_by("position")


@dataclass(frozen=True)
class Line:
    """A sample as lists show it; `answered` counts what nobody could say as well."""

    sample: Sample
    estimate: Estimate
    drawn: int
    answered: int

    @property
    def serves(self) -> bool:
        """Whether enough was said for a comparison to rest on it."""
        said = self.estimate.answers
        return said.assisted + said.manual >= FEWEST_ANSWERS


def line_of(sample: Sample, drawn: Sequence[SampledChange] | None = None) -> Line:
    drawn = list(drawn_of(sample)) if drawn is None else drawn
    answered = sum(answer_of(one) is not None for one in drawn)
    return Line(sample, estimate_of(sample, drawn), len(drawn), answered)


def samples(demo: bool) -> QuerySet[Sample]:
    """The newest first; one whose changes are demonstration data is shown with such data only."""
    of_demo = SampledChange.objects.filter(sample=OuterRef("pk"), change__repository__is_demo=True)
    rows = Sample.objects.select_related("team", "repository", "drawn_by")
    return rows.filter(Exists(of_demo)) if demo else rows.exclude(Exists(of_demo))


def lines(found: QuerySet[Sample]) -> list[Line]:
    """With three queries, whatever their number."""
    rows = found.prefetch_related("drawn__decision", "drawn__change")
    return [line_of(sample, sorted(sample.drawn.all(), key=lambda one: one.position)) for sample in rows]


def serving(
    *, demo: bool, start: date, end: date, team_id: int | None, repository_id: int | None
) -> Line | None:
    """The newest sample that a figure of this window and place may rest on: of the place itself, else of all.

    One of another team or repository says nothing here.
    """
    meets = samples(demo).filter(since__lte=end, until__gte=start)
    places = [Q(team=None, repository=None)]
    if repository_id:
        places.insert(0, Q(team=None, repository=repository_id))
    if team_id:
        places.insert(0, Q(team=team_id, repository=None))
    for place in places:
        for line in lines(meets.filter(place).order_by("-drawn_at")[:5]):
            if line.serves:
                return line
    return None


def open_ones(
    drawn: Iterable[SampledChange], at: int | None = None, after: int | None = None
) -> list[SampledChange]:
    """What is open, in the order of the lots, turned so that it begins at one or behind another."""
    rows = list(drawn)
    line = [one for one in rows if answer_of(one) is None]
    here = next((one.position for one in rows if one.pk == (at or after)), -1)
    first = [one for one in line if one.position > here or (one.pk == at and at is not None)]
    return first + [one for one in line if one not in first]


def answered_since(sample: Sample, user_id: int, since: datetime) -> list[SampledChange]:
    """What this person said here, the newest first; "cannot say" is nobody's in particular."""
    rows = sample.drawn.filter(decision__said_by=user_id, decision__withdrawn_at=None, answered_at__gte=since)
    return list(rows.select_related("decision", "change").order_by("-answered_at", "-pk")[:20])


def by_answer(drawn: Iterable[SampledChange]) -> Counter[str]:
    return Counter(answer_of(one) or "open" for one in drawn)
