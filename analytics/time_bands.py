"""The pictures of where the time goes: which bands there are, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.charts_bands import NARROW, WIDE, Bars, Dots, Sum, TimeChart
from analytics.charts_time import chart
from analytics.metrics.delivery_words import whole
from analytics.metrics.time_words import ORIGINS, against, amount, percent_more, range_words
from analytics.times import Measure, TimeReport, Waited

LOOKS: Mapping[str, str] = {"manual": "manual", "unknown": "unknown", "assisted": "assisted"}


def pictures(report: TimeReport) -> dict[str, TimeChart]:
    flow, stages = _flow(report), [_stage(one) for one in report.stages]
    return {
        f"{name}_{size}": chart(rows, report.weeks, layout, is_partial=report.is_partial)
        for name, rows in (("flow", flow), ("stages", stages))
        for size, layout in (("wide", WIDE), ("narrow", NARROW))
    }


def _flow(report: TimeReport) -> list[Bars | Dots]:
    merged, failed, rework = (report.measure(key) for key in ("merged", "failed", "rework"))
    bands = tuple((LOOKS[key], name.lower(), report.origins[key]) for key, name, _ in ORIGINS)
    return [
        Bars("merged", merged.name, "a week", bands, (_sum(merged),), "Activity: what was made"),
        _bars(report, "lines", "plain"),
        _bars(report, "shipped", "flow", "Value: what reached users, and what it cost"),
        _bars(report, "deployments", "flow"),
        Bars(
            "trouble",
            "Deployments that failed, and rework",
            "a week",
            (("failed", "failed", failed.weeks), ("rework", "rework", rework.weeks)),
            (_sum(failed, "failed"), _sum(rework, "rework")),
            beside=True,
            why=failed.why,
            young=report.pending,
        ),
    ]


def _bars(report: TimeReport, key: str, look: str, heading: str = "") -> Bars:
    one = report.measure(key)
    noun = one.name[0].lower() + one.name[1:]
    return Bars(key, one.name, "a week", ((look, noun, one.weeks),), (_sum(one),), heading, why=one.why)


def _sum(one: Measure, name: str = "") -> Sum:
    now = "–" if one.now is None else whole(one.now)
    if one.now is None or one.before is None:
        return Sum(now, "", "", one.why, name)
    more = one.now - one.before
    share = percent_more(one.now, one.before)
    sign = "+" if more > 0 else "−" if more < 0 else "±"
    change = f"{sign}{abs(share)} %" if share is not None else f"{sign}{whole(abs(more))}"
    sure = one.altered is not None and one.altered.direction != 0
    note = "" if not more else "beyond chance" if sure else "within chance"
    return Sum(now, whole(one.before), change, note, name, is_sure=sure)


def _stage(one: Waited) -> Dots:
    return Dots(
        key=one.key,
        title=one.name,
        unit=one.unit,
        weeks=one.weeks,
        before=one.before,
        now=one.now,
        sums=(
            Sum(
                now=amount(one.now.median, one.unit),
                before=amount(one.before.median, one.unit) if one.before.median is not None else "",
                change=range_words(one.now, one.unit),
                note=against(one.now, one.before, one.altered, one.unit),
                is_apart=True,
                is_sure=one.altered is not None and one.altered.direction != 0,
            ),
        ),
    )
