"""Change lead time

From a change's first commit until it runs in production.

Value: Median of the changes that the weeks' deployments shipped, with the values between which it lies by
order statistics (95 %; none below 6 changes), and the time that nine of ten stayed within (from 10 changes
on). Every change counts once, in the week of the first successful production deployment that holds it.
Changes of automations are among them; the page on where the time goes shows them apart.

Begin: The earliest commit that is known of it. Where no commit was told it is the opening of its pull
request; how many those are is said apart. Author dates survive a rebase, so that a begin may be older than
the work.

Exclusions: Changes that came with the first deployment that is known of a service: it may hold years of
work. Changes that were merged in these weeks and that no known deployment holds so far. Changes without
a begin, or with one after the end. Each of these is counted and shown. Deployments whose commit is not known
are gaps: what they held may be missing.

Source: Commits and pull requests from forges and imports; deployments from deploy tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.metrics.delivery_words import Lead, Spread

LEFT_OUT = ("first_known", "not_deployed", "no_begin")


def part(leads: Mapping[str, Any], left_out: Mapping[str, int], gaps: int) -> dict[str, Any]:
    return {
        **Spread.read(leads).as_figures(),
        "from_commit": leads.get("from_commit", 0),
        "from_opening": leads.get("from_opening", 0),
        "first_known": left_out.get("first_known", 0),
        "not_deployed": left_out.get("not_deployed", 0),
        "no_begin": leads.get("no_begin", 0),
        "gaps": gaps,
    }


def read(figures: Mapping[str, Any] | None) -> Lead:
    return Lead(**figures["lead"]) if figures else Lead()
