"""What every pager has in common: facts are recorded, and letters are as private as their incidents."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from incidents.facts import PagerFact
from incidents.models import Alert, Incident
from incidents.services.alerts import alert_key, record_pager_facts
from intake.models import Delivery
from intake.sources import Ignored, Letter, Provider, Unprocessable, body_key


class Pager(Provider):
    def facts(self, delivery: Delivery, letter: Letter) -> list[PagerFact]:
        """Raises: Unprocessable, Ignored."""
        raise NotImplementedError

    def handle(self, delivery: Any, letter: Letter) -> None:
        facts = self.facts(delivery, letter)
        record_pager_facts(source=delivery.source, delivery=delivery, facts=facts)

    def may_read(self, delivery: Any, letter: Letter, user: User) -> bool:
        """Not when it tells of a restricted incident on which the reader is not named."""
        try:
            facts = self.facts(delivery, letter)
        except (Unprocessable, Ignored):
            return True
        keys = {alert_key(fact.alert_key) for fact in facts}
        alerts = Alert.objects.filter(source=delivery.source, key__in=keys, incident__isnull=False)
        return not alerts.exclude(incident__in=Incident.objects.visible_to(user)).exists()


def key_in(letter: Letter, header: str, *path: str) -> str:
    """The sender's name for this letter: a header, else a field of the body, else the body's digest."""
    return letter.header(header) or quietly(letter, *path) or body_key(letter)


def quietly(letter: Letter, *path: str) -> str:
    """A text of the body, for a letter that is not stored yet: an unreadable one is as welcome as any."""
    try:
        found: Any = letter.document
    except Unprocessable:
        return ""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found.strip() if isinstance(found, str) else ""
