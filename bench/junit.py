"""What taking a report of 50,000 test cases in costs against parsing it, and how much memory that takes."""

from __future__ import annotations

import gzip
import io
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from bench.registry import Result, benchmarks

CASES = 50_000
SMALL = 5_000
ROUNDS = 7
SECRET = "a secret of the benchmark"  # noqa: S105


@benchmarks("junit_vs_parse")
def junit_vs_parse() -> Iterator[tuple[str, Result]]:
    """From the request at the door to the rows, over the C parser of the standard library on the same bytes.

    The parser builds and drops each element; the best of some rounds, as others may use the machine. Memory:
    the peak while the large report is read and recorded, over that of one a tenth as long.
    """
    report = _report(CASES)
    packed = gzip.compress(report)
    parsed, taken = [], []
    for _ in range(ROUNDS):
        parsed.append(_timed(lambda: _parse(report)))
        taken.append(_timed(lambda: _take(packed)))
        print(f"  parsed in {parsed[-1] * 1000:.0f} ms, taken in {taken[-1] * 1000:.0f} ms", file=sys.stderr)
    yield "junit_vs_parse", Result(round(min(taken) / min(parsed), 3), "of parsing", 3, "lower")
    small, large = _peak(gzip.compress(_report(SMALL))), _peak(packed)
    print(f"  at most {small / 1024:.0f} KiB and {large / 1024:.0f} KiB", file=sys.stderr)
    yield "junit_memory_growth", Result(round(large / small, 3), "for 10 x cases", 1.2, "lower")


def _report(cases: int) -> bytes:
    """As pytest writes it: some fail with a traceback, some are skipped, 200 stand for scenarios."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest">'
    ]
    for number in range(cases):
        tied = f" TS-{number % 50 + 1}" if number % (cases // 200) == 0 else ""
        head = f'<testcase classname="tests.shop.test_till_{number % 300}" name="test_rounds_{number}{tied}"'
        if number % 100 == 3:
            inner = (
                f'<failure message="assert {number} == 3">def test():\n    assert {number} == 3\n</failure>'
            )
        elif number % 20 == 7:
            inner = (
                '<skipped type="pytest.skip" message="not on this system">tests/shop.py:9: not now</skipped>'
            )
        else:
            inner = ""
        lines.append(f'{head} time="0.0{number % 97}">{inner}</testcase>')
    return ("\n".join(lines) + "</testsuite></testsuites>").encode()


def _parse(report: bytes) -> None:
    for _, element in ElementTree.iterparse(io.BytesIO(report)):  # noqa: S314 -- made above
        element.clear()


def _take(packed: bytes) -> None:
    """Through the door, with its proof, its inflating and its row; then as the worker does."""
    from django.test import Client

    from intake.models import Delivery
    from intake.processing import process_one

    source = _source()
    answer = Client().post(
        f"/hooks/{source}/?repository=bench&suite=unit&run={time.time_ns()}",
        packed,
        content_type="application/xml",
        headers={"Authorization": f"Bearer {SECRET}", "Content-Encoding": "gzip", "Host": "127.0.0.1"},
    )
    if answer.status_code != 202:
        raise RuntimeError(f"answered {answer.status_code}")
    delivery = process_one(delivery_id=Delivery.objects.latest("id").pk)
    if delivery.state != Delivery.State.DONE:
        raise RuntimeError(delivery.reason)


def _source() -> str:
    from intake.models import Source
    from intake.sealing import seal

    made, _ = Source.objects.get_or_create(
        slug="bench-junit", defaults={"name": "Benchmark", "kind": "junit", "secret_sealed": seal(SECRET)}
    )
    return made.slug


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak(packed: bytes) -> float:
    """Bytes allocated at most while it is read and recorded, beside the packed body, which is at hand."""
    from django.db import transaction

    from changes.ci.junit import JUnit
    from intake.models import Delivery
    from intake.sources import Letter

    _take(packed)
    delivery = Delivery.objects.select_related("source").latest("id")
    letter = Letter(delivery.headers, packed, delivery.received_at)
    tracemalloc.start()
    with transaction.atomic():
        JUnit().handle(delivery, letter)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
