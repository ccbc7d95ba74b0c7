"""What a team says of its service: whether its incidents come in, how long a deployment may still fail."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from changes.models import Service
from intake import ledger

MOST_DAYS = 365


class SettingsRefused(ValueError):
    """In words to be shown, with the input to mend and a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


@transaction.atomic
def say_incident_reporting(
    *, service_id: int, reports_incidents: bool | None, exposure_days: int | None, by: User | None
) -> Service:
    """None leaves the first to what is seen, the second to the rule for everywhere.

    Raises: SettingsRefused for days that are none.
    """
    if exposure_days is not None and not 1 <= exposure_days <= MOST_DAYS:
        raise SettingsRefused(f"From 1 to {MOST_DAYS} days.", field="exposure_days", code="out_of_range")
    row = Service.objects.select_for_update(no_key=True, of=("self",)).get(pk=service_id)
    before = {"reports_incidents": row.reports_incidents, "exposure_days": row.exposure_days}
    after = {"reports_incidents": reports_incidents, "exposure_days": exposure_days}
    if before == after:
        return row
    row.reports_incidents, row.exposure_days = reports_incidents, exposure_days
    row.save(update_fields=["reports_incidents", "exposure_days"])
    audit(verb="say_incident_reporting", target=row, actor=by, detail={"before": before, "after": after})
    ledger.touch(
        ledger.Kind.SERVICE, row.pk, verb="incident reporting said", repository_id=row.repository_id,
        actor_id=by.pk if by else None,
    )  # fmt: skip
    return row
