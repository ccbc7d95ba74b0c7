"""Part of step 3: the same two questions about two similar changes that did not fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from accounts.days import day_of
from changes.models import AssistanceKind, Change, Origin
from incidents.forms import CauseForm
from incidents.models import Cause, Control, Incident
from incidents.queries.candidates import Known
from incidents.queries.controls import (
    WANTED,
    controls_of,
    in_words,
    quarter_of,
    stands,
    why_none,
)
from incidents.services import controls as verbs
from incidents.services.refusals import Refused
from incidents.views.steps.asked import Asked

ANSWERS = (
    (Origin.MANUAL.value, "Manual, no AI"),
    (Origin.ASSISTED.value, "AI-assisted"),
    (Origin.AUTONOMOUS.value, "Autonomous agent"),
    (Origin.UNKNOWN.value, "Cannot say"),
)


class Entry(Protocol):
    """A named change as the step shows it."""

    cause: Cause
    form: CauseForm
    known: Known | None


@dataclass
class Row:
    """One control: what is checked in its fields, and what was known of it before."""

    control: Control
    origin: str
    kinds: set[str]

    @property
    def answers(self) -> list[tuple[str, str, bool]]:
        return [(value, words, value == self.origin) for value, words in ANSWERS]

    @property
    def is_answered(self) -> bool:
        return self.control.answered_at is not None


@dataclass
class Set:
    """The controls of one causal change; `reason`: why there are none, or fewer than two."""

    cause: Cause
    change: Change
    stratum: str
    rows: list[Row] = field(default_factory=list)
    left_out: int = 0
    reason: str = ""
    may_draw: bool = False

    @property
    def answered(self) -> int:
        return sum(row.is_answered for row in self.rows)

    @property
    def pool(self) -> int:
        return max((row.control.pool or 0 for row in self.rows), default=0)


def context(asked: Asked, named: Sequence[Entry]) -> dict[str, Any]:
    """One query, and none where no change is confirmed."""
    confirmed = [one for one in named if one.cause.status == Cause.Status.CONFIRMED and one.known]
    if not confirmed:
        return {"control_sets": []}
    drawn = list(controls_of(asked.incident))
    return {
        "control_sets": [_set(one, drawn, asked) for one in confirmed],
        "control_kinds": _kinds(named),
    }


def _kinds(named: Sequence[Entry]) -> list[tuple[str, str]]:
    """What the step's own forms offer, read with them."""
    for one in named:
        if "kinds" in one.form.fields:
            widget: Any = one.form.fields["kinds"].widget
            return [(str(value), str(words)) for value, words in widget.choices]
    return []


def _set(entry: Entry, drawn: list[Control], asked: Asked) -> Set:
    assert entry.known is not None  # noqa: S101 -- chosen so
    change, incident = entry.known.change, asked.incident
    mine = [one for one in drawn if one.cause_id == entry.cause.pk]
    standing = [one for one in mine if stands(one)]
    found = Set(entry.cause, change, _stratum(change), left_out=len(mine) - len(standing))
    found.rows = [_row(one, asked) for one in standing]
    found.reason = why_none(incident, entry.cause, change, is_answered=entry.known.is_answered)
    found.may_draw = not found.reason and len(standing) < WANTED
    return found


def _stratum(change: Change) -> str:
    if change.shipped_at is None:
        return ""
    return in_words(change.area, change.size_band, quarter_of(day_of(change.shipped_at)))


def _row(control: Control, asked: Asked) -> Row:
    prefix = f"control-{control.pk}"
    if asked.data is not None and f"{prefix}-origin" in asked.data:
        origin = asked.data.get(f"{prefix}-origin", "")
        return Row(control, origin, set(asked.data.getlist(f"{prefix}-kinds")))
    kinds: list[int] = getattr(control, "kind_ids", [])
    return Row(control, control.origin, {str(pk) for pk in kinds})


def act(asked: Asked) -> None:
    """Keep what is answered, do what the button says, and draw where it is due."""
    incident = asked.incident
    passed = asked.pk() if asked.verb in {"control.pass", "control.back"} else 0
    _answer(asked, incident, leave=passed)
    said: dict[str, Any] = {"by": asked.user, "now": asked.now}
    match asked.verb:
        case "control.pass":
            verbs.pass_over(control_id=_of(incident, asked.pk()), **said)
        case "control.back":
            verbs.take_back(control_id=_of(incident, asked.pk()), **said)
    drawn = verbs.draw_where_due(incident_id=incident.pk, **said)
    if asked.verb == "control.draw" and not drawn:
        raise Refused(
            "No other change of the same area, size and quarter is old enough and did not fail: "
            "nobody is asked about one that is not there. Look again later.",
            code="no_controls_left",
        )


def _answer(asked: Asked, incident: Incident, *, leave: int) -> None:
    """Every row with a choice; one without it is not answered."""
    if asked.data is None or not any(name.startswith("control-") for name in asked.data):
        return
    offered = {str(kind.pk): kind for kind in AssistanceKind.objects.offered()}
    rows = Control.objects.filter(cause__incident=incident, passed_over_at=None).exclude(pk=leave)
    for pk in rows.values_list("pk", flat=True):
        origin = asked.data.get(f"control-{pk}-origin", "")
        if not origin:
            continue
        picked = [offered[one] for one in asked.data.getlist(f"control-{pk}-kinds") if one in offered]
        verbs.answer(
            control_id=pk,
            origin=origin,
            # Kinds stand hidden in the page while another origin is chosen.
            kinds=picked if origin in verbs.ASSISTED else [],
            by=asked.user,
            now=asked.now,
        )


def _of(incident: Incident, pk: int) -> int:
    """The id of a control of this incident, whatever was sent."""
    if not Control.objects.filter(pk=pk, cause__incident=incident).exists():
        raise Refused("That change is not asked about here.", code="row_gone")
    return pk
