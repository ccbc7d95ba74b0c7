"""Rows of controls, with what was said of them."""

from __future__ import annotations

from accounts.days import day_of
from analytics.demo.history import History
from analytics.demo.incident_rows import Told
from analytics.demo.places import Places
from analytics.demo.sittings import Answer, Sitting
from changes.models import Change
from changes.services.bulk import insert
from incidents.models import Cause, Control
from incidents.queries.controls import quarter_of


def make(history: History, places: Places, changes: dict[int, Change], told: list[Told]) -> None:
    incidents = {id(one.outage): one for one in told}
    rows = Cause.objects.filter(incident__in=[one.row.pk for one in told])
    causes = {(row.incident_id, row.change_id): row for row in rows}
    made: list[tuple[Answer, Control]] = []
    for sitting in history.sittings:
        one = incidents[id(sitting.outage)]
        cause = causes[(one.row.pk, changes[id(sitting.cause)].pk)]
        made += [
            (answer, _row(sitting, answer, cause, one, changes[id(answer.work)]))
            for answer in sitting.answers
        ]
    insert([row for _, row in made])
    through = Control.kinds.through
    through.objects.bulk_create(
        through(control=row, assistancekind=places.kinds[kind])
        for answer, row in made
        for kind in (answer.kinds if row.answered_at else ())
    )


def _row(sitting: Sitting, answer: Answer, cause: Cause, one: Told, change: Change) -> Control:
    assert change.shipped_at is not None  # noqa: S101 -- drawn among shipped ones
    return Control(
        cause=cause,
        change=change,
        area=change.area,
        size_band=change.size_band,
        quarter_begins_on=quarter_of(day_of(change.shipped_at)),
        pool=sitting.pool,
        origin=answer.origin,
        drawn_at=sitting.at,
        passed_over_at=None if answer.origin else sitting.at,
        answered_at=sitting.at if answer.origin else None,
        answered_by=one.owner if answer.origin else None,
    )
