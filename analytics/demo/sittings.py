"""What was asked in postmortems: of the change that failed, and of two like it that did not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from analytics.demo.outages import Outage
from analytics.demo.work import Word, Work

OLD_ENOUGH = timedelta(days=30)
CANNOT_SAY, PASSED_OVER = 0.1, 0.05
REASON = "Asked as a control in a postmortem."
Place = tuple[str, str, date]


@dataclass
class Answer:
    """`origin` is empty for one that was passed over."""

    work: Work
    origin: str
    kinds: list[str]


@dataclass
class Sitting:
    outage: Outage
    cause: Work
    at: datetime
    pool: int
    answers: list[Answer] = field(default_factory=list)


def hold(random: Random, as_of: datetime, works: list[Work], outages: list[Outage]) -> list[Sitting]:
    """One for each confirmed change of a written postmortem; what is said there is kept with the works."""
    places: defaultdict[Place, list[Work]] = defaultdict(list)
    for work in works:
        if _could_be_drawn(work):
            places[_place(work)].append(work)
    found = []
    for outage in outages:
        for cause in outage.confirmed if outage.is_written else ():
            if cause.shipped_at and cause.type == "code" and not cause.is_bot:
                sitting = _sitting(random, as_of, outage, cause, places[_place(cause)])
                if sitting:
                    found.append(sitting)
    return found


def _could_be_drawn(work: Work) -> bool:
    settled = work.shipped_at is not None and work.failed_at is None
    return settled and work.type == "code" and not work.is_bot and not work.was_suspected


def _place(work: Work) -> Place:
    shipped = (work.shipped_at or work.opened_at).date()
    size = "unknown" if not work.size_known else _band(work.lines)
    return work.part.area, size, date(shipped.year, (shipped.month - 1) // 3 * 3 + 1, 1)


def _band(lines: int) -> str:
    return "small" if lines <= 50 else "medium" if lines <= 200 else "large"


def _sitting(
    random: Random, as_of: datetime, outage: Outage, cause: Work, alike: list[Work]
) -> Sitting | None:
    over = outage.resolved_at or outage.mitigated_at or outage.detected_at
    at = min(over + timedelta(days=random.uniform(1, 40)), as_of - timedelta(hours=1))
    if at <= over:
        return None
    _say(cause, "postmortem", at, _true_origin(cause), cause.helped)
    old = [work for work in alike if work.shipped_at and work.shipped_at.date() <= (at - OLD_ENOUGH).date()]
    sitting = Sitting(outage, cause, at, len(old))
    for work in random.sample(old, min(2, len(old))):
        sitting.answers.append(_answer(random, work, at))
    return sitting


def _answer(random: Random, work: Work, at: datetime) -> Answer:
    drawn = random.random()
    if drawn < PASSED_OVER:
        return Answer(work, "", [])
    if drawn < PASSED_OVER + CANNOT_SAY:
        return Answer(work, "unknown", [])
    _say(work, "control", at, _true_origin(work), work.helped, REASON)
    return Answer(work, _true_origin(work), work.helped)


def _true_origin(work: Work) -> str:
    return "assisted" if work.helped else "manual"


def _say(work: Work, prompt: str, at: datetime, origin: str, kinds: list[str], reason: str = "") -> None:
    """What is said already is not said again; a control is asked about anew, as the product does."""
    if any(word.prompt == "control" for word in work.said):
        return
    before = work.said if prompt == "postmortem" else []
    if not any(word.origin or word.kind for word in before):
        work.said.append(Word(prompt, at, origin=origin, reason=reason))
    known = {word.kind for word in before}
    work.said += [Word(prompt, at, kind=kind, reason=reason) for kind in kinds if kind not in known]
