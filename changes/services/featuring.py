"""Which feature a change was made for: what people say holds, else what its texts and labels name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import Change, ChangeQuerySet, Feature, FeatureWord
from intake import ledger

Basis = Change.FeatureBasis
COLUMNS = ["feature", "feature_basis", "version"]
BATCH = 1000


class FeatureRefused(ValueError):
    """A rule of features forbids it: in words to be shown, with the input to mend and a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


def place_named(changes: Iterable[Change], *, is_demo: bool) -> None:
    """Set the feature that texts and labels name, unless a person said one. Saves nothing."""
    open_ones = [one for one in changes if one.feature_basis != Basis.PERSON]
    names = {name for one in open_ones for name in one.feature_names}
    rows = Feature.objects.filter(slug__in=names, is_demo=is_demo) if names else []
    known = {one.slug: one for one in rows}
    for change in open_ones:
        slug = next((name for name in change.feature_names if name in known), "")
        change.feature = known.get(slug)
        in_text = slug in change.feature_lines
        change.feature_basis = (Basis.LINE if in_text else Basis.LABEL) if slug else Basis.NONE


def move_words(double: Change, survivor: Change) -> None:
    """Of a change that turned out to be the same one: the later word of both holds. Saves no change."""
    FeatureWord.objects.filter(change=double).update(change=survivor)
    if Basis.PERSON in {double.feature_basis, survivor.feature_basis}:
        _obey([survivor])


@transaction.atomic
def say_feature(
    *, change_ids: Sequence[int], feature: Feature | None, by: User | None, prompted_by: str, now: datetime
) -> list[int]:
    """These changes were made for this feature, or for none; a double's survivor is meant. Returns their ids.

    Raises: FeatureRefused for a retired feature, or one of the demonstration data for a real change.
    """
    changes = _held(change_ids)
    if feature is not None:
        feature = Feature.objects.select_for_update(no_key=True).get(pk=feature.pk)
        _check(feature, changes)
    FeatureWord.objects.bulk_create(
        FeatureWord(
            change=one, feature=feature, said_at=now, said_by=by, prompted_by=FeatureWord.Prompt(prompted_by)
        )
        for one in changes
    )
    _settle(changes, verb="feature said", by=by)
    return [one.pk for one in changes]


def _check(feature: Feature, changes: Sequence[Change]) -> None:
    if feature.retired_on is not None:
        raise FeatureRefused(f"“{feature}” is retired.", field="feature", code="retired")
    if any(one.repository.is_demo != feature.is_demo for one in changes):
        raise FeatureRefused(
            "Demonstration data and real changes do not mix.", field="feature", code="demonstration"
        )


@transaction.atomic
def hand_back(*, change_ids: Sequence[int], by: User | None, now: datetime) -> list[int]:
    """To what their texts and labels name: every word on these changes is withdrawn, and kept."""
    changes = _held(change_ids)
    _withdraw(FeatureWord.objects.filter(change__in=[one.pk for one in changes]), now)
    _settle(changes, verb="feature handed back", by=by)
    return [one.pk for one in changes]


@transaction.atomic
def take_back(*, by: User, said_at: datetime, now: datetime) -> list[int]:
    """All that this person said in one step. Returns the changes on which that stood."""
    mine = FeatureWord.objects.filter(said_by=by, said_at=said_at, withdrawn_at=None)
    changes = _held(list(mine.values_list("change", flat=True)))
    _withdraw(mine, now)
    _settle(changes, verb="feature word withdrawn", by=by)
    return [one.pk for one in changes]


@transaction.atomic
def place_by_name(*, feature: Feature) -> int:
    """Changes that named it before it was known here; says how many came in."""
    named = Change.objects.current().filter(
        feature_names__contains=[feature.slug], repository__is_demo=feature.is_demo
    )
    waiting = named.exclude(feature_basis=Basis.PERSON)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _settle(_held(ids[start : start + BATCH]), verb="feature named", by=None)
    return Change.objects.filter(pk__in=ids, feature=feature).count()


def _held(ids: Sequence[int]) -> list[Change]:
    """Locked, each once; a double leads to what it was merged into."""
    rows: ChangeQuerySet = Change.objects.select_related("repository").order_by("pk")
    survivors = Change.objects.filter(pk__in=ids).exclude(merged_into=None).values("merged_into")
    wanted = rows.filter(pk__in=ids, merged_into=None) | rows.filter(pk__in=survivors)
    meant = list(wanted.values_list("pk", flat=True))
    return list(rows.filter(pk__in=meant).select_for_update(of=("self",), no_key=True))


def _withdraw(words: object, now: datetime) -> None:
    words.filter(withdrawn_at=None).update(withdrawn_at=now)  # type: ignore[attr-defined]


def _settle(changes: Sequence[Change], *, verb: str, by: User | None) -> None:
    """What stands after words came or went, saved and told."""
    before = {one.feature_id for one in changes}
    _obey(changes)
    for change in changes:
        change.version += 1
    Change.objects.bulk_update(changes, COLUMNS, batch_size=BATCH)
    actor = by.pk if by else None
    by_repository: dict[int, list[int]] = defaultdict(list)
    for change in changes:
        by_repository[change.repository_id].append(change.pk)
    for pk, ids in by_repository.items():
        ledger.touch(ledger.Kind.CHANGE, *ids, verb=verb, repository_id=pk, actor_id=actor)
    features = {pk for pk in before | {one.feature_id for one in changes} if pk is not None}
    ledger.touch(ledger.Kind.FEATURE, *sorted(features), verb=verb, actor_id=actor)


def _obey(changes: Sequence[Change]) -> None:
    """Set the latest word that stands, else what is named. Saves nothing."""
    words = FeatureWord.objects.filter(change__in=[one.pk for one in changes], withdrawn_at=None)
    latest = {one.change_id: one for one in words.select_related("feature").order_by("said_at", "pk")}
    rest: dict[bool, list[Change]] = defaultdict(list)
    for change in changes:
        word = latest.get(change.pk)
        change.feature_basis = Basis.PERSON if word else Basis.NONE
        if word:
            change.feature = word.feature
        else:
            rest[change.repository.is_demo].append(change)
    for is_demo, named in rest.items():
        place_named(named, is_demo=is_demo)
