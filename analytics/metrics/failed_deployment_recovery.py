"""Failed deployment recovery time

How long users were hurt by the incidents that a change had a hand in.

Value: Median from the begin of the impact (else its detection) until the incident was mitigated (else
resolved), of counted incidents with a confirmed change or deployment among their causes, in the week in which
they began. With the values between which it lies by order statistics (95 %; none below 6 incidents).

Open incidents: An incident that is not over ranks as longer than every other: it raises the median and never
lowers it. Where half or more are open there is no median yet, and that is what is shown.

Apart: Incidents that are over with an end or a begin missing, and those that would end before they begin.
They are counted and shown; none is taken as 0. Where fewer than 3 incidents stand behind a figure and one of
them is restricted, the figure is hidden.

Time to restore: The same of all counted incidents, whatever caused them. It is another figure under another
name: an outage of a data centre is in it.

Source: Incidents from pagers, alerts and people; their causes from postmortems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analytics.metrics.delivery_words import Recovery, Spread
from analytics.privacy import gives_away
from analytics.queries.delivery import APART


def part(lasted: Mapping[str, Any]) -> dict[str, Any]:
    """`lasted`: ranks as `queries.delivery.durations` picks them, with what is open, missing and invalid."""
    incidents = lasted.get("incidents", 0)
    hidden = gives_away(incidents, lasted.get("restricted", 0))
    spread = Spread() if hidden else Spread.read(lasted)
    apart = {name: None if hidden else _apart(lasted, name) for name in APART}
    return {**spread.as_figures(), **apart, "incidents": incidents, "hidden": hidden}


def _apart(lasted: Mapping[str, Any], name: str) -> int | None:
    number: int = lasted.get(name, 0)
    return None if gives_away(number, lasted.get(f"{name}_restricted", 0)) else number


def read(figures: Mapping[str, Any] | None, name: str) -> Recovery:
    """`name`: recovery, or restore for all incidents."""
    if not figures:
        return Recovery()
    found = Recovery(**figures[name])
    # How many they are is as telling as how long they took.
    return replace(found, incidents=None) if found.hidden else found
