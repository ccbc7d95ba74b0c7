# ruff: noqa: E501  prose reads better whole
"""Five features of the retailer: what each was for, what came of it, and which changes were made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analytics.demo.history import History
from analytics.demo.places import Places
from analytics.demo.work import Work
from changes import feature_lines
from changes.models import Change, Feature, FeatureWord, Measurement
from changes.services.bulk import insert


@dataclass(frozen=True)
class Figure:
    """Of days before the end, from the older to the younger."""

    since: int
    until: int
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Plan:
    slug: str
    name: str
    description: str
    part: str
    metric: str
    unit: str
    direction: str
    baseline: Figure | None
    source: str
    begun: int  # days before the end on which its first change may have merged
    ended: int  # and its last
    every: int  # one of so many changes of the part is for it
    failed_every: int  # and one of so many of those that failed
    measured: tuple[Figure, ...] = ()
    measured_until: int | None = None
    retired: int | None = None
    retired_reason: str = ""
    # (days before the end, words), the older first.
    answers: tuple[tuple[int, str], ...] = field(default=())


PLANS = (
    Plan(
        slug="instalments",
        name="Instalments at checkout",
        description="Shoppers split an order over three payments and see what each costs before they order.",
        part="checkout-web",
        metric="conversion of the payment step",
        unit="%",
        direction="more",
        baseline=Figure(420, 365, 61.2),
        source="Funnel report, board “Checkout weekly”",
        begun=360,
        ended=10,
        every=7,
        failed_every=3,
        measured=(
            Figure(270, 215, 62.1, 61.5, 62.7, "Half of the markets only."),
            Figure(180, 125, 63.6, 63.1, 64.1),
            Figure(90, 35, 64.3, 63.8, 64.8),
        ),
        answers=(
            (110, "Too early to say: conversion is up, and so are the incidents. We look again after the next quarter."),
            (
                12,
                "Yes, but not for free. Conversion of the payment step rose by three points and stays there. For it we keep a basket that recalculates in two places, and most of our incidents at checkout come from that. We keep the feature and pay for one place that reckons, before anything else is built on top.",
            ),
        ),
    ),
    Plan(
        slug="wish-lists",
        name="Wish lists",
        description="A list that shoppers keep, share and come back to.",
        part="catalogue-web",
        metric="shoppers who return within a week",
        unit="%",
        direction="more",
        baseline=Figure(330, 275, 18.4),
        source="Retention report",
        begun=260,
        ended=60,
        every=5,
        failed_every=3,
        measured=(Figure(150, 95, 18.3, 18.0, 18.7), Figure(70, 15, 18.5, 18.1, 18.8)),
    ),
    Plan(
        slug="passkey-sign-in",
        name="Passkey sign-in",
        description="Sign in without a password, on the devices that can.",
        part="identity-api",
        metric="sign-in tickets at the support desk",
        unit="tickets a week",
        direction="less",
        baseline=Figure(120, 65, 214),
        source="Support desk, tag “sign-in”",
        begun=60,
        ended=0,
        every=4,
        failed_every=2,
        measured_until=-60,
    ),
    Plan(
        slug="same-day-slots",
        name="Same-day slots",
        description="Delivery within hours, where a warehouse is near.",
        part="warehouse-core",
        metric="revenue per order",
        unit="EUR",
        direction="more",
        baseline=Figure(560, 505, 48.7),
        source="Finance cube, orders by delivery",
        begun=500,
        ended=220,
        every=6,
        failed_every=2,
        measured=(Figure(400, 345, 49.9), Figure(300, 245, 48.9)),
        retired=150,
        retired_reason="The courier ended the contract, and orders had not become larger.",
        answers=(
            (
                148,
                "No. Orders were larger for a quarter and then as before, while every peak day broke the slots. What it left behind, the split of orders over warehouses, we keep; the rest is removed.",
            ),
        ),
    ),
    Plan(
        slug="faster-search",
        name="Faster search",
        description="Results while the shopper types.",
        part="catalogue-web",
        metric="response time of search, 95th percentile",
        unit="ms",
        direction="less",
        baseline=Figure(250, 222, 840),
        source="Edge metrics, search dashboard",
        begun=215,
        ended=20,
        every=7,
        failed_every=4,
        measured=(Figure(140, 112, 610), Figure(84, 56, 495), Figure(49, 21, 480)),
        answers=(
            (15, "Yes. Search answers in little more than half the time, and the index job is the only new thing to look after."),
        ),
    ),
)  # fmt: skip


def make(history: History, places: Places, rows: Mapping[int, Change]) -> list[Feature]:
    """Features with their measurements and answers; changes named by a line, a label or a person."""
    taken = set(Feature.objects.values_list("slug", flat=True))
    made = []
    used: set[int] = set()
    for plan in PLANS:
        feature = _feature(plan, places, history.as_of, taken)
        _measure(feature, plan, places, history.as_of)
        changes = [rows[id(work)] for work in _works(plan, history, used)]
        _put_in(feature, changes, places)
        made.append(feature)
    return made


def _feature(plan: Plan, places: Places, as_of: datetime, taken: set[str]) -> Feature:
    day = as_of.date()
    feature = Feature(
        name=plan.name,
        slug=plan.slug if plan.slug not in taken else f"demo-{plan.slug}",
        description=plan.description,
        area=next(one.area for slug, one in places.services.items() if slug == plan.part),
        metric=plan.metric,
        unit=plan.unit,
        direction=plan.direction,
        begun_on=day - timedelta(days=plan.begun),
        is_demo=True,
        created_at=as_of - timedelta(days=plan.begun + 14),
    )
    if plan.baseline:
        feature.baseline, feature.baseline_source = plan.baseline.value, plan.source
        feature.baseline_from = day - timedelta(days=plan.baseline.since)
        feature.baseline_to = day - timedelta(days=plan.baseline.until)
    if plan.measured_until is not None:
        feature.measured_until = day - timedelta(days=plan.measured_until)
    feature.save()
    for days, words in plan.answers:
        feature.worth_it, feature.worth_it_at = words, as_of - timedelta(days=days, hours=-10)
        feature.worth_it_by = places.people[-1]
        feature.version += 1
        feature.save()
    if plan.retired is not None:
        feature.retired_on, feature.retired_reason = day - timedelta(days=plan.retired), plan.retired_reason
        feature.save()
    return feature


def _measure(feature: Feature, plan: Plan, places: Places, as_of: datetime) -> None:
    day = as_of.date()
    Measurement.objects.bulk_create(
        Measurement(
            feature=feature,
            value=one.value,
            low=one.low,
            high=one.high,
            begins_on=day - timedelta(days=one.since),
            ends_on=day - timedelta(days=one.until),
            source=plan.source,
            note=one.note,
            said_by=places.people[-1],
            said_at=as_of - timedelta(days=one.until - 4),
        )
        for one in plan.measured
    )


def _works(plan: Plan, history: History, used: set[int]) -> list[Work]:
    """One of some of the part's changes in those days; of those that failed more than of the others."""
    since, until = (history.as_of - timedelta(days=days) for days in (plan.begun, plan.ended))
    found = [
        work
        for work in history.works
        if work.part.slug == plan.part
        and not work.is_bot
        and work.state != "dropped"
        and id(work) not in used
        and since <= (work.merged_at or work.opened_at) < until
    ]
    failed = [work for work in found if work.failed_at]
    others = [work for work in found if not work.failed_at]
    chosen = [*failed[:: plan.failed_every], *others[:: plan.every]]
    used.update(id(work) for work in chosen)
    return chosen


def _put_in(feature: Feature, changes: list[Change], places: Places) -> None:
    """Two of four by a line of the description, one by a label, one by somebody's word."""
    words = []
    for number, change in enumerate(changes):
        change.feature = feature
        if number % 4 < 2:
            change.feature_basis, change.feature_lines = Change.FeatureBasis.LINE, [feature.slug]
            change.message = f"{change.message}\n\nFeature: {feature.slug}".strip()
        elif number % 4 == 2:
            change.feature_basis = Change.FeatureBasis.LABEL
            change.labels = [*change.labels, f"feature:{feature.slug}"]
        else:
            change.feature_basis = Change.FeatureBasis.PERSON
            said_at = change.merged_at or change.opened_at or feature.created_at
            words.append(
                FeatureWord(
                    change=change,
                    feature=feature,
                    said_at=said_at,
                    said_by=places.people[0],
                    prompted_by=FeatureWord.Prompt.CHANGE_PAGE,
                )
            )
        change.feature_names = feature_lines.named(change.feature_lines, change.labels)
    columns = ["feature", "feature_basis", "feature_lines", "feature_names", "message", "labels"]
    Change.objects.bulk_update(changes, columns, batch_size=500)
    insert(words)
