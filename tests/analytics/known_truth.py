"""A year of an organisation whose truth is known: what was planted, and nothing else, differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from accounts.models import Role, User
from changes.facts import ChangeFact, DeclaredKind, FileFact
from changes.models import AreaRule, AssistanceKind, Change, Repository
from changes.services import origin, taxonomy
from changes.services.recording import record_changes
from incidents.models import Incident
from incidents.services import causes, incidents
from tests import make
from tests.analytics import histories

BEGIN = datetime(2025, 1, 6, 18, tzinfo=UTC)  # a Monday evening
WEEK = timedelta(weeks=1)
AREAS = ("payments", "search", "identity")
GENERATION, TESTS, REFACTORING, REWRITING = "generation", "unit-tests", "reshaping", "rewriting"
KINDS = (GENERATION, TESTS, REFACTORING, REWRITING)
# Of a hundred changes; the rest is manual.
SHARES = {GENERATION: 30, TESTS: 20, REFACTORING: 8, REWRITING: 4, "unknown": 6, "manual": 32}
PLANTED = {(GENERATION, "payments"): 5.0, **{(TESTS, area): 0.04 for area in AREAS}}


@dataclass
class Fact:
    """What is true of a change, whoever says so and when."""

    number: int
    area: str
    help: str
    shipped_at: datetime
    fails_at: datetime | None = None
    is_declared: bool = True
    file: str = ""
    row: Change | None = None
    incident: Incident | None = None


@dataclass
class Year:
    """Week after week: what shipped, what broke, what people said of both, through the services alone.

    `says_more`: origin and kind of failed changes are said three times as often, in the postmortem.
    """

    seed: int = 11
    a_week: int = 40
    rate: float = 0.05
    planted: dict[tuple[str, str], float] = field(default_factory=lambda: dict(PLANTED))
    declares: float = 0.8
    says_more: bool = False

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.by: User = make.user(Role.CURATOR)
        self.repository: Repository = histories.repository(merged_is_shipped=True)
        self.kinds = {slug: histories.kind(slug) for slug in KINDS}
        for position, slug in enumerate(AREAS):
            AreaRule.objects.create(
                repository=self.repository, glob=f"{slug}/**", area=histories.area(slug), position=position
            )
        self.number = 0
        self.facts: list[Fact] = []
        self.seen: list[tuple[datetime, Fact]] = []

    def week(self, now: datetime) -> None:
        """All that is told, said and found out up to `now`; call it with the clock at `now`."""
        shipped = [self._ship(now) for _ in range(self.a_week)]
        rows = record_changes(repository=self.repository, facts=[self._told(one) for one in shipped])
        by_number = {row.title: row for row in rows}
        for one in shipped:
            one.row = by_number[f"Change {one.number}"]
            self._say_early(one, now)
        self.facts += shipped
        for one in self.facts:
            if one.fails_at and one.fails_at <= now and one.incident is None:
                self._break(one, now)
        self._find_out(now)
        self._tell_late(now)

    def _ship(self, now: datetime) -> Fact:
        random = self.random
        help_, area = random.choices(list(SHARES), list(SHARES.values()))[0], random.choice(AREAS)
        shipped = now - timedelta(days=random.uniform(0.1, 6.9))
        chance = self.rate * self.planted.get((help_, area), 1.0)
        fails = shipped + timedelta(days=random.uniform(0.2, 18)) if random.random() < chance else None
        is_declared = random.random() < self.declares
        self.number += 1
        file = f"{area}/{random.randrange(1000)}.py"
        return Fact(self.number, area, help_, shipped, fails, is_declared, file)

    def _told(self, one: Fact) -> ChangeFact:
        is_help = one.help in KINDS
        origin_told = "assisted" if is_help else "manual" if one.help == "manual" else ""
        size = (20, 120, 400)[one.number % 3]
        return ChangeFact(
            told_at=one.shipped_at, number=str(one.number), state="merged", title=f"Change {one.number}",
            merged_at=one.shipped_at, files=(FileFact(one.file, size, 3),),
            shas=(("merge", f"{one.number:040x}"),),
            declared_origin=origin_told if one.is_declared else "",
            declared_kinds=(DeclaredKind(one.help),) if is_help and one.is_declared else (),
        )  # fmt: skip

    def _say_early(self, one: Fact, now: datetime) -> None:
        """Some of what no sender declared is said from the queue, before anything is known of it."""
        is_well = one.fails_at is None or one.fails_at > now
        if not one.is_declared and is_well and self.random.random() < self._said_share():
            self._say(one, "queue", now)

    def _said_share(self) -> float:
        return 0.25 if self.says_more else 0.5

    def _say(self, one: Fact, prompt: str, now: datetime) -> None:
        assert one.row
        if one.help in KINDS:
            kind = AssistanceKind.objects.get(slug=one.help)
            origin.say_kind(change_id=one.row.pk, kind=kind, by=self.by, prompted_by=prompt, now=now)
        elif one.help == "manual":
            origin.say_origin(change_id=one.row.pk, origin="manual", by=self.by, prompted_by=prompt, now=now)

    def _break(self, one: Fact, now: datetime) -> None:
        assert one.row
        assert one.fails_at
        one.incident = incidents.open_incident(
            title=f"Outage of {one.area} {one.number}", now=now,
            facts={"impact_started_at": one.fails_at, "reported_at": now},
        )  # fmt: skip
        self._name(one.incident, one.row, "suspected", now)
        others = [fact for fact in self.facts[-60:] if fact.area == one.area and fact is not one and fact.row]
        if others and self.random.random() < 0.3:
            decoy = self.random.choice(others)
            assert decoy.row
            self._name(one.incident, decoy.row, "suspected", now)
            self.seen.append(
                (now + 2 * WEEK, Fact(0, "", "decoy", now, row=decoy.row, incident=one.incident))
            )
        self.seen.append((now + self.random.choice([1, 1, 2, 3]) * WEEK, one))

    def _find_out(self, now: datetime) -> None:
        """Suspicions are confirmed or ruled out after a while; the postmortem asks for origin and kind."""
        due = [one for at, one in self.seen if at <= now]
        self.seen = [(at, one) for at, one in self.seen if at > now]
        for one in due:
            assert one.incident
            assert one.row
            status = "ruled_out" if one.help == "decoy" else "confirmed"
            self._name(one.incident, one.row, status, now)
            said = 3 * self._said_share() if self.says_more else 0.4
            if status == "confirmed" and not one.is_declared and self.random.random() < said:
                self._say(one, "postmortem", now)

    def _name(self, incident: Incident, change: Change, status: str, now: datetime) -> None:
        causes.name_cause(incident_id=incident.pk, change_id=change.pk, status=status, by=self.by, now=now)

    def _tell_late(self, now: datetime) -> None:
        """A few words come late; half-way through, one kind turns out to be another."""
        old = [one for one in self.facts if now - one.shipped_at > 5 * WEEK and one.fails_at is None]
        for one in self.random.sample(old, min(2, len(old))):
            if not one.is_declared:
                self._say(one, "sample", now)
        rewriting = self.kinds[REWRITING]
        if now >= BEGIN + 26 * WEEK and rewriting.merged_into_id is None:
            rewriting.refresh_from_db()
            into = self.kinds[REFACTORING]
            taxonomy.merge_terms(term=rewriting, into=into, by=self.by, now=now)


def evenings(weeks: int) -> Iterator[datetime]:
    return (BEGIN + number * WEEK for number in range(1, weeks + 1))
