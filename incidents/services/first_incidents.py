"""When each change first met an incident: what was said of it from then on enters no rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from changes.services.origin import set_first_incident
from incidents.models import Cause, Incident
from incidents.queries.causes import standing_causes


def tell_first_incidents(change_ids: Collection[int]) -> None:
    """Only confirmed causes in incidents that count; suspected ones are shown and count nowhere."""
    confirmed = (
        standing_causes(change_ids)
        .filter(
            status=Cause.Status.CONFIRMED,
            incident__in=Incident.objects.counted(),
        )
        .select_related("incident")
    )
    began: dict[int, list[datetime]] = defaultdict(list)
    for cause in confirmed:
        began[cause.stands_for].append(cause.incident.began_at)
    for change_id in sorted(change_ids):
        set_first_incident(change_id=change_id, at=min(began[change_id], default=None))
