"""What one button of a weekly mail's page writes, and taking it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Mail
from analytics.queries.by_mail import said_from
from analytics.queries.queue import still_waiting
from analytics.services import queue
from changes.models import AssistanceKind, Prompt
from changes.services.origin import withdraw_decision
from incidents.services.refusals import Refused


@transaction.atomic
def decide(*, mail_id: int, change_id: int, say: str, kind: AssistanceKind | None, now: datetime) -> None:
    """In the name of the addressee. Raises: Refused for a change that the mail is not about, or that
    waits no more."""
    # Held, so that of two clicks the second sees what the first said.
    mail = Mail.objects.select_for_update(of=("self",)).select_related("user").get(pk=mail_id)
    if change_id not in mail.content["changes"]:
        raise Refused("This mail did not ask about that change.")
    if not still_waiting([change_id], demo=False):
        raise Refused("It waits no more: it was decided meanwhile.")
    queue.decide(change_id=change_id, say=say, kind=kind, by=mail.user, now=now, prompted_by=Prompt.MAIL)


@transaction.atomic
def undo(*, mail_id: int, change_id: int, now: datetime) -> int:
    """Withdraws what the last button for this change said; says how many judgements that were."""
    mail = Mail.objects.select_for_update(of=("self",)).select_related("user").get(pk=mail_id)
    if change_id not in mail.content["changes"]:
        raise Refused("This mail did not ask about that change.")
    last = said_from(mail, [change_id]).get(change_id)
    for decision in last or ():
        withdraw_decision(decision_id=decision.pk, by=mail.user, now=now)
    return len(last or ())
