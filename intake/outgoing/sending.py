"""Sending what is due: the row is the truth, each attempt is claimed first, and one hook stops no other."""

from __future__ import annotations

import http.client
import logging
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction
from django.db.models import Q, QuerySet

from intake.models import OutgoingMessage
from intake.outgoing import hooks
from intake.outgoing.addresses import Refused, Target
from intake.outgoing.posting import Answer, post
from intake.outgoing.signing import headers
from intake.outgoing.writers import TEST, body, document
from intake.sealing import Unsealable

log = logging.getLogger(__name__)
# After the first attempt, the second…: in all ten within four days.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
MOST_ATTEMPTS = len(WAITS) + 1
LONGEST_WAIT = timedelta(days=1)
SECONDS = 60.0
GONE = 410


class Outcome(Enum):
    SENT = "sent"
    FAILED = "failed"
    NOTHING = "nothing left to say"


def due(now: datetime, *, held: bool = False) -> QuerySet[OutgoingMessage]:
    """While all is `held` a test still goes, and it goes to a hook that is off: it is asked for by hand."""
    found = OutgoingMessage.objects.filter(sent_at=None, closed_at=None, next_attempt_at__lte=now)
    wanted = Q(topic=TEST) if held else Q(topic=TEST) | Q(hook__is_active=True)
    return found.filter(wanted)


@transaction.atomic
def claim(*, now: datetime, held: bool = False, but: Collection[int] = ()) -> OutgoingMessage | None:
    """Takes the one that waited longest, of other hooks than `but`.

    Whoever dies over it leaves it to its next attempt. Several may send at once: a row that another holds is
    passed over.
    """
    rows = due(now, held=held).exclude(hook__in=list(but)).select_related("hook")
    rows = rows.select_for_update(skip_locked=True, of=("self",))
    message = rows.order_by("next_attempt_at", "pk").first()
    if message is None:
        return None
    message.attempts += 1
    message.next_attempt_at = now + WAITS[min(message.attempts, len(WAITS)) - 1]
    message.save(update_fields=["attempts", "next_attempt_at"])
    return message


def send_due(*, now: Callable[[], datetime], held: bool = False, seconds: float = SECONDS) -> int:
    """Sends until nothing is due or the time is up; says how many went. The next ring goes on.

    A hook that fails once has its other messages left for later: it keeps nobody waiting.
    """
    until, count, failed = time.monotonic() + seconds, 0, set[int]()
    while time.monotonic() < until and (message := claim(now=now(), held=held, but=failed)):
        outcome = attempt(message=message, now=now)
        count += outcome is Outcome.SENT
        if outcome is Outcome.FAILED:
            failed.add(message.hook_id)
    return count


def attempt(*, message: OutgoingMessage, now: Callable[[], datetime]) -> Outcome:
    """One try with a message that was claimed. Nothing is raised: what went wrong is kept with it."""
    try:
        answer = _posted(message, now())
    except Exception as error:  # noqa: BLE001  kept with the message; the others have their turn
        expected = isinstance(error, (OSError, http.client.HTTPException, Refused, Unsealable))
        log.warning("Message %s was not sent: %s", message.pk, words(error), exc_info=not expected)
        _failed(message, words(error), now())
        return Outcome.FAILED
    if answer is None:
        OutgoingMessage.objects.filter(pk=message.pk).update(closed_at=now(), error="")
        return Outcome.NOTHING
    return _answered(message, answer, now())


def _posted(message: OutgoingMessage, now: datetime) -> Answer | None:
    """None where nothing is left to say."""
    found = document(message, now)
    if found is None:
        return None
    target, content = hooks.target_of(message.hook), body(message, message.hook, found)
    signed = headers(
        message_id=message_id(message),
        timestamp=int(now.timestamp()),
        body=content,
        secrets=hooks.secrets_of(message.hook, now),
    )
    known = {"Content-Type": "application/json", "User-Agent": "Hindcast", "Accept": "*/*"}
    answer = post(target, content, known | signed, listed=hooks.listed())
    return Answer(answer.status, answer.retry_after, _without_secrets(answer.text, target))


def message_id(message: OutgoingMessage) -> str:
    """The same for all attempts: who gets it twice sees that it is one."""
    return f"msg_{message.pk}_{message.made_at:%Y%m%d%H%M%S}"


def _without_secrets(text: str, target: Target) -> str:
    """What the other side says may repeat the address, of which the path is known to nobody else."""
    for part in sorted({target.path, *target.path.replace("?", "/").split("/")}, key=len, reverse=True):
        text = text.replace(part, "…") if len(part) > 5 else text
    return text


def _answered(message: OutgoingMessage, answer: Answer, now: datetime) -> Outcome:
    if answer.is_taken:
        OutgoingMessage.objects.filter(pk=message.pk).update(sent_at=now, error="")
        return Outcome.SENT
    log.info("Message %s was answered %s", message.pk, answer.status)
    if answer.status == GONE:
        hooks.stop(hook=message.hook, why="The other side answered 410 Gone: it wants no more.", now=now)
    else:
        _failed(message, _said(answer), now, answer.retry_after)
    return Outcome.FAILED


def _said(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"{answer.status}: it leads elsewhere, and redirects are not followed. Enter the last address."
    reason = http.client.responses.get(answer.status, "")
    return f"{answer.status} {reason}".strip() + (f": {answer.text}" if answer.text else "")


def _failed(message: OutgoingMessage, error: str, now: datetime, wait: int | None = None) -> None:
    """A test is tried once: whoever asked for it looks at the answer."""
    rows = OutgoingMessage.objects.filter(pk=message.pk)
    if message.attempts >= MOST_ATTEMPTS or message.topic == TEST:
        rows.update(closed_at=now, error=error[:300])
        return
    asked = now + min(timedelta(seconds=wait or 0), LONGEST_WAIT)
    rows.update(error=error[:300], next_attempt_at=max(message.next_attempt_at, asked))


def words(error: Exception) -> str:
    """What went wrong, for an admin; never more than one line."""
    if isinstance(error, (Refused, Unsealable)):
        return str(error)
    said = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return " ".join(f"{type(error).__name__}: {said}".split())[:300]
