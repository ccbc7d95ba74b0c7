"""What the figures of reviewing say, in plain sentences: these 13 weeks and the 13 before them."""

from __future__ import annotations

from analytics.metrics.delivery_sentences import Place, share_words
from analytics.metrics.delivery_words import whole
from analytics.metrics.reading_load import LoadVerdict
from analytics.metrics.reviewing_words import FEWEST, Care, Days, Group, Middle, Share, Voices


def figure(value: float) -> str:
    """Three figures: 0.45, 8.2, 1 240."""
    if value >= 10:
        return whole(round(value))
    return f"{value:.2f}".rstrip("0").rstrip(".") if value < 1 else f"{value:.1f}"


def middle_words(middle: Middle) -> str:
    """`9.8 (8.1 to 12; 212 changes)`."""
    if middle.shown is None:
        return f"too few to say ({many(middle.n, 'change')})"
    between = "" if middle.low is None else f"{figure(middle.low)} to {figure(middle.high or 0)}; "
    return f"{figure(middle.shown)} ({between}{many(middle.n, 'change')})"


def many(number: int, one: str) -> str:
    return f"{whole(number)} {one if number == 1 else one + 's'}"


def reading(now: Group, before: Group, trend: LoadVerdict, place: Place) -> str:
    if not now.merged:
        return place.starts(f"nothing{place.of} merged.")
    if not now.told:
        return "Not known: nobody tells of the reviews of these changes."
    if not now.reviewed:
        return place.starts(f"none of the changes{place.of} that merged was reviewed by another person.")
    if now.pace.shown is None:
        return (
            f"Not known: of {many(now.reviewed, 'reviewed change')} {whole(now.pace.n)} can be measured, "
            f"and a median needs {FEWEST}. {_left_out(now)}"
        ).rstrip()
    past = f"; {place.past} {middle_words(before.pace)}" if before.pace.shown is not None else ""
    said = place.starts(
        f"the middle one of {many(now.pace.n, 'change')}{place.of} had {_per_minute(now.pace)}"
    )
    return f"{_course(trend)} {said}{past}."


def _per_minute(pace: Middle) -> str:
    between = "" if pace.low is None else f" ({figure(pace.low)} to {figure(pace.high or 0)})"
    return f"{figure(pace.median or 0)} lines for each reviewer minute{between}"


def _left_out(now: Group) -> str:
    return f"{many(now.one_moment, 'review')} took one moment only." if now.one_moment else ""


def _course(trend: LoadVerdict) -> str:
    if not trend.is_tested:
        return "Too few weeks to tell a trend."
    if trend.direction == "up":
        return "Yes: reviewers have less time for each line than half a year ago."
    if trend.direction == "down":
        return "No: reviewers have more time for each line than half a year ago."
    return "No clear trend in the time for each line."


def large(now: Group, before: Group, limit: int, place: Place) -> str:
    if not now.merged:
        return place.starts(f"nothing{place.of} merged.")
    if not now.sized:
        return "Not known: nobody tells how many lines these changes have."
    said = place.starts(_said(now.large, f"changes{place.of} that merged had over {whole(limit)} lines"))
    if now.too_large:
        said += f", {_without(now)}"
    if before.sized:
        said += f"; {place.past} {share_words(before.large)}"
    return f"{said}."


def _said(share: Share, words: str) -> str:
    """`14 of 210 changes did (6.7 %; 4.0 to 10.9 %)`."""
    between = f" ({share.range_words})" if share.has_rate else ""
    return f"{whole(share.k or 0)} of {whole(share.n)} {words}{between}"


def _without(now: Group) -> str:
    bare = now.too_large - now.excused
    if not bare:
        return "each with a documented exception"
    return f"{whole(bare)} of them without a documented exception"


def care(now: Care, before: Care, place: Place) -> str:
    if now.total is None:
        return place.starts(f"fewer than {FEWEST} people answered{place.of}: too few voices to be shown.")
    if not now.total.n:
        return place.starts(
            f"nobody answered{place.of}; the question stands on the page of every change that merged."
        )
    return place.starts(f"{_voices(now.total)}{_before(before, place)}.")


def _voices(voices: Voices) -> str:
    said = _said(voices.share, "answers said yes")
    return f"{said}, {whole(voices.not_really)} not really and {whole(voices.no)} no"


def _before(before: Care, place: Place) -> str:
    if before.total is None or not before.total.n:
        return ""
    return f"; {place.past} {share_words(before.total.share)} said yes"


def days(now: Days, before: Days, place: Place) -> str:
    if now.state == "hidden":
        return place.starts("fewer than 3 reviewer-days: too few to be shown.")
    if now.state == "empty":
        return place.starts(f"no review by a person{place.of} is known.")
    over = f"reviewer-days{place.of} one person had over {now.limit} large AI-assisted changes"
    said = f"on {_said(now.share, over)}"
    past = f"; {place.past} on {share_words(before.share)}" if before.reviewers else ""
    return place.starts(f"{said}{past}.")


def senior(now: Group, before: Group, place: Place) -> str:
    if now.senior_state == "empty":
        return place.starts(f"no change{place.of} merged in an area of high risk.")
    if now.senior_state == "not_told":
        return f"Not known: {many(now.high_risk, 'high-risk change')} merged where nobody tells of reviews."
    if now.senior_state == "not_designated":
        merged = many(now.high_risk, "high-risk change")
        return f"No senior is designated: {merged} merged, and no share can be told."
    past = f"; {place.past} {share_words(before.senior)}" if before.with_seniors else ""
    return place.starts(
        f"{_said(now.senior, f'high-risk changes{place.of} had a review by a senior')}{past}."
    )


def alone(now: Group, before: Group, place: Place) -> str:
    if not now.merged:
        return place.starts(f"nothing{place.of} merged.")
    if not now.told:
        return "Not known: nobody tells of the reviews of these changes."
    past = f"; {place.past} {share_words(before.alone)}" if before.told else ""
    return place.starts(
        f"{_said(now.alone, f'changes{place.of} merged without a review by another person')}{past}."
    )
