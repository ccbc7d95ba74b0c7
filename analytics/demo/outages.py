"""What broke: which changes failed, when, what was seen of it, and how it was put right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log, prod
from random import Random

from analytics.demo import words
from analytics.demo.cast import DAYS, FULL, PARTS, PLANTED, Part
from analytics.demo.minor import Minors
from analytics.demo.mishaps import CAUSED_BY, MISHAPS, OUTSIDE, Mishap
from analytics.demo.rollouts import Rollout, urgent
from analytics.demo.stories import STORIES, Story
from analytics.demo.work import Word, Work

BY_CHANGES = 0.9  # of the incidents
SIZE_HAZARD = ((50, 0.7), (200, 1.1), (10**9, 1.7))


@dataclass(eq=False)
class Outage:
    part: Part
    mishap: Mishap
    title: str
    began_at: datetime
    detected_at: datetime
    acknowledged_at: datetime
    mitigated_at: datetime | None
    resolved_at: datetime | None
    severity: int | None
    causes: list[Work] = field(default_factory=list)
    confirmed: list[Work] = field(default_factory=list)
    ruled_out: list[Work] = field(default_factory=list)
    fixes: list[Work] = field(default_factory=list)
    answer: str = "open"
    closing_reason: str = "resolved"
    status: str = "closed"
    story: Story | None = None
    knows_beginning: bool = True
    is_restricted: bool = False
    postmortem: str = "not_started"

    @property
    def is_written(self) -> bool:
        return self.postmortem not in {"not_started", "not_required"}

    @property
    def known_beginning(self) -> datetime:
        return self.began_at if self.knows_beginning else self.detected_at


def hazard(work: Work, as_of: datetime) -> float:
    """How likely this change fails, relative to others: by part, by size, and by what is planted."""
    size = next(weight for limit, weight in SIZE_HAZARD if work.lines <= limit)
    age = (as_of - work.opened_at) / timedelta(days=1)
    return work.part.hazard * size * prod(one.of(work.kinds, work.part.area, age) for one in PLANTED)


def break_things(
    random: Random, as_of: datetime, works: list[Work], count: int
) -> tuple[list[Outage], list[Work], list[Rollout]]:
    """`count` incidents, the changes that repaired them, and the roll-outs of those."""
    deck, minors = Deck(random), Minors(random)
    failing = _failing(random, as_of, works, count)
    in_full = _in_full(random, as_of, failing)
    found = [
        _by_change(random, deck if id(work) in in_full else minors, work, began) for work, began in failing
    ]
    for outage in found:
        _second_cause(random, as_of, outage, works)
    for _ in range(count - len(found)):
        found.append(_by_nobody(random, minors, as_of))
    found.sort(key=lambda outage: outage.began_at)
    _keep_some_open(found, as_of)
    _tell_stories(found, as_of)
    for outage in found:
        outage.postmortem = _postmortem(random, outage, as_of)
    _confirm(random, found)
    repairs, rollouts = _repair(random, as_of, found)
    for outage in found:
        _say_afterwards(random, outage, as_of)
    _restrict(found)
    return found, repairs, rollouts


def _failing(random: Random, as_of: datetime, works: list[Work], count: int) -> list[tuple[Work, datetime]]:
    """Drawn by hazard without replacement: the smallest of u^(1/w) in logarithms."""
    keyed = []
    for work in works:
        if work.shipped_at is None or work.is_bot:
            continue
        key = log(1 - random.random()) / hazard(work, as_of)
        delay = timedelta(minutes=12 + min(random.expovariate(1 / 1900), 36000))
        if work.shipped_at + delay < as_of - timedelta(hours=6):
            keyed.append((key, work, work.shipped_at + delay))
    keyed.sort(key=lambda one: -one[0])
    chosen = keyed[: round(count * BY_CHANGES)]
    return [(work, began) for _, work, began in chosen]


def _in_full(random: Random, as_of: datetime, failing: list[tuple[Work, datetime]]) -> set[int]:
    """Whose incident is told in full: each mishap of an area at least once, where so many changes failed."""
    by_area: dict[str, list[Work]] = defaultdict(list)
    for work, began in failing:
        if as_of - began > timedelta(days=25) and work.type == "code":
            by_area[work.part.area].append(work)
    first = [one for area, works in by_area.items() for one in works[: len(MISHAPS[area])]]
    others = [one for area, works in by_area.items() for one in works[len(MISHAPS[area]) :]]
    more = max(0, min(FULL - len(first), len(others)))
    return {id(one) for one in [*first, *random.sample(others, more)]}


class Deck:
    """Mishaps of an area in a shuffled round, so that each of them happens."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: dict[str, list[Mishap]] = {}

    def draw(self, area: str) -> Mishap:
        if not self._left.get(area):
            self._left[area] = self._random.sample(MISHAPS[area], len(MISHAPS[area]))
        return self._left[area].pop()


def _by_change(random: Random, deck: Deck | Minors, work: Work, began: datetime) -> Outage:
    outage = _outage(random, work.part, deck.draw(work.part.area), began)
    outage.causes, outage.answer = [work], "changes"
    _suit(random, work, outage.mishap)
    return outage


def _suit(random: Random, work: Work, mishap: Mishap) -> None:
    """The change that caused it is called, and lies, where such a thing would."""
    if not mishap.slug:
        return
    work.title = words.fill(random, CAUSED_BY[mishap.slug], work.part.area)
    if mishap.glob and work.type == "code":
        ending = words.FOLDERS[work.part.area][2]
        work.paths = [mishap.glob.replace("**", f"{random.choice(words.FILES)}.{ending}"), *work.paths[:3]]


def _second_cause(random: Random, as_of: datetime, outage: Outage, works: list[Work]) -> None:
    """Now and then another change of the service had a hand in it; others are looked at and ruled out."""
    if random.random() > 0.35:
        return
    near = [
        work
        for work in works
        if work.part is outage.part
        and work not in outage.causes
        and not work.is_bot
        and work.shipped_at
        and timedelta(0) < outage.began_at - work.shipped_at < timedelta(days=6)
    ]
    if not near:
        return
    [other] = random.choices(near, [hazard(work, as_of) for work in near])
    if random.random() < 0.35:
        outage.causes.append(other)
    else:
        outage.ruled_out.append(other)


def _by_nobody(random: Random, minors: Minors, as_of: datetime) -> Outage:
    part = random.choices(PARTS, [part.share for part in PARTS])[0]
    began = as_of - timedelta(days=random.uniform(0.5, DAYS - 8))
    drawn = random.random()
    is_outside = drawn < 0.6
    if drawn < 0.02:
        mishap = random.choice(OUTSIDE[part.area])
    else:
        mishap = minors.draw(part.area, is_outside=is_outside)
    outage = _outage(random, part, mishap, began)
    outage.answer = "no_change" if is_outside else "not_determined"
    if drawn > 0.85:
        outage.closing_reason = random.choice(["false_alarm", "test", "cancelled"])
        outage.answer = "open"
    return outage


def _outage(random: Random, part: Part, mishap: Mishap, began: datetime) -> Outage:
    began = began.replace(microsecond=0)
    detected = began + timedelta(minutes=1 + random.expovariate(1 / 22))
    acknowledged = detected + timedelta(minutes=1 + random.expovariate(1 / 7))
    mitigated = acknowledged + timedelta(minutes=6 + random.lognormvariate(3.5, 0.8))
    resolved = mitigated + timedelta(minutes=10 + random.lognormvariate(3.9, 1.0))
    severity = random.choices([1, 2, 3, 4, None], [6, 22, 44, 25, 3])[0]
    title = words.fill(random, mishap.title, part.area)
    return Outage(
        part=part,
        mishap=mishap,
        title=title,
        began_at=began,
        detected_at=detected.replace(microsecond=0),
        acknowledged_at=acknowledged.replace(microsecond=0),
        mitigated_at=mitigated.replace(microsecond=0),
        resolved_at=resolved.replace(microsecond=0),
        severity=severity,
        knows_beginning=random.random() > 0.05,
    )


def _keep_some_open(found: list[Outage], as_of: datetime) -> None:
    """The youngest are still going on; nothing lies in the future."""
    for outage in found:
        if outage.resolved_at and outage.resolved_at > as_of - timedelta(minutes=20):
            outage.resolved_at, outage.status = None, "mitigated"
        if outage.mitigated_at and outage.mitigated_at > as_of - timedelta(minutes=20):
            outage.mitigated_at, outage.status = None, "investigating"
    ours = [outage for outage in found if outage.closing_reason == "resolved"]
    for outage, status in zip(reversed(ours), ("investigating", "mitigated", "resolved"), strict=False):
        outage.status = status
        if status != "resolved":
            outage.resolved_at = None
        if status == "investigating":
            outage.mitigated_at, outage.answer, outage.severity = None, "open", 2
            outage.causes = []


def _tell_stories(found: list[Outage], as_of: datetime) -> None:
    """The latest settled incident of each kind that has a story gets it, with the story's own times."""
    told = set()
    for outage in reversed(found):
        slug = outage.mishap.slug
        story = STORIES.get(slug)
        settled = outage.causes and outage.status == "closed" and outage.closing_reason == "resolved"
        if story is None or slug in told or not settled or as_of - outage.began_at < timedelta(days=16):
            continue
        told.add(slug)
        outage.story, outage.severity, outage.knows_beginning = story, 1 + len(told) % 2, True
        seen = next(at for at, kind, _, _ in story.moments if kind in {"detection", "alert"})
        ended = next(at for at, kind, _, _ in story.moments if kind == "mitigation")
        outage.detected_at = outage.began_at + timedelta(minutes=seen)
        outage.acknowledged_at = outage.detected_at + timedelta(minutes=4)
        outage.mitigated_at = outage.began_at + timedelta(minutes=ended)
        outage.resolved_at = outage.mitigated_at + timedelta(minutes=35)


def _postmortem(random: Random, outage: Outage, as_of: datetime) -> str:
    """How far it got: the older and the worse, the further."""
    age = (as_of - outage.began_at) / timedelta(days=1)
    if outage.closing_reason != "resolved":
        return "not_required"
    if outage.story:
        return "published"
    if age < 7 or outage.status != "closed":
        return "draft" if age > 2.5 and outage.causes else "not_started"
    if age < 21:
        return random.choice(["in_review", "draft", "changes_requested", "approved"])
    if outage.mishap.slug:
        return "published"
    if (outage.severity or 4) >= 3 and random.random() < 0.8:
        return "not_required"
    state = random.choices(["published", "draft", "not_started"], [92, 5, 3])[0]
    return "published" if state == "draft" and age > 120 else state


def _confirm(random: Random, found: list[Outage]) -> None:
    """Most suspicions are confirmed, in some parts fewer; only those make a change one that failed."""
    for outage in found:
        for work in outage.causes:
            settled = outage.is_written or outage.postmortem == "not_required"
            if outage.story or (settled and random.random() < outage.part.confirms):
                outage.confirmed.append(work)
                began = outage.known_beginning
                work.first_incident_at = min(work.first_incident_at or began, began)


def _repair(random: Random, as_of: datetime, found: list[Outage]) -> tuple[list[Work], list[Rollout]]:
    works, rollouts = [], []
    for outage in found:
        if not outage.causes or outage.mitigated_at is None or random.random() < 0.25:
            continue
        cause = outage.causes[0]
        if random.random() < 0.4 and cause.undone_at is None:
            repair = revert(outage.mitigated_at - timedelta(minutes=9), cause)
            kind = "rollback"
        else:
            merged = outage.mitigated_at + timedelta(hours=random.expovariate(1 / 14))
            if merged > as_of - timedelta(hours=3):
                continue
            repair = _fix(random, outage, merged)
            kind = "hotfix"
        outage.fixes.append(repair)
        works.append(repair)
        rollouts.append(urgent(random, repair, kind))
    return works, rollouts


def revert(at: datetime, undone: Work) -> Work:
    work = Work(undone.part, f'Revert "{undone.title}"'[:300], at - timedelta(minutes=6), at, state="merged")
    work.additions, work.deletions = undone.deletions, undone.additions
    work.paths, work.closed_at, work.is_urgent, work.reverts = undone.paths, at, True, undone
    work.type = undone.type
    undone.undone_at, undone.undone_by = at, work
    return work


def _fix(random: Random, outage: Outage, merged: datetime) -> Work:
    title = outage.mishap.fix or outage.mishap.lesson.rstrip(".") or f"Repair {outage.title.lower()}"
    work = Work(outage.part, title[:300], merged - timedelta(minutes=50), merged, state="merged")
    work.body = f"Repairs: {outage.title}."
    work.additions, work.deletions = random.randint(3, 70), random.randint(1, 20)
    work.paths, work.closed_at, work.is_urgent = outage.causes[0].paths, merged, True
    if random.random() < 0.5:
        work.body += "\n\n- [x] No AI was used"
    return work


def _say_afterwards(random: Random, outage: Outage, as_of: datetime) -> None:
    """In the postmortem people are asked again; their answers are kept, and enter no rate."""
    if outage.resolved_at is None:
        return
    at = outage.resolved_at + timedelta(days=random.uniform(1, 6))
    if at > as_of:
        return
    for work in outage.causes:
        if work.kinds or work.is_bot or random.random() > 0.4:
            continue
        is_marked = "Co-authored-by" in work.body or work.author is not None
        if is_marked or random.random() < 0.5:
            work.said.append(
                Word("postmortem", at, kind="code-generation", reason="Asked in the postmortem.")
            )
        elif "No AI" not in work.body and not work.said:
            work.said.append(Word("postmortem", at, origin="manual", reason="Asked in the postmortem."))


def _restrict(found: list[Outage]) -> None:
    """Two that only the people named may see: the latest attack, and an early breach by a change of ours."""
    attacks = [outage for outage in found if outage.mishap.slug == "leaked-passwords"]
    private = {"permission-cache", "consent-default", "early-deletion"}
    breaches = [outage for outage in found if outage.mishap.slug in private and not outage.story]
    others = [outage for outage in found if not outage.story]
    for outage in (attacks or others)[-1:] + (breaches or others)[:1]:
        outage.is_restricted = True
