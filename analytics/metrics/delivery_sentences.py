"""What the figures of delivery say, in plain sentences: this span, and the same length of time before it."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.metrics.delivery_words import Count, Failures, Lead, Recovery, Rework, Share, Spread, whole
from design.spans import percent, short_span

NO_INCIDENTS_KNOWN = (
    "No incident is known of these weeks, and nothing shows that one would be: this is not measured."
)
BEING_RECKONED = "These 13 weeks are being reckoned: load the page again in a moment."
HIDDEN = "Hidden for privacy: too few incidents stand behind it and one of them is restricted."


@dataclass(frozen=True)
class Place:
    """How a sentence names what it is about, and its weeks: ` of Checkout`, `In the last 13 weeks`."""

    of: str
    opening: str
    weeks: int

    @property
    def past(self) -> str:
        return f"in the {self.weeks} weeks before"

    def starts(self, words: str) -> str:
        return f"{self.opening} {words}"


def _many(number: int, one: str, more: str = "") -> str:
    return f"{whole(number)} {one if number == 1 else more or one + 's'}"


def share_words(share: Share) -> str:
    """`14 of 210 (6.7 %; 4.0 to 10.9 %)`."""
    if share.k is None:
        return f"a hidden number of {whole(share.n)}"
    counts = f"{whole(share.k)} of {whole(share.n)}"
    return f"{counts} ({share.range_words})" if share.has_rate else counts


def frequency(now: Count, before: Count, place: Place, *, knows_past: bool = True) -> str:
    """`knows_past`: else the figures of the weeks before are still on their way."""
    if now.number is None:
        return f"No deployment{place.of} is known by then, so that nobody can tell how often there was one."
    said = place.starts(
        f"{_many(now.number, 'deployment')}{place.of} reached users, on {_many(now.active_days, 'day')}"
    )
    if now.known_since:
        said += f"; deployments are known since {now.known_since:%-d %b %Y}"
    if not knows_past:
        return f"{said}. The {place.weeks} weeks before are being reckoned."
    if before.number is None:
        return f"{said}. Nothing is known of the {place.weeks} weeks before."
    since = f", known since {before.known_since:%-d %b %Y}" if before.known_since else ""
    return f"{said}; {place.past} {whole(before.number)}, on {_many(before.active_days, 'day')}{since}."


def _half(spread: Spread, words: str) -> str:
    """`half of 12 … within 3 h (2 h to 5 h)`."""
    value = short_span(spread.median or 0)
    within = f"({spread.range_words})" if spread.range_words else ""
    return f"half of {whole(spread.n)} {words} within {value} {within}".rstrip()


def lead(now: Lead, before: Lead, place: Place) -> str:
    if not now.n:
        found = f"no change{place.of} can be measured"
        left = f"; {_many(now.left_out, 'change')} left out" if now.left_out else ""
        return place.starts(f"{found}{left}.")
    start = "commit" if not now.from_opening else "commit or opening"
    said = _half(now, f"{'change' if now.n == 1 else 'changes'}{place.of} ran in production")
    said = f"{said} of their first {start}" if now.n > 1 else _one_change(now, place)
    if now.p90 is not None:
        said += f", nine of ten within {short_span(now.p90)}"
    past = _half(before, "") if before.n > 1 else ""
    past = f"; {place.past} {' '.join(past.split())}" if past else ""
    return place.starts(f"{said}{past}.")


def _one_change(now: Lead, place: Place) -> str:
    return f"one change{place.of} ran in production within {short_span(now.median or 0)}"


def failures(now: Failures, before: Failures, place: Place) -> str:
    if now.state == "empty":
        return place.starts(f"no deployment{place.of} reached users.")
    if now.state == "not_measured":
        return "No incident source is connected for this: whether deployments failed is not measured."
    if now.state == "pending":
        return place.starts(f"every deployment{place.of} is too young to have shown whether it failed.")
    if now.state == "hidden":
        return HIDDEN
    said = f"{now.failed} of {_many(now.judged, 'deployment')}{place.of} failed"
    if now.share.has_rate:
        said += f" ({now.share.range_words})"
    if before.judged:
        said += f"; {place.past} {share_words(before.share)}"
    return place.starts(f"{said}.")


def recovery(now: Recovery, before: Recovery, place: Place, *, all_incidents: bool = False) -> str:
    kind = "" if all_incidents else " that a change had a hand in"
    if now.state == "empty":
        return place.starts(f"no incident{place.of}{kind} began.")
    if now.state == "hidden":
        return HIDDEN
    if now.state == "no_times":
        return place.starts(
            f"{_many(now.incidents or 0, 'incident')}{place.of}{kind}, none with usable times."
        )
    if now.state == "open":
        count = "half or more" if now.open is None else now.open
        return place.starts(
            f"{count} of {_many(now.n, 'incident')}{place.of}{kind} still open: no median yet."
        )
    said = _half(now, f"{'incident' if now.n == 1 else 'incidents'}{place.of}{kind} over")
    if now.n == 1:
        said = f"one incident{place.of}{kind} was over within {short_span(now.median or 0)}"
    else:
        said = said.replace(" over within", " were over within", 1)
    if now.open:
        said += f", with {now.open} still open ranked last"
    if before.state == "shown":
        said += f"; {place.past} half of {whole(before.n)} within {short_span(before.median or 0)}"
    return place.starts(f"{said}.")


def rework(now: Rework, before: Rework, place: Place) -> str:
    if now.state == "empty":
        return place.starts(f"no deployment{place.of} reached users.")
    if now.state == "hidden":
        return HIDDEN
    if now.state == "not_measured":
        return "Nobody tells of incidents, rollbacks or hotfixes here: how much was rework is not measured."
    said = f"{now.k} of {_many(now.n, 'deployment')}{place.of} followed from an incident"
    if now.share.has_rate:
        said += f" ({now.share.range_words})"
    if before.shown is not None:
        said += f"; {place.past} {share_words(before.share)}"
    return place.starts(f"{said}.")


@dataclass(frozen=True)
class Beside:
    """A sentence whose begin leads to a list."""

    list: str
    linked: str
    words: str

    @property
    def text(self) -> str:
        return self.linked + self.words


def apart(found: Failures) -> list[Beside]:
    """What stands beside the change fail rate."""
    lines = []
    if found.assigned and found.unknown is not None and found.most.k is not None:
        rate = f" ({percent(found.most.rate, 1)})" if found.most.rate is not None else ""
        lines.append(
            Beside(
                "unknown",
                f"{_many(found.unknown, 'incident')} of unknown cause",
                f": at most {whole(found.most.k)} of {whole(found.judged)}{rate} failed, if each came from a "
                "deployment of its own.",
            )
        )
    if found.suspected:
        lines.append(
            Beside("suspected", f"{whole(found.suspected)} more", " suspected, and not in the rate.")
        )
    if found.pending:
        failed = f"; {whole(found.pending_failed)} of them failed already" if found.pending_failed else ""
        lines.append(
            Beside("pending", f"{whole(found.pending)} pending", f", too young to be judged{failed}.")
        )
    if found.unmeasured:
        lines.append(
            Beside(
                "unmeasured",
                f"{_many(found.unmeasured, 'deployment')} left out",
                f": incidents of {whole(found.services_unmeasured)} of {_many(found.services, 'service')} "
                "are not known here" + _nameless(found.of_no_service),
            )
        )
    return lines


def _nameless(number: int) -> str:
    return f", and {whole(number)} are of no known service." if number else "."
