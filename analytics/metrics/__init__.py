"""One module for each number; its docstring is its definition, for the page and for docs/metrics.md."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from analytics.metrics import (
    adjusted_ratio,
    afterwards,
    change_fail_rate,
    change_lead_time,
    coverage,
    deployment_frequency,
    deployment_rework_rate,
    failed_deployment_recovery,
    failure_rate,
    features,
    large_assisted_days,
    load,
    matched_ratio,
    reading_load,
    recall,
    replay,
    review_care,
    review_remarks,
    reviewable_size,
    senior_review,
    signal,
    time_spent,
    trend,
    without_review,
    work,
)
from analytics.metrics.words import WORDS

METRICS: tuple[ModuleType, ...] = (
    failure_rate,
    adjusted_ratio,
    matched_ratio,
    signal,
    trend,
    replay,
    coverage,
    afterwards,
    recall,
    deployment_frequency,
    change_lead_time,
    change_fail_rate,
    failed_deployment_recovery,
    deployment_rework_rate,
    time_spent,
    reading_load,
    review_remarks,
    reviewable_size,
    large_assisted_days,
    senior_review,
    without_review,
    review_care,
    work,
    load,
    features,
)


@dataclass(frozen=True)
class Definition:
    slug: str
    name: str
    summary: str
    # ("Numerator", "Failures, counted as…") in the order of the docstring.
    parts: tuple[tuple[str, str], ...]


def definition(metric: ModuleType) -> Definition:
    """A metric's docstring, taken apart: name, one sentence, paragraphs that begin with their name."""
    blocks = [" ".join(block.split()) for block in (metric.__doc__ or "").strip().split("\n\n")]
    parts = [block.split(": ", 1) for block in blocks[2:]]
    slug = metric.__name__.rsplit(".", 1)[-1].replace("_", "-")
    return Definition(slug, blocks[0], blocks[1], tuple((name, text) for name, text in parts))


def definitions() -> list[Definition]:
    return [definition(metric) for metric in METRICS]


def as_markdown() -> str:
    """The text of docs/metrics.md."""
    lines = ["# What the numbers mean", ""]
    for found in definitions():
        lines += [f"## {found.name}", "", found.summary, ""]
        for name, text in found.parts:
            lines += [f"**{name}.** {text}", ""]
    lines += ["## Words on the screen", "", "| term | meaning |", "| --- | --- |"]
    lines += [f"| {term} | {meaning} |" for term, meaning in WORDS]
    return "\n".join(lines) + "\n"
