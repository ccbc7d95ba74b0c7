"""`make bench`, or `make bench ONLY=part-of-a-name`: runs, prints a table, merges into var/bench.json."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

import bench
from bench.registry import Result, registered
from config import env
from runner import postgres

HEAD = f"{'benchmark':<34}{'value':>12}  {'unit':<16}{'aim':>10}  met"


def main(only: str) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.base"
    # Never on real data: a database of its own, as durable as in earnest.
    with postgres.throwaway(durable=True) as server:
        os.environ |= {"DATABASE_URL": server.place.url(), "DEMO": "0"}
        django.setup()
        # Memory is looked after as in a process that serves.
        importlib.import_module("config.wsgi")
        call_command("migrate", verbosity=0)
        call_command("broker")
        for module in pkgutil.iter_modules(bench.__path__):
            if module.name not in {"__main__", "registry"}:
                importlib.import_module(f"bench.{module.name}")
        results = run(only)
        connections.close_all()
    if not results:
        print(f"No benchmark's name contains {only!r}. There are: {', '.join(sorted(registered)) or 'none'}")
        return 1
    keep(results, env.ROOT / "var" / "bench.json")
    return 0


def run(only: str) -> dict[str, Result]:
    results: dict[str, Result] = {}
    print(HEAD)
    for name, measure in sorted(registered.items()):
        if only not in name:
            continue
        for label, result in measure():
            results[label] = result
            met = "yes" if result.met else "NO"
            sign = "≥" if result.better == "higher" else "≤"
            print(
                f"{label:<34}{result.value:>12.4g}  {result.unit:<16}{sign}{result.aim:>9.4g}  {met}",
                flush=True,
            )
    return results


def keep(results: dict[str, Result], path: Path) -> None:
    """Merged: a run of one part leaves the other parts' numbers as they were."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {name: result.as_json() for name, result in results.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
