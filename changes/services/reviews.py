"""Reviews and remarks: who wrote is kept as two keyed hashes, per change and per day, and as booleans."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.days import day_of
from changes.facts import Identity, RemarkFact, ReviewFact
from changes.models import (
    Change,
    ChangeIdentity,
    DayKey,
    Repository,
    Review,
    ReviewCare,
    ReviewRemark,
    SeniorReviewer,
    SizeException,
)
from changes.origin import RuleBook
from changes.remarks import means_something
from changes.services.rules import current_rules
from intake import ledger
from intake.models import Delivery

Space = ChangeIdentity.Space
# When the words were told that stand: any words come after none, in any order of arrival.
NO_WORDS_YET = datetime(1970, 1, 1, tzinfo=UTC)


@transaction.atomic
def record_reviews(
    *, repository: Repository, facts: Iterable[ReviewFact], delivery: Delivery | None = None
) -> list[Review]:
    """Upsert by the sender's review id; the later telling wins. The change must be known by the name told.

    A review's own words are a remark as well.
    """
    book, found = current_rules().book, []
    for fact in facts:
        change = _locked(repository, fact)
        found.append(_record(change, fact, book, delivery))
        for remark in _own_words(fact):
            _record_remark(change, remark, book, delivery)
    _touch(repository, {one.change_id for one in found}, "reviewed", delivery)
    return found


@transaction.atomic
def record_remarks(
    *, repository: Repository, facts: Iterable[RemarkFact], delivery: Delivery | None = None
) -> list[ReviewRemark]:
    """Upsert by the sender's id: edits follow, a deletion is for good. Words are read here and dropped."""
    book = current_rules().book
    found = [_record_remark(_locked(repository, fact), fact, book, delivery) for fact in facts]
    _touch(repository, {one.change_id for one in found}, "remarked on", delivery)
    return found


def _touch(repository: Repository, changes: set[int], verb: str, delivery: Delivery | None) -> None:
    ledger.touch(
        ledger.Kind.CHANGE, *sorted(changes), verb=verb, repository_id=repository.pk,
        delivery_id=delivery.pk if delivery else None,
    )  # fmt: skip


def _locked(repository: Repository, fact: ReviewFact | RemarkFact) -> Change:
    space, value = (Space.NUMBER, fact.number) if fact.number else (Space.EXTERNAL, fact.change_id[:120])
    name = ChangeIdentity.objects.get(repository=repository, space=space, value=value)
    return Change.objects.select_for_update(no_key=True).get(pk=name.change_id)


def _record(change: Change, fact: ReviewFact, book: RuleBook, delivery: Delivery | None) -> Review:
    review = Review.objects.filter(change=change, external_id=fact.external_id).first()
    if review is None:
        review = Review(change=change, external_id=fact.external_id, delivery=delivery)
        review.reviewer_in_change = in_change(change, fact)
        review.is_senior = fact.is_senior or is_senior(change.repository_id, fact.reviewer)
        is_later = True
    else:
        is_later = (fact.told_at, fact.state) >= (review.told_at, review.state)
    if is_later:
        review.state, review.told_at = fact.state, fact.told_at
    if review.submitted_at is None or fact.submitted_at < review.submitted_at:
        review.submitted_at = fact.submitted_at
        review.reviewer_on_day = on_day(day_of(fact.submitted_at), fact.reviewer_id)
    # What a review was of, and by whom, does not change; what is still unknown is filled in.
    review.commit_sha = review.commit_sha or fact.commit_sha.lower()
    review.is_self = review.is_self or fact.is_self
    review.is_bot = review.is_bot or is_bot(fact.reviewer, book)
    told = [one for one in (review.comments, fact.comments) if one is not None]
    review.comments = max(told, default=None)
    review.save()
    return review


def _own_words(fact: ReviewFact) -> Iterator[RemarkFact]:
    if fact.text is not None:
        yield RemarkFact(
            number=fact.number,
            change_id=fact.change_id,
            external_id=f"review-{fact.external_id}"[:60],
            kind=ReviewRemark.Kind.THREAD,
            at=fact.submitted_at,
            told_at=fact.told_at,
            reviewer=fact.reviewer,
            reviewer_id=fact.reviewer_id,
            text=fact.text,
            is_self=fact.is_self,
        )


def _record_remark(
    change: Change, fact: RemarkFact, book: RuleBook, delivery: Delivery | None
) -> ReviewRemark:
    key = {"change": change, "kind": fact.kind, "external_id": fact.external_id}
    row = ReviewRemark.objects.filter(**key).first()
    if row is None:
        row = ReviewRemark(**key, told_at=NO_WORDS_YET, delivery=delivery)
        row.reviewer_in_change = in_change(change, fact)
    if row.at is None or fact.at < row.at:
        row.at = fact.at
        row.reviewer_on_day = on_day(day_of(fact.at), fact.reviewer_id)
    row.is_self = row.is_self or fact.is_self
    row.is_bot = row.is_bot or is_bot(fact.reviewer, book)
    if fact.text is not None:
        means = means_something(fact.text)
        if (fact.told_at, means) >= (row.told_at, row.is_meaningful):
            row.is_meaningful, row.told_at = means, fact.told_at
    row.is_meaningful = row.is_meaningful and not (row.is_self or row.is_bot)
    row.deleted_at = min(filter(None, (row.deleted_at, fact.deleted_at)), default=None)
    row.save()
    return row


def is_bot(who: Identity, book: RuleBook) -> bool:
    """As the forge says, or as a detection rule knows the account for a tool or an automation."""
    return who.is_bot or book.knows(str(who))


def is_senior(repository_id: int, who: Identity) -> bool:
    """By the list as it stands now; looked at once, when the review comes in."""
    place = Q(repository=None) | Q(repository=repository_id)
    name = who.login or who.name
    return bool(name) and SeniorReviewer.objects.filter(place, account__iexact=name).exists()


def in_change(change: Change, fact: ReviewFact | RemarkFact) -> bytes:
    """The same person in one change is one; across changes nobody can tell without the secret."""
    name = f"review:{change.repository_id}:{fact.number or fact.change_id}:{fact.reviewer_id}"
    return hmac.new(settings.SECRETS_KEY.encode(), name.encode(), hashlib.sha256).digest()


def on_day(day: date, reviewer_id: str) -> bytes:
    """Counts reviewers of a day; its key goes with the raw deliveries, and with it the way back."""
    new_key = partial(secrets.token_bytes, 32)
    key, _ = DayKey.objects.get_or_create(day=day, defaults={"key": new_key})
    return hmac.new(bytes(key.key), reviewer_id.encode(), hashlib.sha256).digest()


@transaction.atomic
def forget_days(*, before: date) -> int:
    """Drop day keys with the deliveries of those days."""
    deleted, _ = DayKey.objects.filter(day__lt=before).delete()
    return deleted


def move_reviews(double: Change, survivor: Change) -> None:
    """What reviewers and others said of a change that turned out to be another's double."""
    known = set(Review.objects.filter(change=survivor).values_list("external_id", flat=True))
    Review.objects.filter(change=double).exclude(external_id__in=known).update(change=survivor)
    has = set(ReviewRemark.objects.filter(change=survivor).values_list("kind", "external_id"))
    for row in ReviewRemark.objects.filter(change=double).only("kind", "external_id"):
        if (row.kind, row.external_id) not in has:
            ReviewRemark.objects.filter(pk=row.pk).update(change=survivor)
    ReviewCare.objects.filter(change=double).update(change=survivor)
    said = SizeException.objects.filter(change__in=[double, survivor]).order_by("-said_at").first()
    if said is not None and said.change_id != survivor.pk:
        # Both hold a person's words: the later ones stand, the others stay in the history.
        SizeException.objects.filter(change=survivor).delete()
        SizeException.objects.filter(pk=said.pk).update(change=survivor)
