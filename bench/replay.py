"""A safeguard run on 500 incidents and 100,000 changes, against an empty page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.filling import fill
from bench.matrix import at, make_database, say, seconds
from bench.registry import Result, benchmarks

CHANGES, INCIDENTS, TIMES = 100_000, 500, 15
# Eight paths a change, as wide as those of real repositories, spread over forty folders.
PATHS = """
UPDATE changes_change SET paths = ARRAY(
    SELECT 'services/part_' || (id * 31 + k * k * 7) %% 40 || '/source/module_' || (id * k) %% 90001 || '.py'
    FROM generate_series(1, 8) AS k
)
"""


@benchmarks("replay_vs_empty_page")
def replay_vs_empty_page() -> Iterator[tuple[str, Result]]:
    """Three years, two folders: in the largest area, and with nothing but the paths to narrow it."""
    from django.db import connection
    from django.db.models import Count
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from analytics.services import rebuilding
    from bench.queue import empty_page
    from changes.models import Change, DomainArea

    name = "bench_replay"
    make_database(name)
    with at(name):
        fill(changes=CHANGES, incidents=INCIDENTS)
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(PATHS.replace("%%", "%"))
            cursor.execute("SET session_replication_role = origin")
        rebuilding.rebuild(say=say)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        empty_page()
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(User.objects.create(username="replay"))
        paths = "services/part_7/**\nservices/part_8/source/*.py"
        widest = {"paths": paths, "start": "2020-01-01"}
        counts = Change.objects.order_by().values("area").annotate(n=Count("pk")).exclude(area=None)
        area = DomainArea.objects.get(pk=counts.order_by("-n")[0]["area"]).slug

        def get(address: str, **query: Any) -> None:
            assert client.get(address, query).status_code == 200

        empty = seconds(lambda: get("/bench/empty/"), TIMES)
        for label, asked in (("", {**widest, "area": area}), ("_paths_alone", widest)):
            replayed = seconds(partial(get, reverse("analytics:replay"), **asked), TIMES)
            say(f"empty page {empty * 1000:.1f} ms, replay{label} {replayed * 1000:.0f} ms")
            yield f"replay_vs_empty_page{label}", Result(round(replayed / empty, 1), "times", 20, "lower")
