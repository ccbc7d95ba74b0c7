"""The weekly review over a million changes: how long its pages take, against an empty page, and its weeks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from operator import itemgetter

from bench.filling import fill
from bench.matrix import CHANGES, INCIDENTS, ROUNDS, at, make_database, say, seconds
from bench.registry import Result, benchmarks

# Deployments, reviews and checks of the filled history: as many as a busy organisation has.
DEPLOYMENTS = """
INSERT INTO changes_deployment (external_id, repository_id, service_id, environment_id, is_production,
                                status, kind, kind_told, kind_basis, sha, ref, url, requested_at, started_at,
                                finished_at, is_gap, recorded_at)
SELECT 'bench-' || id, repository_id, %(service)s + (id * 31) %% 40, %(environment)s, true,
       CASE WHEN id %% 90 = 0 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN id %% 200 = 0 THEN 'rollback' ELSE 'planned' END, '', '', '', '', '',
       shipped_at, shipped_at, shipped_at + interval '5 minutes', false, shipped_at
FROM changes_change WHERE id %% 6 = 0
"""
HELD = """
INSERT INTO changes_deployment_changes (deployment_id, change_id)
SELECT d.id, c.id FROM changes_deployment AS d
JOIN changes_change AS c ON c.id BETWEEN substr(d.external_id, 7)::int - 5 AND substr(d.external_id, 7)::int
WHERE d.external_id LIKE 'bench-%%'
"""
TIMES = """
UPDATE changes_change SET opened_at = merged_at - (1 + id %% 90) * interval '1 hour',
       first_commit_at = merged_at - (3 + id %% 120) * interval '1 hour',
       counted_lines = 1 + (id * 37) %% 400, shipped_basis = 'deployment',
       shipped_at = merged_at + interval '3 h'
"""
REVIEWS = """
INSERT INTO changes_review (change_id, external_id, state, submitted_at, commit_sha, reviewer_in_change,
                            reviewer_on_day, is_self, is_bot, is_senior, told_at)
SELECT id, which, 'approved', merged_at - (id %% 50) * interval '30 minutes' * which / 2, '',
       decode(md5((id %% 60)::text), 'hex'), decode(md5((id %% 60)::text), 'hex'), false, false, id %% 9 = 0,
       merged_at
FROM changes_change CROSS JOIN generate_series(1, 2) AS which WHERE id %% 8 <> 0
"""


def _with_flow() -> str:
    """A database of its own with deployments, reviews and times; all weeks reckoned."""
    from django.db import connection
    from django.utils import timezone

    from analytics.models import ChangeFlow, SpanFigures
    from analytics.services import flow
    from changes.models import Environment, Service

    name = "bench_review"
    make_database(name)
    with at(name):
        begun = time.perf_counter()
        fill(changes=CHANGES, incidents=INCIDENTS)
        named = {
            "environment": Environment.objects.create(name="production", is_production=True).pk,
            "service": Service.objects.filter(slug__startswith="bench-").order_by("pk")[0].pk,
        }
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for statement in (TIMES, DEPLOYMENTS, HELD, REVIEWS):
                cursor.execute(statement, named)
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("VACUUM ANALYZE")
        say(f"filled in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        flow.rebuild(now=timezone.now)
        took = time.perf_counter() - begun
        say(f"{ChangeFlow.objects.count()} changes, {SpanFigures.objects.count()} figures in {took:.0f} s")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return name


PAGES = (
    "review", "review_delivery", "review_time", "review_reviewing", "review_work", "review_load", "features",
)  # fmt: skip


EMPTY = "review_weeks"


@benchmarks("review_page_ms_1m")
def review_pages() -> Iterator[tuple[str, Result]]:
    """Server time and statements of each page, nothing cached, beside an empty page of somebody signed in."""
    from django.core.cache import cache
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse
    from django.utils import timezone

    from accounts.models import User
    from analytics.services import flow
    from changes.models import Change
    from intake import ledger

    name = _with_flow()
    with at(name):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(User.objects.create(username=f"reader-{time.time_ns()}"))

        def get(page: str) -> None:
            assert client.get(reverse(f"analytics:{page}")).status_code == 200

        # What else a machine does only ever adds: the quietest of three rounds over all pages counts.
        rounds = [
            {page: (seconds(partial(get, EMPTY), 7), seconds(partial(get, page), 7)) for page in PAGES}
            for _ in range(ROUNDS)
        ]
        slowest = 0.0
        for page in PAGES:
            bare, took = min((one[page] for one in rounds), key=itemgetter(1))
            cache.clear()
            with CaptureQueriesContext(connection) as queries:
                get(page)
            slowest = max(slowest, took)
            say(f"{page}: {took * 1000:.1f} ms, {took / bare:.1f} times an empty page")
            yield f"{page}_vs_empty_page", Result(round(took / bare, 1), "times", 10, "lower")
            yield f"{page}_queries", Result(len(queries), "queries", 12, "lower")
        yield "review_page_ms_1m", Result(round(slowest * 1000, 1), "ms", 60, "lower")
        # One change is merged anew: how long until its week says so.
        latest = Change.objects.order_by("-merged_at")[0]
        begun = time.perf_counter()
        with transaction.atomic():
            Change.objects.filter(pk=latest.pk).update(counted_lines=999)
            ledger.touch(ledger.Kind.CHANGE, latest.pk, verb="told")
        flow.settle(now=timezone.now())
        yield "week_follows_a_change", Result(round(time.perf_counter() - begun, 2), "s", 30, "lower")
