"""Features: what names them, what people say of them, what is written and measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Role
from changes import feature_lines
from changes.facts import ChangeFact, CommitFact
from changes.models import Change, Feature, FeatureWord, Repository
from changes.services.features import (
    answer_worth,
    bring_back,
    create_feature,
    edit_feature,
    measure,
    retire_feature,
    take_back_measurement,
)
from changes.services.featuring import FeatureRefused, hand_back, say_feature, take_back
from changes.services.recording import record_changes
from intake.models import LedgerEntry
from tests import make

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def request(hours: float = 0, **over: Any) -> ChangeFact:
    values: dict[str, Any] = {"number": "7", "state": "open", "title": "Pay", "message": "Pay by one tap."}
    return ChangeFact(told_at=at(hours), **(values | over))


def feature(name: str = "One tap", **over: Any) -> Feature:
    return create_feature(by=None, now=T0, name=name, **over)


def told(repository: Repository, *facts: ChangeFact) -> Change:
    return record_changes(repository=repository, facts=facts)[0]


# ---------------------------------------------------------------- what a text and a label name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Feature: one-tap", ["one-tap"]),
        ("Pay.\r\n\r\nFEATURE:One-Tap\r\nCo-authored-by: A <a@example.org>", ["one-tap"]),
        ("- **Feature:** `one-tap`", ["one-tap"]),
        ("Feature: one-tap\nFeature: other\nFeature: one-tap", ["one-tap", "other"]),
        ("Feature: Retry a capture", []),
        ("Feature:", []),
        ("A feature: one-tap", []),
        ("<!-- Feature: one-tap -->", []),
        ("> Feature: one-tap", []),
        ("```gherkin\nFeature: one-tap\n```", []),
        ("Feature: -one", []),
        (f"Feature: {'a' * 101}", []),
    ],
)
def test_a_line_names_features_when_it_stands_alone(text: str, names: list[str]) -> None:
    assert feature_lines.in_text(text) == names


def test_labels_name_features_when_they_begin_so() -> None:
    assert feature_lines.in_labels(["feature:One-Tap", "feature/other", "feature", "bug:one"]) == [
        "one-tap",
        "other",
    ]


def test_lines_come_before_labels_when_both_name_one() -> None:
    assert feature_lines.named(["b"], ["feature:a", "feature:b"]) == ["b", "a"]


# ---------------------------------------------------------------- evidence


@pytest.mark.django_db
def test_a_change_is_put_into_what_its_description_names() -> None:
    one = feature()
    change = told(make.repository(), request(message="Pay.\n\nFeature: one-tap"))
    assert (change.feature, change.feature_basis) == (one, "line")


@pytest.mark.django_db
def test_a_change_comes_in_late_when_the_feature_is_made_after_it() -> None:
    change = told(make.repository(), request(labels=("feature:one-tap",)))
    assert change.feature is None
    one = feature()
    change.refresh_from_db()
    assert (change.feature_id, change.feature_basis) == (one.pk, "label")


@pytest.mark.django_db
def test_an_edit_takes_back_what_it_leaves_out_in_any_order() -> None:
    feature()
    with_line = request(message="Feature: one-tap")
    edited = request(1, message="Pay by one tap.")
    for facts in ([with_line, edited], [edited, with_line]):
        where = make.repository()
        for fact in facts:
            change = told(where, fact)
        assert (change.feature, change.feature_basis) == (None, "")


@pytest.mark.django_db
def test_a_trailer_of_the_landed_commit_names_it_and_one_without_takes_nothing_back() -> None:
    one = feature()
    sha = "a" * 40
    landed = CommitFact(sha=sha, message="Pay (#7)\n\nFeature: one-tap", at=at(2))
    fact = request(2, state="merged", shas=(("squash", sha),), merged_at=at(2), message=None, landed=landed)
    where = make.repository()
    told(where, request())
    assert told(where, fact).feature == one
    silent = replace(fact, told_at=at(3), landed=replace(landed, message="Pay (#7)"))
    assert told(where, silent).feature == one


@pytest.mark.django_db
def test_a_feature_of_the_demonstration_is_not_named_by_a_real_change() -> None:
    feature(is_demo=True)
    assert told(make.repository(), request(message="Feature: one-tap")).feature is None


# ---------------------------------------------------------------- people


@pytest.mark.django_db
def test_a_persons_word_holds_when_evidence_comes_later() -> None:
    one, other = feature(), feature("Other")
    where = make.repository()
    change = told(where, request())
    say_feature(change_ids=[change.pk], feature=other, by=make.user(), prompted_by="change_page", now=at(1))
    change = told(where, request(2, message="Feature: one-tap"))
    assert (change.feature, change.feature_basis) == (other, "person")
    hand_back(change_ids=[change.pk], by=make.user(), now=at(3))
    change.refresh_from_db()
    assert (change.feature_id, change.feature_basis) == (one.pk, "line")
    assert FeatureWord.objects.get().withdrawn_at == at(3)


@pytest.mark.django_db
def test_none_is_a_word_too_when_a_line_names_one() -> None:
    feature()
    where = make.repository()
    change = told(where, request(message="Feature: one-tap"))
    say_feature(change_ids=[change.pk], feature=None, by=make.user(), prompted_by="api", now=at(1))
    change = told(where, request(2, message="Again.\nFeature: one-tap"))
    assert (change.feature, change.feature_basis) == (None, "person")


@pytest.mark.django_db
def test_one_step_is_taken_back_as_a_whole_and_the_word_before_it_stands_again() -> None:
    one, other, me = feature(), feature("Other"), make.user()
    changes = [make.change().pk for _ in range(3)]
    say_feature(change_ids=changes[:1], feature=other, by=None, prompted_by="api", now=at(1))
    say_feature(change_ids=changes, feature=one, by=me, prompted_by="bulk", now=at(2))
    say_feature(change_ids=changes[2:], feature=one, by=make.user(), prompted_by="bulk", now=at(3))
    assert set(Change.objects.values_list("feature__slug", flat=True)) == {"one-tap"}
    assert take_back(by=me, said_at=at(2), now=at(4)) == changes
    found = dict(Change.objects.values_list("pk", "feature__slug"))
    assert found == {changes[0]: "other", changes[1]: None, changes[2]: "one-tap"}
    assert take_back(by=me, said_at=at(2), now=at(5)) == []


@pytest.mark.django_db
def test_both_the_change_and_the_feature_are_told_when_a_word_is_said() -> None:
    one, change = feature(), make.change()
    LedgerEntry.objects.all().delete()
    say_feature(change_ids=[change.pk], feature=one, by=None, prompted_by="api", now=at(1))
    assert set(LedgerEntry.objects.values_list("kind", "object_id")) == {
        ("change", change.pk), ("feature", one.pk),
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("over", [{"retired_on": date(2026, 1, 1)}, {"is_demo": True}])
def test_nothing_is_put_into_a_feature_that_is_over_or_made_up(over: dict[str, Any]) -> None:
    one, change = feature(), make.change()
    Feature.objects.filter(pk=one.pk).update(**over)
    with pytest.raises(FeatureRefused):
        say_feature(change_ids=[change.pk], feature=one, by=None, prompted_by="api", now=at(1))
    assert not FeatureWord.objects.exists()


@pytest.mark.django_db
def test_the_later_word_holds_when_two_changes_turn_out_to_be_one() -> None:
    one, other, where = feature(), feature("Other"), make.repository()
    sha = "b" * 40
    by_number = told(where, request())
    by_sha = told(where, ChangeFact(told_at=at(0), shas=(("head", sha),), title="Pay", state="open"))
    assert by_number.pk != by_sha.pk
    say_feature(change_ids=[by_number.pk], feature=one, by=None, prompted_by="api", now=at(1))
    say_feature(change_ids=[by_sha.pk], feature=other, by=None, prompted_by="api", now=at(2))
    kept = told(where, request(3, shas=(("head", sha),)))
    kept.refresh_from_db()
    assert (kept.feature, kept.feature_basis) == (other, "person")
    assert kept.feature_words.count() == 2
    ids = say_feature(
        change_ids=[by_number.pk, by_sha.pk], feature=one, by=None, prompted_by="api", now=at(4)
    )
    assert ids == [kept.pk]


# ---------------------------------------------------------------- written, measured, answered


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"slug": "One Tap"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"baseline": 2.0}, "metric"),
        ({"baseline": 2.0, "metric": "conversion"}, "baseline_source"),
        ({"baseline": 2.0, "metric": "conversion", "baseline_source": "shop"}, "baseline_from"),
        ({"baseline": float("nan")}, "baseline"),
        ({"baseline_from": date(2026, 2, 1), "baseline_to": date(2026, 1, 1)}, "baseline_to"),
    ],
)
def test_a_feature_is_refused_when_its_words_cannot_be(values: dict[str, Any], field: str) -> None:
    feature("Taken")
    with pytest.raises(FeatureRefused) as refusal:
        feature("Another", **values)
    assert refusal.value.field == field
    assert Feature.objects.count() == 1


@pytest.mark.django_db
def test_slugs_are_numbered_when_names_are_alike() -> None:
    assert [feature("Über alles").slug for _ in range(3)] == ["uber-alles", "uber-alles-2", "uber-alles-3"]


def measured(one: Feature, value: float, **over: Any) -> Any:
    values: dict[str, Any] = {"begins_on": date(2026, 3, 1), "ends_on": date(2026, 3, 31), "source": "shop"}
    return measure(feature_id=one.pk, value=value, by=None, now=T0, **(values | over))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"low": 4.0}, "low"),
        ({"high": 2.0}, "high"),
        ({"ends_on": date(2026, 2, 1)}, "ends_on"),
        ({"value": float("inf")}, "value"),
    ],
)
def test_a_measurement_is_refused_when_it_cannot_be(over: dict[str, Any], field: str) -> None:
    one = feature(metric="conversion", unit="%")
    with pytest.raises(FeatureRefused) as refusal:
        measured(one, **{"value": 3.0, **over})
    assert refusal.value.field == field


@pytest.mark.django_db
def test_nothing_is_measured_when_no_metric_is_named() -> None:
    with pytest.raises(FeatureRefused, match="which metric"):
        measured(feature(), 3)


@pytest.mark.django_db
def test_the_unit_stands_as_long_as_a_measurement_does() -> None:
    one = feature(metric="conversion", unit="%")
    measurement = measured(one, 3, low=2.5)
    with pytest.raises(FeatureRefused, match="take those measurements back"):
        edit_feature(feature_id=one.pk, by=None, unit="EUR")
    take_back_measurement(measurement_id=measurement.pk, by=None, now=at(1))
    assert edit_feature(feature_id=one.pk, by=None, unit="EUR").unit == "EUR"
    measurement.refresh_from_db()
    assert (measurement.value, measurement.low, measurement.taken_back_at) == (3, 2.5, at(1))


@pytest.mark.django_db
def test_an_answer_is_revised_and_the_earlier_one_stays_in_the_history() -> None:
    one, lead = feature(), make.user(Role.AUTHOR, role_title="lead")
    answer_worth(feature_id=one.pk, text="Hardly.", by=lead, now=at(1))
    answer_worth(feature_id=one.pk, text="Yes, since the retries are gone.", by=lead, now=at(2))
    one.refresh_from_db()
    assert (one.worth_it, one.worth_it_by, one.worth_it_at) == (
        "Yes, since the retries are gone.", lead, at(2),
    )  # fmt: skip
    events: Any = one.events  # type: ignore[attr-defined]
    said = events.exclude(worth_it="").order_by("pgh_id").values_list("worth_it", flat=True)
    assert list(said) == ["Hardly.", "Yes, since the retries are gone."]
    with pytest.raises(FeatureRefused):
        answer_worth(feature_id=one.pk, text="  ", by=lead, now=at(3))


@pytest.mark.django_db
def test_an_edit_is_refused_when_somebody_was_quicker() -> None:
    one = feature()
    edit_feature(feature_id=one.pk, by=None, expected_version=1, description="First.")
    with pytest.raises(FeatureRefused) as refusal:
        edit_feature(feature_id=one.pk, by=None, expected_version=1, description="Second.")
    assert refusal.value.code == "conflict"
    one.refresh_from_db()
    assert one.description == "First."


@pytest.mark.django_db
def test_a_feature_is_retired_once_and_brought_back() -> None:
    one = feature(begun_on=date(2026, 1, 1))
    with pytest.raises(FeatureRefused):
        retire_feature(feature_id=one.pk, on=date(2025, 12, 31), by=None)
    retire_feature(feature_id=one.pk, on=date(2026, 3, 1), by=None, reason="Nobody used it.")
    with pytest.raises(FeatureRefused):
        retire_feature(feature_id=one.pk, on=date(2026, 3, 2), by=None)
    assert bring_back(feature_id=one.pk, by=None).retired_on is None
