"""The pages of the top navigation, in reading order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    label: str
    url_name: str
    icon: str
    # The letter after `g` that leads here; static/js/keys.js reads it from the link.
    key: str
    # Other pages that belong to it, with all below them.
    also: tuple[str, ...] = ()


PAGES = (
    Page("Home", "analytics:home", "home", "h"),
    Page("Matrix", "analytics:matrix", "matrix", "m"),
    Page("Signals", "analytics:signals", "signal", "s"),
    Page("Review", "analytics:review", "clock", "r", also=("analytics:features",)),
    Page("Incidents", "incidents:list", "incident", "i"),
    Page("Changes", "changes:list", "change", "c"),
    Page("Deployments", "changes:deployments", "deployment", "d"),
    Page("Lessons", "incidents:lessons", "lesson", "l"),
    Page("Test scenarios", "analytics:scenarios", "scenario", "t"),
)
REPORT_INCIDENT = "incidents:report"
