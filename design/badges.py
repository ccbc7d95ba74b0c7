"""Which colour and which shape a word wears; the word itself always stands beside them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    tone: str
    icon: str


ALARM = Look("danger", "state-alarm")
RUNNING = Look("warning", "state-running")
HELD = Look("info", "state-held")
DONE = Look("success", "state-done")
FAILED = Look("danger", "state-failed")
WAITING = Look("neutral", "state-waiting")
OUT = Look("neutral", "state-out")
PLAIN = Look("neutral", "")

STATUS_LOOKS = {
    "open": ALARM,
    "investigating": RUNNING,
    "mitigated": HELD,
    "resolved": DONE,
    "closed": Look("neutral", "state-done"),
    "duplicate": OUT,
    "false_alarm": OUT,
    "test": OUT,
    "cancelled": OUT,
    "suggested": WAITING,
    "suspected": RUNNING,
    "confirmed": DONE,
    "declared": DONE,
    "ruled_out": OUT,
    "dismissed": OUT,
    "not_started": WAITING,
    "draft": Look("neutral", "pencil"),
    "in_review": Look("info", "state-running"),
    "changes_requested": RUNNING,
    "approved": DONE,
    "published": DONE,
    "not_required": OUT,
    "proposed": WAITING,
    "accepted": Look("info", "state-running"),
    "in_progress": RUNNING,
    "done": DONE,
    "verified": DONE,
    "declined": OUT,
    "retired": OUT,
    "automated": DONE,
    "merged": Look("info", "state-running"),
    "shipped": DONE,
    "dropped": OUT,
    "acknowledged": Look("info", "state-done"),
    "safeguarded": DONE,
    "stronger_safeguard": ALARM,
    "early_sign": RUNNING,
    "does_better": DONE,
    "holds_up": DONE,
    "no_clear_difference": PLAIN,
    "not_enough_data": WAITING,
    "origin_unknown": WAITING,
    "hidden": WAITING,
    "queued": WAITING,
    "running": RUNNING,
    "succeeded": DONE,
    "failed": FAILED,
    "passed": DONE,
    "flaky": RUNNING,
    "error": FAILED,
    "skipped": OUT,
    "received": WAITING,
    "ignored": OUT,
    "parked": HELD,
    "firing": ALARM,
    "rollback": RUNNING,
    "hotfix": RUNNING,
    "planned": PLAIN,
    "revoked": OUT,
    "expired": OUT,
    "active": DONE,
}


def look(status: str) -> Look:
    return STATUS_LOOKS.get(status, PLAIN)
