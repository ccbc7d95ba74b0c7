"""How far history was read again under the newest rules, in words."""

from __future__ import annotations

from django.db.models import Sum

from changes.models import Change, DetectionRule, HistoryRun
from design.spans import grouped


def newest_version() -> int:
    """Of the rules together, as changes keep it."""
    return int(DetectionRule.objects.aggregate(total=Sum("version"))["total"] or 0)


def is_behind(change: Change) -> bool:
    """Whether its verdict rests on older rules: it waits for its turn, or its text is gone."""
    return change.rules_version < newest_version()


def progress() -> str:
    """Of the last run over all history; empty where there was none."""
    run = HistoryRun.objects.filter(kind=HistoryRun.Kind.RULES, repository=None).first()
    if run is None:
        return ""
    of_all = (
        f"{grouped(run.done)} of {grouped(run.total)}" if run.total is not None else f"{grouped(run.done)}"
    )
    if run.state == HistoryRun.State.WAITING:
        return f"Reading again begins in a moment: {grouped(run.total or 0)} changes."
    if run.state == HistoryRun.State.RUNNING:
        return f"Reading again: {of_all}{_kept(run)}."
    if run.state == HistoryRun.State.FAILED:
        # What went wrong may name a folder of this machine.
        return f"Reading again failed after {of_all}; the log says why. A changed rule begins it anew."
    return (
        f"Read again: {grouped(run.done)} changes, {grouped(run.altered)} verdicts became others{_kept(run)}."
    )


def _kept(run: HistoryRun) -> str:
    if not run.unreadable:
        return ""
    if run.unreadable == 1:
        return "; 1 change keeps the older rules since its text is gone"
    return f"; {grouped(run.unreadable)} changes keep the older rules since their text is gone"
