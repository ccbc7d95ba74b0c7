"""Step 3: what made it possible; which changes had a hand in it, and what helped to make them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from changes.forms import list_of, offer
from changes.models import AssistanceKind, Change, Decision, Deployment, Prompt
from changes.services.origin import say_kind, say_origin
from incidents.forms import CandidateForm, CauseForm, FactorForm
from incidents.models import Cause
from incidents.queries.candidates import Known, known, look_around
from incidents.services import causes as verbs
from incidents.services.refusals import Refused
from incidents.views.steps import controls
from incidents.views.steps.asked import Asked

CANDIDATE = re.compile(r"change-(\d{1,18})-status")
# Shown at once; the others are a click away.
FIRST = 5
ORDER = ("confirmed", "suspected", "suggested", "ruled_out")


@dataclass
class Named:
    """A change that somebody named, with what is asked about it."""

    cause: Cause
    form: CauseForm
    known: Known | None


@dataclass
class Offered:
    """A change that nobody has judged yet: why it is listed, and the same questions."""

    change: Change
    number: str
    reasons: list[str]
    form: CandidateForm
    known: Known


def context(asked: Asked) -> dict[str, Any]:
    incident = asked.incident
    words = asked.query.get("q", "") or (asked.data.get("q", "") if asked.data is not None else "")
    causes = _causes(asked)
    judged = {cause.change_id for cause in causes}
    look = look_around(incident, judged, query=words)
    fixes = asked.parts.fixes
    wanted = [pk for pk, _, _ in look.likely] + [*look.searched, *(fix["change_id"] for fix in fixes)]
    changes = known([*wanted, *(pk for pk in judged if pk)])
    named = [_named(cause, changes.get(cause.change_id or 0), asked) for cause in causes]
    listed = [_offered(changes[one.change.pk], one.reasons, named, asked) for one in look.candidates(changes)]
    found = [_offered(changes[pk], [], named, asked) for pk in look.searched if pk in changes]
    factor_form = asked.new_row(FactorForm, "factor")
    judged_forms = [*(one.form for one in named), *(one.form for one in [*listed, *found])]
    offers = offer(factor_form, *judged_forms)
    return {
        "named": named,
        "candidates": listed[:FIRST],
        "more_candidates": listed[FIRST:],
        "q": words,
        "search_results": [one for one in found if one.change.pk not in {each.change.pk for each in listed}],
        "rollouts": look.rollouts,
        "fixes": [fix | {"change": changes[fix["change_id"]].change} for fix in fixes],
        "factors": asked.parts.factors,
        "factor_form": factor_form,
        "factor_kinds": offers.rows(list_of(factor_form.fields["kind"])),
        **controls.context(asked, named),
    }


def _causes(asked: Asked) -> list[Cause]:
    causes = asked.incident.causes.select_related(
        "deployment__service", "deployment__environment", "deployment__repository"
    )
    return sorted(causes, key=lambda cause: (ORDER.index(cause.status), cause.pk))


def _named(cause: Cause, of: Known | None, asked: Asked) -> Named:
    form = asked.broken.get(f"cause-{cause.pk}")
    return Named(cause, form if isinstance(form, CauseForm) else _form(cause, of, asked), of)


def _offered(of: Known, reasons: list[str], named: list[Named], asked: Asked) -> Offered:
    form = asked.broken.get(f"change-{of.change.pk}")
    if not isinstance(form, CandidateForm):
        form = _candidate_form(of, asked, any(one.cause.status in verbs.NAMED for one in named))
    return Offered(of.change, of.number, reasons, form, of)


def _candidate_form(of: Known, asked: Asked, is_second: bool = False) -> CandidateForm:
    """The first change named is mostly the trigger; what is known of its origin is filled in."""
    prefix = f"change-{of.change.pk}"
    roles = Cause.RoleInIncident
    initial = {
        "status": "",
        "role": roles.CONTRIBUTOR if is_second else roles.TRIGGER,
        "origin": of.change.origin if of.is_answered else "",
        "kinds": of.said_kinds,
    }
    told = asked.data if asked.data is not None and f"{prefix}-status" in asked.data else None
    return CandidateForm(told, prefix=prefix, initial=initial, use_required_attribute=False)


def _form(cause: Cause, of: Known | None, asked: Asked) -> CauseForm:
    initial = {name: getattr(cause, name) for name in ("status", "role", "rationale", "evidence_url")}
    if of is not None:
        initial["origin"] = of.change.origin if of.is_answered else ""
        initial["kinds"] = of.said_kinds
    prefix = f"cause-{cause.pk}"
    told = asked.data if asked.data is not None and f"{prefix}-status" in asked.data else None
    form = CauseForm(told, prefix=prefix, initial=initial, use_required_attribute=False)
    if cause.status == Cause.Status.SUGGESTED:
        form.initial["status"] = ""
        form.fields["status"].choices = [("", "Not judged yet"), *form.fields["status"].choices]  # type: ignore[attr-defined]
    if of is None:
        del form.fields["origin"], form.fields["kinds"]
    return form


def act(asked: Asked) -> None:
    _save_named(asked)
    _save_judged(asked)
    if asked.broken:
        return
    incident_id, user, now = asked.incident.pk, asked.user, asked.now
    match asked.verb:
        case "pick":
            change_id = _change(asked).pk
            verbs.name_cause(
                incident_id=incident_id, change_id=change_id, status=asked.details[0], by=user, now=now
            )
        case "pick_deployment":
            verbs.name_cause(
                incident_id=incident_id,
                deployment_id=_deployment_id(asked),
                status="suspected",
                by=user,
                now=now,
            )
        case "forget":
            verbs.forget_cause(cause_id=_row(asked, asked.incident.causes), by=user)
        case "answer":
            verbs.answer(incident_id=incident_id, answer="".join(asked.details), by=user)
        case "fix":
            verbs.name_fix(incident_id=incident_id, change_id=_change(asked).pk, by=user, now=now)
        case "unfix":
            verbs.forget_fix(fix_id=_row(asked, asked.incident.fixes), by=user)
        case "factor.remove":
            verbs.remove_factor(factor_id=_row(asked, asked.incident.factors), by=user)
    _add_factor(asked)
    controls.act(asked)


def _add_factor(asked: Asked) -> None:
    if asked.verb == "factor.add" or asked.typed("factor", "text"):
        form = FactorForm(asked.data, prefix="factor")
        if asked.valid(form, "factor"):
            verbs.add_factor(incident_id=asked.incident.pk, by=asked.user, **form.cleaned_data)


def _save_named(asked: Asked) -> None:
    causes = _causes(asked)
    changes = known(cause.change_id for cause in causes if cause.change_id)
    for cause in causes:
        of = changes.get(cause.change_id or 0)
        form = _form(cause, of, asked)
        if form.is_bound and asked.valid(form, f"cause-{cause.pk}"):
            _save_cause(cause, form, asked)
            if of is not None:
                _save_help(of, form, asked)


def _save_judged(asked: Asked) -> None:
    """Candidates that were given a part in it."""
    judged = _judged(asked.data) if asked.data is not None else []
    real = Change.objects.filter(pk__in=judged, repository__is_demo=asked.incident.is_demo)
    for pk, of in known(real.values_list("pk", flat=True)).items() if judged else ():
        form = _candidate_form(of, asked)
        if asked.valid(form, f"change-{pk}"):
            _judge(of, form, asked)


def _judged(data: QueryDict) -> list[int]:
    told = ((CANDIDATE.fullmatch(name), value) for name, value in data.items())
    return [int(match[1]) for match, value in told if match and value]


def _judge(of: Known, form: CandidateForm, asked: Asked) -> None:
    said: dict[str, Any] = {"incident_id": asked.incident.pk, "change_id": of.change.pk}
    parts = form.cleaned_data
    if parts["status"] == CandidateForm.REPAIRED:
        verbs.name_fix(by=asked.user, now=asked.now, **said)
        return
    named = {name: parts[name] for name in ("status", "rationale", "evidence_url")}
    role = parts["role"] or Cause.RoleInIncident.TRIGGER
    verbs.name_cause(by=asked.user, now=asked.now, role=role, **named, **said)
    if parts["status"] != Cause.Status.RULED_OUT:
        _save_help(of, form, asked)


def _save_cause(cause: Cause, form: CauseForm, asked: Asked) -> None:
    parts = {name: form.cleaned_data[name] for name in ("status", "role", "rationale", "evidence_url")}
    if not set(parts) & set(form.changed_data) or not parts["status"]:
        return
    verbs.name_cause(
        incident_id=asked.incident.pk,
        change_id=cause.change_id,
        deployment_id=cause.deployment_id,
        weight=cause.weight,
        by=asked.user,
        now=asked.now,
        **parts | {"role": parts["role"] or cause.role},
    )


def _save_help(of: Known, form: CauseForm, asked: Asked) -> None:
    """Said in a postmortem, so after the incident: shown beside the rates, and never within them."""
    said: dict[str, Any] = {
        "change_id": of.change.pk,
        "by": asked.user,
        "prompted_by": Prompt.POSTMORTEM,
        "now": asked.now,
    }
    origin = form.cleaned_data["origin"]
    if "origin" in form.changed_data and origin:
        # Whoever may see the change reads this; not everybody may see the incident, now or later.
        say_origin(origin=origin, reason="Said in a postmortem.", **said)
    if "kinds" in form.changed_data:
        after = {kind.pk: kind for kind in form.cleaned_data["kinds"]}
        before = set(of.said_kinds)
        for pk in after.keys() - before:
            say_kind(kind=after[pk], verdict=Decision.Verdict.CONFIRMED, **said)
        for kind in AssistanceKind.objects.offered().filter(pk__in=before - after.keys()):
            say_kind(kind=kind, verdict=Decision.Verdict.DISMISSED, **said)


def _change(asked: Asked) -> Change:
    """The change behind the button; demonstration data and real data never meet in one incident."""
    place = 1 if asked.verb == "pick" else 0
    change = Change.objects.filter(pk=asked.pk(place), repository__is_demo=asked.incident.is_demo).first()
    if change is None:
        raise Refused("That change is gone.", code="change_gone")
    return change


def _deployment_id(asked: Asked) -> int:
    known = Deployment.objects.filter(pk=asked.pk(), repository__is_demo=asked.incident.is_demo)
    return _row(asked, known)


def _row(asked: Asked, rows: Any) -> int:
    """The id of a row of this incident, whatever was sent."""
    found = rows.filter(pk=asked.pk()).values_list("pk", flat=True).first()
    if found is None:
        raise Refused("That row is gone.", code="row_gone")
    return int(found)
