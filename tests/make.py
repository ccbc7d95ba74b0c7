"""Makers of rows for tests: each gives a valid one, whatever is passed decides."""

from __future__ import annotations

from itertools import count
from typing import Any

from changes.models import Service
from intake.models import Source
from intake.sealing import seal

_numbers = count(1)
SECRET = "a secret of the tests"


def source(kind: str = "pagerduty", *, secret: str | None = SECRET, **over: Any) -> Source:
    number = next(_numbers)
    values: dict[str, Any] = {"slug": f"{kind}-{number}", "name": f"{kind} {number}", "kind": kind}
    if secret is not None:
        values["secret_sealed"] = seal(secret)
    return Source.objects.create(**(values | over))


def service(name: str = "", **over: Any) -> Service:
    name = name or f"Service {next(_numbers)}"
    return Service.objects.create(**({"name": name, "slug": name.lower().replace(" ", "-")} | over))
