"""Deployment rework rate

Of the production deployments that reached users, the share that was unplanned work after an incident.

Numerator: Rollbacks and hotfixes, as their sender or a person says, or because the deployment went back to an
older commit; and the first deployment that shipped a change named as the repair of a counted incident. Yes or
no for each.

Denominator: Deployments that reached users. A rework deployment is also in the denominator of the change fail
rate, and may fail itself.

Exclusions: None for age. Where incidents of a service do not reach this product, only rollbacks and hotfixes
that were told or seen can count; how many deployments that concerns is shown, and where nothing else is
known a 0 is not shown as one. Below 20 deployments there are counts and no percentage. Where fewer than
3 deployments are rework and a restricted incident alone says so of one, the numerator is hidden.

Range: Wilson's 95 % interval. It is not churn of code: lines that are written anew are another matter.

Source: Deployments from deploy tools; repairs from postmortems.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.metrics.change_fail_rate import shown
from analytics.metrics.delivery_words import Rework


def part(counts: Mapping[str, int]) -> dict[str, Any]:
    k = shown(counts, "rework")
    return {
        "k": k,
        "n": counts["deployments"],
        "unmeasured": counts["unmeasured"],
        "hidden": k is None,
    }


def read(figures: Mapping[str, Any] | None) -> Rework:
    return Rework(**figures["rework"]) if figures else Rework()
