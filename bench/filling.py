"""A large made-up history, written by SQL: what services would take days for, in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db import models

AREAS, KINDS, TOOLS, SERVICES, REPOSITORIES = 12, 8, 5, 40, 20
# Three years up to now, changes in the order in which they shipped; the same history in every run.
CHANGES = """
SELECT n, now() - interval '1095 days' * (1 - n::float8 / %(changes)s) AS shipped_at,
       random() AS origin, random() AS tool, random() AS size, random() AS area, random() AS type,
       random() AS automation, random() AS undone
FROM generate_series(1, %(changes)s) AS n
"""
OF_CHANGE = {
    "id": "drawn.n",
    "repository_id": "%(repository)s + drawn.n %% 20",
    "title": "'Change ' || drawn.n",
    "state": "'shipped'",
    "shipped_basis": "'merge'",
    "merged_at": "drawn.shipped_at",
    "shipped_at": "drawn.shipped_at",
    "recorded_at": "drawn.shipped_at",
    "undone_at": "CASE WHEN undone < 0.02 THEN LEAST(now(), drawn.shipped_at + interval '3 days') END",
    "type": "CASE WHEN drawn.type < 0.9 THEN 'code' ELSE 'configuration' END",
    "size_band": "CASE WHEN size < 0.5 THEN 'small' WHEN size < 0.8 THEN 'medium'"
    " WHEN size < 0.95 THEN 'large' ELSE 'unknown' END",
    "origin": "{origin}",
    "origin_counted": "{origin}",
    "automation": "drawn.automation < 0.05",
    "assistant_id": "CASE WHEN drawn.origin < 0.45 THEN %(tool)s + floor(drawn.tool * 5)::int END",
    "area_id": "CASE WHEN drawn.area < 0.97 THEN %(area)s + floor(power(drawn.area, 1.5) * 12)::int END",
}
ORIGIN = (
    "CASE WHEN drawn.origin < 0.4 THEN 'assisted' WHEN drawn.origin < 0.45 THEN 'autonomous'"
    " WHEN drawn.origin < 0.8 THEN 'manual' ELSE 'unknown' END"
)
# Two thirds of the assisted ones have a kind, some of these a second.
ASSISTANCES = """
INSERT INTO changes_assistance (change_id, kind_id, status, counted, why)
SELECT id, %(kind)s + (id * which * 7919) %% 8, 'confirmed', id %% 50 <> 0, ''
FROM changes_change CROSS JOIN generate_series(1, 2) AS which
WHERE origin IN ('assisted', 'autonomous') AND id %% (3 * which) <> 0 ON CONFLICT DO NOTHING
"""
SERVED = """
INSERT INTO changes_change_services (change_id, service_id)
SELECT id, %(service)s + (id * 31) %% 40 FROM changes_change
"""
INCIDENTS = """
SELECT n, now() - interval '1090 days' * (1 - n::float8 / %(incidents)s) AS began_at, random() AS answer
FROM generate_series(1, %(incidents)s) AS n
"""
OF_INCIDENT = {
    "id": "drawn.n",
    "number": "drawn.n",
    "title": "'Outage ' || drawn.n",
    "impact_started_at": "drawn.began_at",
    "reported_at": "drawn.began_at",
    "recorded_at": "drawn.began_at",
    "area_id": "%(area)s + drawn.n %% 12",
    "is_restricted": "drawn.n %% 100 = 0",
    "status": "CASE WHEN drawn.began_at < now() - interval '3 days' THEN 'resolved' ELSE 'open' END",
    "cause_answer": "CASE WHEN answer < 0.8 THEN 'changes' WHEN answer < 0.9 THEN 'no_change'"
    " ELSE 'open' END",
}
# One or two changes that shipped in the days before have a hand in most incidents.
CAUSES = """
INSERT INTO incidents_cause (incident_id, change_id, role, status, weight, rationale, evidence_url,
                             suggested_by, said_at)
SELECT id, GREATEST(1, (id::float8 / %(incidents)s * %(changes)s)::bigint
                       - (id * which * 7919) %% GREATEST(1, %(changes)s / 55)),
       'trigger', CASE WHEN id %% 5 = 0 THEN 'suspected' ELSE 'confirmed' END, 1, '', '', '', reported_at
FROM incidents_incident CROSS JOIN generate_series(1, 2) AS which
WHERE cause_answer = 'changes' AND (which = 1 OR id %% 4 = 0) ON CONFLICT DO NOTHING
"""


def fill(*, changes: int, incidents: int) -> None:
    from django.db import connection, transaction

    from changes.models import Change
    from changes.services.shipped_counts import count_anew
    from incidents.models import Incident

    named = {**places(), "changes": changes, "incidents": incidents}
    of_change = {name: what.format(origin=ORIGIN) for name, what in OF_CHANGE.items()}
    with transaction.atomic(), connection.cursor() as cursor:
        # Nothing here is checked or kept as history: it is the shape that matters.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(_copies(Change(repository_id=1), CHANGES, of_change), named)
        cursor.execute(ASSISTANCES, named)
        cursor.execute(SERVED, named)
        cursor.execute(_copies(Incident(number=0), INCIDENTS, OF_INCIDENT), named)
        cursor.execute(CAUSES, named)
        for table in ("changes_change", "incidents_incident"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}")  # noqa: S608
    count_anew()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copies(row: models.Model, drawn: str, of_row: dict[str, str]) -> str:
    """INSERT of many rows like this unsaved one, besides what is drawn for each; new columns do no harm."""
    from django.db import connection

    values: dict[str, str] = {}
    for field in row._meta.concrete_fields:
        column = str(field.column)
        plain: Any = field.get_db_prep_save(getattr(row, field.attname), connection)
        values[column] = of_row.get(column) or _literal(plain, str(field.db_type(connection)))
    columns, what = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO {row._meta.db_table} ({columns}) SELECT {what} FROM ({drawn}) AS drawn"  # noqa: S608


def _literal(value: Any, kind: str) -> str:
    from django.db import connection
    from psycopg.sql import Literal

    connection.ensure_connection()
    text = Literal(value).as_string(connection.connection).replace("%", "%%")
    return f"{text}::{kind.replace('serial', 'int')}"


def places() -> dict[str, int]:
    """The first id of each table of places and words."""
    from django.utils import timezone

    from changes.models import AssistanceKind, Assistant, DomainArea, Repository, Service
    from intake.services import note_first_real_fact

    note_first_real_fact(at=timezone.now())
    first = {}
    for name, model, most in (
        ("area", DomainArea, AREAS),
        ("kind", AssistanceKind, KINDS),
        ("tool", Assistant, TOOLS),
        ("service", Service, SERVICES),
    ):
        rows = [model.objects.create(slug=f"bench-{n}", name=f"{name} {n}") for n in range(most)]
        first[name] = min(row.pk for row in rows)
    repositories = [Repository.objects.create(name=f"bench/{n}") for n in range(REPOSITORIES)]
    return {**first, "repository": min(one.pk for one in repositories)}
