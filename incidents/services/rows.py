"""What every verb on a postmortem does with its rows: hold them, write them, keep a revision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import AuditEntry, User
from incidents import markdown
from incidents.models import Incident, Postmortem, PostmortemRevision, PostmortemSection
from intake import ledger
from intake.ledger import Kind


def write_section(postmortem: Postmortem, key: str, title: str, position: int, text: str) -> None:
    PostmortemSection.objects.update_or_create(
        postmortem=postmortem,
        key=key,
        defaults={"title": title, "position": position, "text": text, "html": markdown.render(text)},
    )


def keep_revision(
    postmortem: Postmortem, by: User, now: datetime, note: str = "", restored_from: int | None = None
) -> None:
    texts = dict(PostmortemSection.objects.filter(postmortem=postmortem).values_list("key", "text"))
    PostmortemRevision.objects.update_or_create(
        postmortem=postmortem,
        number=postmortem.version,
        defaults={
            "content": {"sections": texts},
            "note": note[:200],
            "restored_from": restored_from,
            "saved_by": by,
            "saved_at": now,
        },
    )


def locked(incident_id: int) -> Postmortem:
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    return Postmortem.objects.select_related("incident__severity").get(incident=incident)


def audit(postmortem: Postmortem, verb: str, by: User, now: datetime, **detail: Any) -> None:
    AuditEntry.objects.create(
        at=now, actor=by, verb=verb, target_kind="postmortem", target_id=postmortem.pk, detail=detail
    )


def touched(postmortem: Postmortem, verb: str, by: User) -> None:
    ledger.touch(Kind.INCIDENT, postmortem.incident_id, verb=verb, actor_id=by.pk)
