"""What the page of where the time goes says: names, and sentences that are true by the counts in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.metrics.delivery_words import FEWEST_FOR_A_PERCENTAGE, whole
from analytics.metrics.time_spent import Spread
from analytics.stats.halves import Altered
from design.spans import short_span

# Key of a band in the picture, its name, and the origins that it holds, from the foot up.
ORIGINS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("manual", "Manual", ("manual",)),
    ("unknown", "Origin unknown", ("unknown",)),
    ("assisted", "AI-assisted, agents included", ("assisted", "autonomous")),
)
MEASURES: Mapping[str, str] = {
    "merged": "Changes merged",
    "lines": "Lines changed",
    "shipped": "Changes that reached users",
    "deployments": "Deployments that reached users",
    "failed": "Deployments that failed",
    "rework": "Deployments that were rework",
}
STAGES: Mapping[str, str] = {
    "review": "Waiting for review",
    "rounds": "Review rounds",
    "tests": "Waiting for tests",
    "deployment": "Queued for deployment",
    "lead": "First commit to production",
}
STEPS: Mapping[str, str] = {
    "made": "From first commit to ready",
    "review": "Waiting for the first review",
    "reviewed": "From first review to merge",
    "deployment": "Queued for deployment",
}
GROUP_NAMES: Mapping[str, str] = {
    "all": "All, without automation",
    "origin:manual": "Manual",
    "origin:unknown": "Origin unknown",
    "origin:assisted": "AI-assisted",
    "origin:autonomous": "Autonomous agent",
    "origin:automation": "Automation",
}
SIZES: Mapping[str, str] = {
    "size:small": "Up to 50 lines",
    "size:medium": "51 to 200 lines",
    "size:large": "Over 200 lines",
    "size:unknown": "Size unknown",
}
MISSING: Mapping[str, Mapping[str, str]] = {
    "review": {
        "review_untold": "no reviews were told of their repository by then",
        "review_none": "merged without a review by another person",
        "review_unclear": "reviewed, without a known beginning",
    },
    "rounds": {
        "review_untold": "no reviews were told of their repository by then",
        "rounds_none": "merged without a review by another person",
    },
    "tests": {
        "tests_untold": "no checks were told of their repository by then",
        "tests_none": "no check ran for their commits",
    },
    "deployment": {
        "by_merge": "shipped by their merge: no deployment tells when they reached users",
        "first_known": "in the first deployment that is known",
        "not_deployed": "not deployed yet",
        "deployment_unclear": "deployed, without a known merge before it",
    },
    "lead": {
        "by_merge": "shipped by their merge: no deployment tells when they reached users",
        "first_known": "in the first deployment that is known",
        "not_deployed": "not deployed yet",
        "lead_unclear": "deployed, without a known beginning",
    },
}
WAITS: Mapping[str, str] = {
    "review": "waited {} for a first review",
    "tests": "had checks queued or running for {} before its merge",
    "deployment": "was queued for deployment for {}",
    "lead": "took {} from its first commit to production",
}


@dataclass(frozen=True)
class Pair:
    """A count of the 13 weeks and of those before, and whether the two differ beyond chance."""

    now: int | None
    before: int | None
    altered: Altered | None = None
    why: str = ""

    @property
    def is_known(self) -> bool:
        return self.now is not None and self.before is not None


def percent_more(now: int, before: int) -> int | None:
    """In whole percent; None where one is too small for a percentage."""
    if min(now, before) < FEWEST_FOR_A_PERCENTAGE:
        return None
    return round(100 * (now - before) / before)


def headline(merged: Pair, deployments: Pair, failed: Pair, opening: str) -> str:
    parts = [_merged(merged, opening), _deployments(deployments)]
    if deployments.now:
        parts[-1] += _failed(failed)
    return "; ".join(parts) + "."


def _merged(pair: Pair, opening: str) -> str:
    if pair.now is None:
        return f"{opening} how many changes were merged is not known"
    if pair.before is None:
        return f"{opening} {_many(pair.now, 'change')} merged; {pair.why or 'not known'} for a comparison"
    more = pair.now - pair.before
    if not more:
        return f"{opening} as many changes were merged as in the 13 before ({whole(pair.now)})"
    word = "more" if more > 0 else "fewer"
    share = percent_more(pair.now, pair.before)
    size = f"{abs(share)} %" if share else whole(abs(more))
    return (
        f"{opening} {size} {word} changes were merged than in the 13 before"
        f" ({whole(pair.now)} and {whole(pair.before)})"
    )


def _many(number: int, what: str) -> str:
    return f"{whole(number)} {what} was" if number == 1 else f"{whole(number)} {what}s were"


def _deployments(pair: Pair) -> str:
    if pair.now is None:
        return f"how many deployments reached users is not known ({pair.why or 'not told'})"
    if pair.before is None:
        return f"{whole(pair.now)} deployments reached users ({pair.why})"
    more = pair.now - pair.before
    if not more:
        return f"as many deployments reached users as before ({whole(pair.now)})"
    word, noun = "more" if more > 0 else "fewer", "deployment" if abs(more) == 1 else "deployments"
    return f"{whole(abs(more))} {word} {noun} reached users ({whole(pair.now)} and {whole(pair.before)})"


def _failed(pair: Pair) -> str:
    if pair.now is None:
        hidden = pair.why.startswith("hidden")
        return f", and how many failed is {pair.why if hidden else 'not known: ' + (pair.why or 'not told')}"
    if pair.before is None:
        return f", and {whole(pair.now)} failed"
    if pair.now == pair.before:
        return f", and {whole(pair.now)} failed, as before"
    return f", and {whole(pair.now)} instead of {whole(pair.before)} failed"


def chance(pairs: Sequence[tuple[str, Pair]]) -> str:
    """Which of these differences chance explains: those that are none are not spoken of."""
    known = [(name, one) for name, one in pairs if one.is_known and one.now != one.before and one.altered]
    beyond = [name for name, one in known if one.altered and one.altered.direction]
    within = [name for name, one in known if one.altered and not one.altered.direction]
    if not beyond:
        return f"Chance alone can explain the difference in {_listed(within)}." if within else ""
    said = f"The difference in {_listed(beyond)} is beyond what chance gives"
    if not within:
        return f"{said}."
    return f"{said}; chance alone can explain {'that' if len(within) == 1 else 'those'} in {_listed(within)}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def amount(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if unit == "rounds" else short_span(value)


def range_words(spread: Spread, unit: str) -> str:
    if spread.low is None:
        return "under 6 changes: no range" if spread.n else ""
    return f"{amount(spread.low, unit)} to {amount(spread.high, unit)}"


def against(now: Spread, before: Spread, altered: Altered | None, unit: str) -> str:
    """How the median stands to the one before; empty where one of them is not known."""
    if now.median is None or before.median is None:
        return ""
    if altered is None:
        return "too few to compare"
    if amount(now.median, unit) == amount(before.median, unit):
        return "as before"
    if altered.direction:
        word = ("longer", "shorter") if unit == "seconds" else ("more", "fewer")
        size = amount(abs(now.median - before.median), unit)
        return f"{size} {word[altered.direction < 0]}, beyond chance"
    return "within chance"


def stage_sentence(key: str, now: Spread, before: Spread, altered: Altered | None) -> str:
    """One sentence of a stage that is measured in time; empty where nothing is measured."""
    if key not in WAITS or now.median is None:
        return ""
    spread = f" ({range_words(now, 'seconds')})" if now.low is not None else ""
    said = f"The median change {WAITS[key].format(short_span(now.median) + spread)}"
    if before.median is None:
        return f"{said}."
    past = "in the 13 weeks before"
    if short_span(now.median) == short_span(before.median):
        return f"{said}, as {past}."
    if altered is None:
        return f"{said}; {past} {short_span(before.median)}, too few to compare."
    if not altered.direction:
        return f"{said}; {past} {short_span(before.median)}, a difference that chance can explain."
    word = "longer" if altered.direction > 0 else "shorter"
    size = short_span(abs(now.median - before.median))
    return f"{said}, {size} {word} than {past}, beyond what chance gives."
