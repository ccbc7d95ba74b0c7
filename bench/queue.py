"""A key of the confirm queue against an empty page, both as a signed-in person's browser asks for them."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from bench.registry import Result, benchmarks

ENTRIES = 1000
TIMES = 120


def empty_page() -> None:
    """Adds a page that is the frame every page stands in, and nothing else."""
    from django.http import HttpRequest, HttpResponse
    from django.shortcuts import render
    from django.urls import clear_url_caches, path

    from config import urls

    def empty(request: HttpRequest) -> HttpResponse:
        return render(request, "base.html")

    urls.urlpatterns.append(path("bench/empty/", empty))
    clear_url_caches()


def _fill() -> list[int]:
    from django.utils import timezone

    from changes.models import Change, Origin, OriginEvidence, Repository

    repository = Repository.objects.create(name=f"bench/queue-{time.time_ns()}")
    now = timezone.now()
    changes = Change.objects.bulk_create(
        Change(
            repository=repository,
            title=f"Change {place}",
            message="Tries a declined card once more.\n" * 8,
            state=Change.State.SHIPPED,
            shipped_at=now - timedelta(days=40, minutes=place),
            shipped_basis=Change.ShippedBasis.MERGE,
            origin=Origin.ASSISTED,
            origin_counted=Origin.ASSISTED,
            paths=[f"checkout/part_{place}_{part}.py" for part in range(12)],
        )
        for place in range(ENTRIES)
    )
    OriginEvidence.objects.bulk_create(
        OriginEvidence(
            change=change,
            rule_key="claude-code-trailer",
            rule_version=1,
            place="trailer",
            strength="strong",
            origin=Origin.ASSISTED,
            excerpt="Co-Authored-By: Claude",
        )
        for change in changes
    )
    return [one.pk for one in changes]


@benchmarks("queue_decision_vs_empty_page")
def queue_decision_vs_empty_page() -> Iterator[tuple[str, Result]]:
    """Server time, the two taking turns; what answers a decision makes another entry ready."""
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts.models import User

    empty_page()
    ids = _fill()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    cache.clear()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create(username=f"queue-{time.time_ns()}"))
    assert client.get(reverse("analytics:queue")).status_code == 200

    def empty() -> None:
        assert client.get("/bench/empty/").status_code == 200

    def decide(pk: int, have: int) -> None:
        """As the page asks: it has the next entry already, and gets the one after it."""
        address = reverse("analytics:queue_decide", args=[pk])
        said = {"say": "kind:refactoring", "have": str(have)}
        answer = client.post(address, said, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert b"Refactoring: kept" in answer.content

    pages, decisions = [], []
    for pk, following in zip(ids[:TIMES], ids[1:], strict=False):
        begun = time.perf_counter()
        empty()
        between = time.perf_counter()
        decide(pk, following)
        pages.append(between - begun)
        decisions.append(time.perf_counter() - between)
    with CaptureQueriesContext(connection) as queries:
        decide(ids[TIMES], ids[TIMES + 1])
    page, decision = statistics.median(pages), statistics.median(decisions)
    print(f"  empty page {page * 1000:.1f} ms, decision {decision * 1000:.1f} ms", file=sys.stderr)
    yield "queue_decision_vs_empty_page", Result(round(decision / page, 2), "times", 3, "lower")
    yield "queue_decision_queries", Result(len(queries), "queries", 45, "lower")
