"""The words that stand beside the figures, each in one plain sentence."""

from __future__ import annotations

from analytics.metrics.measured import FOLLOW_UP_WORDS

WORDS: tuple[tuple[str, str], ...] = (
    ("Plausible range", "The rates that fit what we saw; a wide range means few changes."),
    (
        "Share of an incident",
        "When several changes contributed, each gets a part and the parts add up to one incident.",
    ),
    (
        "Trigger, contributor",
        "The change that set the incident off; one that made it possible or worse.",
    ),
    (
        "Suspected, confirmed, ruled out",
        "Somebody thinks it contributed; the review agreed; the review said no, and it no longer counts.",
    ),
    ("Followed up by a fix", FOLLOW_UP_WORDS),
    ("Pending", "Shipped under 30 days ago: too early to call it safe or failed."),
    ("Late failure", "Failed after its first 30 days; listed, not in the rate."),
    (
        "Manual",
        "People recorded that no AI help was used, or a marking policy vouches for it, shown as such.",
    ),
    ("Origin unknown", "Nobody recorded whether AI helped; this is not the same as manual."),
    ("Kind not said", "AI helped, and nobody has said how."),
    ("Automation", "Dependency and release bots: a row of their own, in no comparison."),
    (
        "Said afterwards",
        "Origin or kind that was only said after the change had failed; never in the rate, "
        "for kinds get said because a change failed.",
    ),
    (
        "Control",
        "A change drawn by lot that did not fail, like one that did in area, size and quarter: asked the "
        "same in the postmortem. What is said of it then enters no rate.",
    ),
    (
        "Smoothed rate",
        "A rate pulled towards its area's average when there are few changes; for colours and order only.",
    ),
    (
        "Not enough data",
        "Too few changes or failures to say anything; this is not good news or bad news.",
    ),
    (
        "Hidden for privacy",
        "A restricted incident could be guessed from the figure, so its failures are not shown.",
    ),
)
