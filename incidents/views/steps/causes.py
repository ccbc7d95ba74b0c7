"""Step 3: what made it possible; which changes had a hand in it, and what helped to make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from changes.models import Assistance, Change, Decision, Deployment, Origin, OriginEvidence, Prompt
from changes.services.origin import say_kind, say_origin
from incidents.forms import CauseForm, FactorForm
from incidents.models import Cause, FactorKind
from incidents.queries.candidates import candidates, search, shown
from incidents.services import causes as verbs
from incidents.services.refusals import Refused
from incidents.views.steps.asked import Asked

SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)


@dataclass
class Named:
    """A change that somebody named, with what is asked about it."""

    cause: Cause
    form: CauseForm
    evidence: list[OriginEvidence]
    suggested: list[Assistance]


def context(asked: Asked) -> dict[str, Any]:
    incident = asked.incident
    words = asked.query.get("q", "") or (asked.data.get("q", "") if asked.data is not None else "")
    judged = set(incident.causes.values_list("change_id", flat=True))
    return {
        "named": [_named(cause, asked) for cause in _causes(asked)],
        "candidates": candidates(incident),
        "q": words,
        "search_results": [change for change in search(incident, words) if change.pk not in judged],
        "deployments": _deployments(asked),
        "fixes": incident.fixes.select_related("change__repository"),
        "factors": incident.factors.select_related("kind"),
        "factor_form": asked.new_row(FactorForm, "factor"),
        "factor_kinds": FactorKind.objects.offered(),
    }


def _causes(asked: Asked) -> list[Cause]:
    changes = shown(Change.objects.all()).prefetch_related(
        Prefetch("decisions", Decision.objects.filter(withdrawn_at=None))
    )
    causes = asked.incident.causes.select_related(
        "deployment__service", "deployment__environment", "deployment__repository"
    ).prefetch_related(Prefetch("change", changes))
    order = {
        status: place for place, status in enumerate(["confirmed", "suspected", "suggested", "ruled_out"])
    }
    return sorted(causes, key=lambda cause: (order[cause.status], cause.pk))


def _named(cause: Cause, asked: Asked) -> Named:
    form = asked.broken.get(f"cause-{cause.pk}")
    change = cause.change
    return Named(
        cause=cause,
        form=form if isinstance(form, CauseForm) else _form(cause, asked),
        evidence=list(change.evidence.all()) if change else [],
        suggested=[row for row in change.assistances.all() if row.status == Assistance.Status.SUGGESTED]
        if change
        else [],
    )


def _form(cause: Cause, asked: Asked) -> CauseForm:
    change = cause.change
    initial = {name: getattr(cause, name) for name in ("status", "role", "rationale", "evidence_url")}
    if change is not None:
        initial["origin"] = change.origin if _answered(change) else ""
        initial["kinds"] = [row.kind_id for row in change.assistances.all() if row.status in SAID]
    prefix = f"cause-{cause.pk}"
    told = asked.data if asked.data is not None and f"{prefix}-status" in asked.data else None
    form = CauseForm(told, prefix=prefix, initial=initial, use_required_attribute=False)
    if cause.status == Cause.Status.SUGGESTED:
        form.initial["status"] = ""
        form.fields["status"].choices = [("", "Not judged yet"), *form.fields["status"].choices]  # type: ignore[attr-defined]
    form.fields["kinds"].choices = asked.kind_choices  # type: ignore[attr-defined]
    if change is None:
        del form.fields["origin"], form.fields["kinds"]
    return form


def _answered(change: Change) -> bool:
    return change.origin != Origin.UNKNOWN or any(decision.origin for decision in change.decisions.all())


def _deployments(asked: Asked) -> list[Deployment]:
    """The last roll-outs before impact, for when nobody can tell which of their changes it was."""
    incident = asked.incident
    named = incident.causes.exclude(deployment=None).values("deployment")
    return list(
        Deployment.objects.production()
        .filter(service__in=incident.services.all(), finished_at__lte=incident.began_at)
        .exclude(pk__in=named)
        .for_list()
        .order_by("-finished_at")[:5]
    )


def act(asked: Asked) -> None:
    _save_named(asked)
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


def _add_factor(asked: Asked) -> None:
    if asked.verb == "factor.add" or asked.typed("factor", "text"):
        form = FactorForm(asked.data, prefix="factor")
        if asked.valid(form, "factor"):
            verbs.add_factor(incident_id=asked.incident.pk, by=asked.user, **form.cleaned_data)


def _save_named(asked: Asked) -> None:
    for cause in _causes(asked):
        form = _form(cause, asked)
        if form.is_bound and asked.valid(form, f"cause-{cause.pk}"):
            _save_cause(cause, form, asked)
            if cause.change:
                _save_help(cause.change, form, asked)


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


def _save_help(change: Change, form: CauseForm, asked: Asked) -> None:
    """Said in a postmortem, so after the incident: shown beside the rates, and never within them."""
    said: dict[str, Any] = {
        "change_id": change.pk,
        "by": asked.user,
        "prompted_by": Prompt.POSTMORTEM,
        "now": asked.now,
    }
    origin = form.cleaned_data["origin"]
    if "origin" in form.changed_data and origin:
        say_origin(origin=origin, reason=f"Said in the postmortem of {asked.incident}.", **said)
    if "kinds" in form.changed_data:
        before = {row.kind_id: row.kind for row in change.assistances.all() if row.status in SAID}
        after = {kind.pk: kind for kind in form.cleaned_data["kinds"]}
        for pk in after.keys() - before.keys():
            say_kind(kind=after[pk], verdict=Decision.Verdict.CONFIRMED, **said)
        for pk in before.keys() - after.keys():
            say_kind(kind=before[pk], verdict=Decision.Verdict.DISMISSED, **said)


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
