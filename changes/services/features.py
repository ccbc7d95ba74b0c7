"""Features as teams keep them: written, measured, answered, retired."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from changes.feature_lines import MOST_SLUG, is_slug
from changes.models import Feature, Measurement
from changes.services.featuring import FeatureRefused, place_by_name
from intake import ledger

WRITTEN = (
    "name", "description", "area", "metric", "unit", "direction", "baseline", "baseline_from", "baseline_to",
    "baseline_source", "begun_on", "measured_until",
)  # fmt: skip
# Addresses of pages.
RESERVED = frozenset({"new"})
# What every measurement was taken by.
MEASURED_BY = ("metric", "unit", "direction")


@transaction.atomic
def create_feature(
    *, by: User | None, now: datetime, slug: str = "", is_demo: bool = False, **values: Any
) -> Feature:
    """Changes that name its slug already come in at once.

    Raises: FeatureRefused for a slug that is taken or cannot be named in a line, and as `edit_feature` does.
    """
    feature = Feature(is_demo=is_demo, created_at=now, slug=slug or _free_slug(str(values.get("name", ""))))
    if feature.slug in RESERVED or not is_slug(feature.slug):
        raise FeatureRefused(
            "Small letters, digits and single hyphens, so that a message can name it.", field="slug"
        )
    if Feature.objects.filter(slug=feature.slug).exists():
        raise FeatureRefused("Another feature goes by that.", field="slug", code="taken")
    _write(feature, values)
    feature.save()
    _touch(feature, "feature made", by)
    place_by_name(feature=feature)
    return feature


def _free_slug(name: str) -> str:
    base = slugify(name)[: MOST_SLUG - 4].strip("-_") or "feature"
    taken = {*Feature.objects.filter(slug__startswith=base).values_list("slug", flat=True), *RESERVED}
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (base, *numbered) if one not in taken)


@transaction.atomic
def edit_feature(
    *, feature_id: int, by: User | None, expected_version: int | None = None, **values: Any
) -> Feature:
    """Raises: FeatureRefused where somebody else altered it meanwhile (`code` "conflict"), where numbers or
    days cannot be, or for another metric, unit or direction under measurements that stand."""
    feature = _held(feature_id)
    if expected_version is not None and feature.version != expected_version:
        raise FeatureRefused("Somebody else changed this in the meantime.", code="conflict")
    moved = [name for name in MEASURED_BY if name in values and values[name] != getattr(feature, name)]
    if moved and feature.measurements.filter(taken_back_at=None).exists():
        raise FeatureRefused(
            "It was measured by this: take those measurements back first, or make another feature.",
            field=moved[0],
            code="measured",
        )
    _write(feature, values)
    _save(feature, "feature edited", by)
    return feature


def _write(feature: Feature, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(WRITTEN)
    if unknown:
        raise TypeError(f"no such words of a feature: {sorted(unknown)}")
    for name, value in values.items():
        setattr(feature, name, value)
    _check_baseline(feature)


def _check_baseline(feature: Feature) -> None:
    _finite(baseline=feature.baseline)
    if feature.baseline is not None and not feature.metric:
        raise FeatureRefused("Name the metric that the baseline is of.", field="metric")
    if feature.baseline is not None and not feature.baseline_source:
        raise FeatureRefused("Say where the baseline comes from.", field="baseline_source")
    if feature.baseline is not None and (feature.baseline_from is None or feature.baseline_to is None):
        raise FeatureRefused("Say which days the baseline is of.", field="baseline_from")
    if feature.baseline_from and feature.baseline_to and feature.baseline_from > feature.baseline_to:
        raise FeatureRefused("The baseline ends before it begins.", field="baseline_to")


def _finite(**numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            raise FeatureRefused("A number that can be written down.", field=name)


@transaction.atomic
def measure(
    *,
    feature_id: int,
    value: float,
    begins_on: date,
    ends_on: date,
    source: str,
    by: User | None,
    now: datetime,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> Measurement:
    """One more figure beside the others. Raises: FeatureRefused without a metric, or for what cannot be."""
    feature = _held(feature_id)
    if not feature.metric:
        raise FeatureRefused("Say first which metric the feature is to make better.", code="no_metric")
    _finite(value=value, low=low, high=high)
    if begins_on > ends_on:
        raise FeatureRefused("The period ends before it begins.", field="ends_on")
    if low is not None and low > value:
        raise FeatureRefused("The lower end lies above the value.", field="low")
    if high is not None and high < value:
        raise FeatureRefused("The upper end lies below the value.", field="high")
    measurement = Measurement.objects.create(
        feature=feature, value=value, low=low, high=high, begins_on=begins_on, ends_on=ends_on,
        source=source, note=note, said_by=by, said_at=now,
    )  # fmt: skip
    _touch(feature, "feature measured", by)
    return measurement


@transaction.atomic
def take_back_measurement(*, measurement_id: int, by: User | None, now: datetime) -> Measurement:
    """It stays in the history and counts in nothing."""
    measurement = Measurement.objects.select_for_update(no_key=True).get(pk=measurement_id)
    if measurement.taken_back_at is None:
        measurement.taken_back_at, measurement.taken_back_by = now, by
        measurement.save(update_fields=["taken_back_at", "taken_back_by"])
        _touch(measurement.feature, "measurement taken back", by)
    return measurement


@transaction.atomic
def answer_worth(*, feature_id: int, text: str, by: User | None, now: datetime) -> Feature:
    """Was this worth the ongoing hassle? A later answer stands; the earlier ones stay in the history."""
    feature = _held(feature_id)
    if not text.strip():
        raise FeatureRefused("Write what you found.", field="worth_it")
    feature.worth_it, feature.worth_it_by, feature.worth_it_at = text.strip(), by, now
    _save(feature, "feature answered", by)
    return feature


@transaction.atomic
def retire_feature(*, feature_id: int, on: date, by: User | None, reason: str = "") -> Feature:
    """No form offers it any more; its changes stay, and what they take to keep is counted on."""
    feature = _held(feature_id)
    if feature.retired_on is not None:
        raise FeatureRefused(f"It was retired on {feature.retired_on}.", code="retired")
    if feature.begun_on and on < feature.begun_on:
        raise FeatureRefused("It cannot end before it began.", field="on")
    feature.retired_on, feature.retired_reason = on, reason
    _save(feature, "feature retired", by)
    return feature


@transaction.atomic
def bring_back(*, feature_id: int, by: User | None) -> Feature:
    feature = _held(feature_id)
    feature.retired_on, feature.retired_reason = None, ""
    _save(feature, "feature brought back", by)
    return feature


def _held(pk: int) -> Feature:
    return Feature.objects.select_for_update(no_key=True).get(pk=pk)


def _save(feature: Feature, verb: str, by: User | None) -> None:
    feature.version += 1
    feature.save()
    _touch(feature, verb, by)


def _touch(feature: Feature, verb: str, by: User | None) -> None:
    ledger.touch(ledger.Kind.FEATURE, feature.pk, verb=verb, actor_id=by.pk if by else None)
