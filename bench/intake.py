"""What storing a verified letter costs against a bare insert, under the product's own server and worker."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from bench.registry import benchmark
from config import env

ROUNDS = 5
CLIENTS = 8
SECONDS = 3.0  # for each half of a round
PREPARED = 2000  # requests, more than that time can take
INCIDENTS = 40
SECRET = "a secret of the benchmark"  # noqa: S105
SETTINGS = "bench.serving.settings"
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    port: int
    slug: str
    source_id: int


@benchmark(unit="of bare view", aim=0.6, better="higher")
def intake_vs_bare_view() -> float:
    """Deliveries accepted a second over a bare view's, alternating; the median of five ratios.

    The worker is at work on what was accepted, in the rounds of the bare view as well.
    """
    with _served() as place:
        for make in (bare, delivery):
            _rate(place, make)
        ratios = []
        for number in range(ROUNDS):
            order = (bare, delivery) if number % 2 else (delivery, bare)
            rates = {make: _rate(place, make) for make in order}
            ratios.append(rates[delivery] / rates[bare])
            print(f"  {rates[delivery]:.0f} deliveries/s, bare {rates[bare]:.0f}/s", file=sys.stderr)
        return statistics.median(ratios)


@contextmanager
def _served() -> Iterator[Place]:
    from intake.models import Source
    from intake.sealing import seal

    source = Source.objects.create(
        slug=f"bench-{time.time_ns()}", name="Benchmark", kind="pagerduty", secret_sealed=seal(SECRET)
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = (
        f"gunicorn config.wsgi:application --worker-class gthread --workers 2 --threads 4 -b 127.0.0.1:{port}"
    )
    worker = "celery -q -A config worker -P threads -c 4 -B -s {} -l ERROR --without-gossip --without-mingle"
    schedule = env.ROOT / "var" / f"bench-{source.slug}.schedule"
    schedule.parent.mkdir(exist_ok=True)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "LOG_LEVEL": "ERROR"}
    commands = [[sys.executable, "-m", *words.split()] for words in (web, worker.format(schedule))]
    running = [subprocess.Popen(words, env=environment, cwd=env.ROOT) for words in commands]
    try:
        _wait_for(port)
        yield Place(port, source.slug, source.pk)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            _end(process)
        schedule.unlink(missing_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web server did not come up")


def _body() -> bytes:
    number = next(_numbers)
    return json.dumps(
        {
            "event": {
                "id": f"01BENCH{time.time_ns()}{number}",
                "event_type": "incident.acknowledged" if number % 2 else "incident.triggered",
                "resource_type": "incident",
                "occurred_at": "2026-03-02T10:00:00.120Z",
                "agent": None,
                "client": None,
                "data": {
                    "id": f"P{number % INCIDENTS}",
                    "type": "incident",
                    "html_url": "https://shop.pagerduty.example/incidents/P1",
                    "number": number % INCIDENTS,
                    "title": "Checkout answers slowly",
                    "service": {"id": "PSVC001", "summary": f"Service {number % INCIDENTS}"},
                    "assignees": [{"id": f"PUSER{n}", "type": "user_reference"} for n in range(12)],
                    "priority": {"summary": "P2"},
                    "urgency": "high",
                    "resolve_reason": None,
                },
            }
        }
    ).encode()


def bare(place: Place) -> bytes:
    return _request(f"/bare/{place.source_id}/", _body(), {})


def delivery(place: Place) -> bytes:
    from intake.sources import providers

    body = _body()
    proof = providers()["pagerduty"].sign(body, SECRET.encode())  # type: ignore[attr-defined]
    return _request(f"/hooks/{place.slug}/", body, proof)


def _request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    head = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "User-Agent": "PagerDuty-Webhook/V3.0",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def _rate(place: Place, make: Callable[[Place], bytes]) -> float:
    """Requests a second by a few clients that keep their connections; made beforehand."""
    shares = [[make(place) for _ in range(PREPARED // CLIENTS)] for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        began = time.perf_counter()
        sent = sum(pool.map(lambda share: _post_all(place.port, share), shares))
        return sent / (time.perf_counter() - began)


def _post_all(port: int, requests: list[bytes]) -> int:
    until = time.perf_counter() + SECONDS
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for request in requests:
            if time.perf_counter() > until:
                break
            connection.sendall(request)
            sent += 1
            status = _answer(connection)
            if status != 202:
                raise RuntimeError(f"answered {status}")
    return sent


def _answer(connection: socket.socket) -> int:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or _broken()
    head, _, rest = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(rest) < length:
        rest += connection.recv(65536) or _broken()
    return int(head.split()[1])


def _broken() -> bytes:
    raise RuntimeError("the server hung up")
