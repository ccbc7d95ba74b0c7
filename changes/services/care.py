"""One question after a review: could it be done with the care it needs? Kept without a person or an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.days import day_of
from changes.models import Change, ReviewCare
from intake import ledger

# A link that somebody put where many read it must not be able to fill the table.
MOST_ANSWERS = 50
LIFETIME = timedelta(days=90)
_signer = Signer(salt="changes.care", sep="~")


class Shut(Enum):
    """Why a link opens nothing, in words."""

    UNKNOWN = "This link is not whole, or the change is gone."
    EXPIRED = "This link was made more than 90 days ago: the review is too long past to ask about."


class CareRefused(ValueError):
    """In words to be shown, with a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


@transaction.atomic
def record_care(*, change_id: int, answer: str, now: datetime) -> Change:
    """Nobody is named, neither here nor in the ledger. Raises: CareRefused."""
    if answer not in ReviewCare.Answer.values:
        raise CareRefused("The answers are yes, not_really and no.", field="answer", code="unknown_answer")
    change = Change.objects.select_for_update(no_key=True).get(pk=change_id)
    if change.merged_into_id:
        return record_care(change_id=change.merged_into_id, answer=answer, now=now)
    if change.care.count() >= MOST_ANSWERS:
        raise CareRefused("This change has all the answers that it can have.", code="enough")
    ReviewCare.objects.create(change=change, answer=answer, on=day_of(now))
    ledger.touch(ledger.Kind.CHANGE, change.pk, verb="told", repository_id=change.repository_id)
    return change


def care_token(change_id: int, now: datetime) -> str:
    """What a link to the question ends with: it says which change, and when it was made, and no more."""
    return _signer.sign(f"{change_id}.{day_of(now).toordinal()}")


def opened(token: str, now: datetime) -> Change | Shut:
    """The change that the link asks about."""
    try:
        pk, _, day = _signer.unsign(token).partition(".")
    except BadSignature:
        return Shut.UNKNOWN
    if day_of(now).toordinal() - int(day) > LIFETIME.days:
        return Shut.EXPIRED
    change = Change.objects.select_related("repository", "merged_into").filter(pk=int(pk)).first()
    return (change.merged_into or change) if change else Shut.UNKNOWN
