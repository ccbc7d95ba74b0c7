"""What is said of operating load, in whole sentences: each is true by the figure beside it."""

from __future__ import annotations

from analytics.metrics.load import Growth, Load, growth
from design.spans import grouped

NOT_MEASURED = "Not measured."


def sentences(now: Load | None, before: Load | None) -> dict[str, str]:
    """By head; empty where there is nothing to say."""
    if now is None:
        return dict.fromkeys(("services", "alerts", "dependencies", "settings"), "")
    return {
        "services": _services(now, before),
        "alerts": _alerts(now, before),
        "dependencies": _readings(now, before, "dependencies", "dependency", "dependencies"),
        "settings": _readings(now, before, "settings", "setting", "settings"),
    }


def _whole(value: int) -> str:
    return grouped(value)


def _services(now: Load, before: Load | None) -> str:
    if now.services is None:
        return "No service is known here."
    past = before.services if before else None
    if past is None or past == now.services:
        return "No more and no fewer than 13 weeks ago." if past else ""
    more = now.services - past
    return f"{abs(more)} {'more' if more > 0 else 'fewer'} known here than 13 weeks ago."


def _alerts(now: Load, before: Load | None) -> str:
    noise = now.noise
    if noise is None:
        return "No alert ever named anything here: nobody can tell whether it is watched."
    if not noise.n:
        return "No alert in 13 weeks."
    said = f"{_whole(noise.k)} of {_whole(noise.n)} led to no incident, or to a false alarm: noise."
    if noise.k == 0:
        said = f"{'It' if noise.n == 1 else f'All {_whole(noise.n)}'} belonged to an incident."
    past = before.alerts if before else None
    if past is not None and past != noise.n:
        more = "more" if noise.n > past else "fewer"
        said += f" {_whole(abs(noise.n - past))} {more} than in the 13 weeks before."
    return said


def _readings(now: Load, before: Load | None, kind: str, one: str, many: str) -> str:
    if now.total(kind) is None:
        return f"{NOT_MEASURED} One line in a pipeline, or a count in a clone, tells."
    grown = growth(now, before, kind)
    if grown is None:
        return "Measured for the first time within these weeks: what it was before nobody knows."
    return _grown(grown, one, many)


def _grown(grown: Growth, one: str, many: str) -> str:
    where = "" if not grown.new else _fresh(grown.new)
    if not grown.difference:
        return f"As many as 13 weeks ago.{where}"
    count = abs(grown.difference)
    more = "more" if grown.difference > 0 else "fewer"
    noun = one if count == 1 else many
    return f"{_whole(count)} {noun} {more} than 13 weeks ago, {_whole(grown.before)} then.{where}"


def _fresh(count: int) -> str:
    """What came by measuring is no growth."""
    if count == 1:
        return " 1 place was measured for the first time since, and is no growth."
    return f" {count} places were measured for the first time since, and are no growth."
