"""Marking policies: what one would alter before it is stated, and which merged changes broke it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q

from accounts.days import day_of, midnight, organisation_zone
from accounts.models import Role, User
from changes.declared_claims import ORIGIN as DECLARED
from changes.models import (
    Change,
    ChangeQuerySet,
    Decision,
    MarkingPolicy,
    Origin,
    OriginEvidence,
    Prompt,
    Repository,
    Service,
    Strength,
)

ASSISTED = (Origin.ASSISTED, Origin.AUTONOMOUS)
# Of the baselines, which read a year of the code that shipped.
WINDOW = timedelta(days=365)
# What the forge tells of a merge, and the merge commit itself, may be this much younger than the merge.
SLACK = timedelta(minutes=10)
# The days that a policy may begin and end on.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
# Under which `Change.declared` keeps the tellings of its description.
DESCRIPTION = "request"


def may_state(user: User, repository: Repository) -> bool:
    """Curators, and authors of a team that owns one of the repository's services."""
    if user.at_least(Role.CURATOR):
        return True
    owned = Service.objects.filter(repository=repository, team__members=user)
    return user.at_least(Role.AUTHOR) and owned.exists()


def in_effect(repository_id: int, day: date) -> MarkingPolicy | None:
    """The policy that covers what is merged on that day."""
    rows = MarkingPolicy.objects.filter(repository=repository_id, revoked_at=None, since__lte=day)
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=day)).first()


# ---------------------------------------------------------------- before it is stated


@dataclass(frozen=True)
class Moved:
    """Changes by one word: an origin, or an area's name. `manual` of them would become manual."""

    name: str
    now: int
    manual: int

    @property
    def then(self) -> int:
        return self.now - self.manual


@dataclass(frozen=True)
class AreaShare:
    """An area's changes of the last year without a known origin: now, and had the policy covered it."""

    area: str
    changes: int
    unknown: int
    covered: int

    @property
    def now(self) -> float:
        return self.unknown / self.changes

    @property
    def then(self) -> float:
        return (self.unknown - self.covered) / self.changes


@dataclass(frozen=True)
class Effect:
    """What stating a policy from `since` would do to the changes that are here."""

    since: date
    today: date
    changes: int
    manual: int
    origins: tuple[Moved, ...]
    areas: tuple[Moved, ...]
    shares: tuple[AreaShare, ...]


def _landed(repository_id: int) -> ChangeQuerySet:
    return (
        Change.objects.current()
        .filter(repository=repository_id, state__in=(Change.State.MERGED, Change.State.SHIPPED))
        .exclude(merged_at=None)
    )


# Nothing found and nothing said: what a policy's word decides.
UNTOLD = Q(origin=Origin.UNKNOWN, origin_basis=Change.OriginBasis.NONE)


def effect(repository: Repository, since: date, now: datetime) -> Effect:
    covered = _landed(repository.pk).filter(merged_at__gte=midnight(since))
    by_origin = {
        row["origin"]: (row["n"], row["manual"])
        for row in covered.order_by()
        .values("origin")
        .annotate(n=Count("pk"), manual=Count("pk", filter=UNTOLD))
    }
    manual = sum(moved for _, moved in by_origin.values())
    by_area = (
        covered.order_by()
        .values("area__name")
        .annotate(n=Count("pk"), manual=Count("pk", filter=UNTOLD))
        .order_by("-n", "area__name")
    )
    return Effect(
        since=since,
        today=day_of(now),
        changes=sum(n for n, _ in by_origin.values()),
        manual=manual,
        origins=tuple(Moved(one.value, *by_origin.get(one.value, (0, 0))) for one in Origin),
        areas=tuple(Moved(row["area__name"] or "", row["n"], row["manual"]) for row in by_area),
        shares=tuple(_shares(repository, now)),
    )


def _shares(repository: Repository, now: datetime) -> Iterator[AreaShare]:
    """By what counts, as the baselines read it: code of the last year, automations apart."""
    here = Q(repository=repository)
    rows = (
        Change.objects.shipped()
        .filter(type=Change.Type.CODE, shipped_at__gte=now - WINDOW, repository__is_demo=repository.is_demo)
        .exclude(Q(automation=True) & ~Q(origin_counted__in=ASSISTED))
        .order_by()
        .values("area__name")
        .annotate(
            n=Count("pk"),
            unknown=Count("pk", filter=Q(origin_counted=Origin.UNKNOWN)),
            own=Count("pk", filter=here),
            covered=Count("pk", filter=here & UNTOLD & Q(origin_counted=Origin.UNKNOWN)),
        )
        .order_by("-own", "area__name")
    )
    for row in rows:
        if row["own"]:
            yield AreaShare(row["area__name"] or "", row["n"], row["unknown"], row["covered"])


# ---------------------------------------------------------------- which changes broke it


class Why(models.TextChoices):
    UNMARKED = "unmarked", "AI-assisted, and unmarked when it was merged"
    BOTH = "both_ticked", "Both boxes ticked: AI used, and not used"
    UNANSWERED = "unanswered", "The boxes of the template were not answered"


@dataclass(frozen=True)
class Broken:
    """A change that broke the policy; `shown_by` says what told it, `at` when that was said."""

    change: Change
    why: Why
    shown_by: str
    at: datetime | None


@dataclass(frozen=True)
class Check:
    """`asks_boxes`: somebody answered a box under this policy, so that leaving them open means something.

    `unread`: changes whose description nobody told; their boxes were not looked at.
    """

    policy: MarkingPolicy
    covered: int
    broken: tuple[Broken, ...]
    asks_boxes: bool
    unread: int

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        counts = Counter(one.why for one in self.broken)
        return [(str(why.label), counts[why]) for why in Why]


FIELDS = ("pk", "title", "url", "merged_at", "origin", "origin_basis", "automation", "declared", "repository")


def covered_by(policy: MarkingPolicy) -> ChangeQuerySet:
    """What was merged while it was in effect; automations without AI help have nobody to tick a box."""
    rows = _landed(policy.repository_id).filter(merged_at__gte=midnight(policy.since))
    if policy.ended_on:
        rows = rows.filter(merged_at__lt=midnight(policy.ended_on))
    if policy.revoked_at:
        rows = rows.filter(merged_at__lt=policy.revoked_at)
    return rows.exclude(Q(automation=True) & ~Q(origin__in=ASSISTED))


def check(policy: MarkingPolicy) -> Check:
    changes = list(covered_by(policy).only(*FIELDS).order_by("-merged_at", "-pk"))
    marks = Marks.of(changes)
    asks = asks_boxes(policy)
    broken = [one for change in changes if (one := breach(change, marks, asks)) is not None]
    unread = sum(not _tellings(change) and not marks.at_merge(change) for change in changes) if asks else 0
    return Check(policy, len(changes), tuple(broken), asks, unread)


def asks_boxes(policy: MarkingPolicy) -> bool:
    """Whether the template is in use: without one, open boxes are no answer that was left out."""
    return OriginEvidence.objects.filter(change__in=covered_by(policy), rule_key=DECLARED).exists()


@dataclass(frozen=True)
class Marks:
    """What told of AI help, by change, with when it was said (None: not known); the earliest first."""

    evidence: Mapping[int, Sequence[OriginEvidence]]
    said: Mapping[int, Sequence[Decision]]

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Marks:
        ids = [one.pk for one in changes]
        strong = OriginEvidence.objects.filter(
            change__in=ids, strength=Strength.STRONG, is_automation=False
        ).exclude(origin__in=["", Origin.UNKNOWN])
        decided = Decision.objects.filter(
            change__in=ids, withdrawn_at=None, verdict=Decision.Verdict.CONFIRMED
        ).exclude(origin=Origin.UNKNOWN)
        evidence: dict[int, list[OriginEvidence]] = defaultdict(list)
        for piece in strong.order_by("said_at", "pk"):
            evidence[piece.change_id].append(piece)
        said: dict[int, list[Decision]] = defaultdict(list)
        for decision in decided.select_related("kind").order_by("said_at", "pk"):
            said[decision.change_id].append(decision)
        return cls(evidence, said)

    def at_merge(self, change: Change) -> bool:
        """Whether anything had told its origin by then; a marker without a time is taken as there."""
        limit = _limit(change)
        told = [one.said_at for one in self.evidence.get(change.pk, ())]
        told += [one.said_at for one in self.said.get(change.pk, ())]
        return any(limit is None or at is None or at <= limit for at in told)

    def marked_at_merge(self, change: Change) -> bool:
        """Whether AI help had been told by then."""
        limit = _limit(change)
        told = [one.said_at for one in self.evidence.get(change.pk, ()) if one.origin in ASSISTED]
        told += [one.said_at for one in self.said.get(change.pk, ()) if _says_ai(one)]
        return any(limit is None or at is None or at <= limit for at in told)

    def afterwards(self, change: Change) -> tuple[str, datetime | None]:
        """What showed it first, in words."""
        for decision in self.said.get(change.pk, ()):
            if _says_ai(decision):
                words = f"a person's word: {Prompt(decision.prompted_by).label.lower()}"
                return words, decision.said_at
        for piece in self.evidence.get(change.pk, ()):
            if piece.origin in ASSISTED:
                return f"{piece.get_place_display().lower()}: {piece.excerpt}", piece.said_at
        return "a person's word", change.origin_said_at


def _says_ai(decision: Decision) -> bool:
    return decision.origin in ASSISTED or decision.kind_id is not None


def _limit(change: Change) -> datetime | None:
    return change.merged_at + SLACK if change.merged_at else None


def breach(change: Change, marks: Marks, asks_boxes: bool) -> Broken | None:
    """How this change breaks the policy; for an open one, how it would if it were merged as it stands."""
    if change.is_assisted and not marks.marked_at_merge(change):
        return Broken(change, Why.UNMARKED, *marks.afterwards(change))
    if not asks_boxes or marks.at_merge(change):
        return None
    if (telling := _at_merge(change)) is None:
        return None
    at, said = telling
    if any("both are ticked" in excerpt for _, excerpt in said):
        return Broken(change, Why.BOTH, "its description", at)
    if any(rule == DECLARED for rule, _ in said):
        return None
    return Broken(change, Why.UNANSWERED, "its description", at)


def _tellings(change: Change) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (change.declared or {}).get(DESCRIPTION, {})
    return found


def _at_merge(change: Change) -> tuple[datetime, list[list[str]]] | None:
    """The description as it stood at the merge: when it was told, and what it declared."""
    limit = _limit(change)
    told = sorted(
        (datetime.fromtimestamp(int(at) / 1e6, organisation_zone()), one) for at, one in _by_time(change)
    )
    if not told:
        return None
    before = [one for one in told if limit is None or one[0] <= limit]
    at, telling = before[-1] if before else told[0]
    return at, telling["said"]


def _by_time(change: Change) -> list[tuple[str, Any]]:
    return list(_tellings(change).items())


# ---------------------------------------------------------------- one change, for a CI


@dataclass(frozen=True)
class Kept:
    """Whether one change keeps the policy of its repository; `keeps` None where no policy covers it."""

    change: Change
    policy: MarkingPolicy | None
    keeps: bool | None
    reason: str


def kept(change: Change, now: datetime) -> Kept:
    """A merged change by the policy of its day; an open one by today's, as it stands."""
    day = day_of(change.merged_at or now)
    policy = in_effect(change.repository_id, day)
    if policy is None:
        return Kept(change, None, None, "No marking policy is in effect for it.")
    if change.automation and not change.is_assisted:
        return Kept(change, policy, True, "An automation without AI help: there is nothing to mark.")
    marks = Marks.of([change])
    broken = breach(change, marks, asks_boxes(policy))
    if broken is not None:
        return Kept(change, policy, False, f"{broken.why.label} (shown by {broken.shown_by}).")
    if marks.marked_at_merge(change):
        return Kept(change, policy, True, "It is marked as AI-assisted.")
    if marks.at_merge(change):
        return Kept(change, policy, True, "It says that no AI was used.")
    return Kept(change, policy, True, "Nothing shows AI help that was not marked.")


def named(repository: Repository, number: str = "", sha: str = "") -> list[Change]:
    """The changes that go by this number or this commit (seven characters or more); one, if it is known."""
    space, value = ("number", number.removeprefix("#")) if number else ("sha", sha.lower())
    lookup = "value" if number else "value__startswith"
    rows = Change.objects.current().filter(
        pk__in=repository.changes.filter(
            **{"identities__space": space, f"identities__{lookup}": value}
        ).values("pk")
    )
    return list(rows[:2])
