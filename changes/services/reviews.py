"""Reviews: who reviewed is kept as two keyed hashes, one per change and one per day, and as booleans."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db import transaction

from changes.facts import ReviewFact
from changes.models import Change, ChangeIdentity, DayKey, Repository, Review
from changes.services.weighing import local_day
from intake import ledger
from intake.models import Delivery


@transaction.atomic
def record_reviews(
    *, repository: Repository, facts: Iterable[ReviewFact], delivery: Delivery | None = None
) -> list[Review]:
    """Upsert by the sender's review id; the later telling wins. The change must be known by its number."""
    found = []
    for fact in facts:
        identity = ChangeIdentity.objects.get(
            repository=repository, space=ChangeIdentity.Space.NUMBER, value=fact.number
        )
        found.append(_record(identity.change_id, fact, delivery))
    ledger.touch(
        ledger.Kind.CHANGE, *{one.change_id for one in found}, verb="reviewed", repository_id=repository.pk,
        delivery_id=delivery.pk if delivery else None,
    )  # fmt: skip
    return found


def _record(change_id: int, fact: ReviewFact, delivery: Delivery | None) -> Review:
    change = Change.objects.select_for_update(no_key=True).get(pk=change_id)
    review = Review.objects.filter(change=change, external_id=fact.external_id).first()
    if review is None:
        review = Review(change=change, external_id=fact.external_id)
        review.reviewer_in_change = in_change(change, fact.reviewer_id)
        review.reviewer_on_day = on_day(local_day(fact.submitted_at), fact.reviewer_id)
    elif (fact.told_at, fact.state) < (review.told_at, review.state):
        return review
    review.state, review.submitted_at, review.told_at = fact.state, fact.submitted_at, fact.told_at
    review.commit_sha = fact.commit_sha or review.commit_sha
    review.is_self = fact.is_self
    review.is_bot = fact.reviewer.is_bot
    review.delivery = review.delivery or delivery
    review.save()
    return review


def in_change(change: Change, reviewer_id: str) -> bytes:
    """The same person in one change is one; across changes nobody can tell without the secret."""
    number = ChangeIdentity.objects.filter(change=change, space=ChangeIdentity.Space.NUMBER).first()
    name = f"review:{change.repository_id}:{number.value if number else change.pk}:{reviewer_id}"
    return hmac.new(settings.SECRETS_KEY.encode(), name.encode(), hashlib.sha256).digest()


def on_day(day: date, reviewer_id: str) -> bytes:
    """Counts reviewers of a day; its key goes with the raw deliveries, and with it the way back."""
    key, _ = DayKey.objects.get_or_create(day=day, defaults={"key": secrets.token_bytes(32)})
    return hmac.new(bytes(key.key), reviewer_id.encode(), hashlib.sha256).digest()


@transaction.atomic
def forget_days(*, before: date) -> int:
    """Drop day keys with the deliveries of those days."""
    deleted, _ = DayKey.objects.filter(day__lt=before).delete()
    return deleted
