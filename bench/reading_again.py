"""What a changed rule costs over a history that is known."""

from __future__ import annotations

import sys
import time

from bench.import_git import _import, _repository
from bench.registry import benchmark


@benchmark(unit="changes/s", aim=200, better="higher")
def read_again_per_second() -> float:
    """Changes read again from a clone after a new rule on authors; BENCH_REPO names the clone."""
    from changes.models import DetectionRule, HistoryRun
    from changes.services.rereading import read_some
    from changes.services.rulebook import save_rule

    pattern = r"<somebody@bench\.example>"
    DetectionRule.objects.filter(key="bench").delete()
    with _repository() as path:
        _import(path)
        rule = DetectionRule(key="bench", place="author", pattern=pattern, origin="autonomous")
        save_rule(rule=rule, by=None)
        began = time.perf_counter()
        while read_some():
            pass
        seconds = time.perf_counter() - began
    run = HistoryRun.objects.filter(kind="rules").latest("id")
    print(
        f"  {run.done} changes in {seconds:.1f} s, {run.altered} altered, {run.unreadable} unreadable",
        file=sys.stderr,
    )
    return run.done / seconds
