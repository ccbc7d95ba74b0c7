"""From evidence, decisions and policies to the verdict that a change carries; findings, rebuilt at will."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models

from changes import origin
from changes.facts import ChangeFact, DeclaredKind
from changes.models import (
    Assistance,
    Change,
    Decision,
    MarkingPolicy,
    Origin,
    OriginEvidence,
    PathClassRule,
)
from changes.origin import Evidence, Material, Said, Verdict
from changes.paths import BUILT_IN, PathClasses, suggested_kind
from changes.queries.judgements import Judgements
from changes.queries.together import Prepared
from changes.services.bulk import insert
from changes.services.declaring import DECLARED_RULE, standing
from changes.services.rules import Rules
from intake.models import Delivery

Found = dict[tuple[str, str], Evidence]
Status = Assistance.Status
# Places whose text is a field of the change: what they show goes when the field no longer says it.
OF_FIELDS = {origin.BRANCH, origin.LABEL}


def find_evidence(fact: ChangeFact, rules: Rules) -> list[Evidence]:
    material = Material(
        title=fact.title or "",
        message=fact.message or "",
        author=fact.author,
        landed=fact.landed,
        merged_in=fact.merged_in,
        told_at=fact.told_at,
    )
    return origin.detect(material, rules.book, kind_names(rules)) + _declared(fact)


def kind_names(rules: Rules) -> dict[str, str]:
    """How people may write this installation's kinds of help."""
    names = {kind.name.lower(): slug for slug, kind in rules.kinds.items()}
    return names | {slug: slug for slug in rules.kinds}


def _declared(fact: ChangeFact) -> list[Evidence]:
    """What the sender itself declares, as a generic change may."""
    found = []
    if fact.declared_origin:
        found.append(_declaration(fact.declared_origin, fact, f"origin: {fact.declared_origin}"))
    for kind in fact.declared_kinds:
        found.append(_declaration(Origin.ASSISTED.value, fact, f"kind: {kind.slug}", kind))
    return found


def _declaration(proves: str, fact: ChangeFact, excerpt: str, kind: DeclaredKind | None = None) -> Evidence:
    return Evidence(
        rule_key=DECLARED_RULE,
        rule_version=1,
        place=origin.DECLARATION,
        origin=proves,
        strength=origin.STRONG,
        excerpt=excerpt,
        assistant=(kind.assistant if kind else "") or fact.declared_assistant,
        kind=kind.slug if kind else "",
        said_at=fact.told_at,
    )


def of_fields(change: Change, rules: Rules) -> list[Evidence]:
    """Evidence in the branch and labels as they stand."""
    if not change.branch and not change.labels:
        return []
    told = [change.told[name] for name in ("branch", "labels") if name in change.told]
    at = datetime.fromtimestamp(min(told) / 1_000_000, UTC) if told else change.told_at
    material = Material(branch=change.branch, labels=tuple(change.labels), told_at=at)
    return origin.detect(material, rules.book)


RENEWED = [
    "rule_version", "origin", "strength", "confidence", "is_automation", "assistant", "kind", "said_at",
]  # fmt: skip


def save_evidence(
    found: Mapping[Change, list[Evidence]], rules: Rules, delivery: Delivery | None, is_known: bool = True
) -> dict[int, list[Evidence]]:
    """Add what is new to what is stored, the earliest time kept; returns all evidence by change."""
    rows = OriginEvidence.objects.filter(change__in=[change.pk for change in found]) if is_known else []
    stored: dict[int, dict[tuple[str, str], OriginEvidence]] = defaultdict(dict)
    for row in rows:
        stored[row.change_id][(row.rule_key, row.excerpt)] = row
    new: list[OriginEvidence] = []
    altered: list[OriginEvidence] = []
    gone: list[int] = []
    for change, items in found.items():
        mine = stored[change.pk]
        declared = standing(change.declared)
        wanted = declared.of(
            {(one.rule_key, one.excerpt): one for one in [*items, *of_fields(change, rules)]}
        )
        for key, one in wanted.items():
            if key not in mine:
                mine[key] = evidence_row(change, one, rules, delivery)
                new.append(mine[key])
        for key, row in list(mine.items()):
            if key in declared.gone or (row.place in OF_FIELDS and key not in wanted):
                gone.append(mine.pop(key).pk)
            elif row.pk and _renewed(row, wanted.get(key), rules) | declared.date(key, row):
                altered.append(row)
    OriginEvidence.objects.filter(pk__in=gone).delete()
    insert(new)
    if altered:
        OriginEvidence.objects.bulk_update(altered, RENEWED)
    return {pk: [_evidence(row, rules) for row in mine.values()] for pk, mine in stored.items()}


def evidence_row(change: Change, one: Evidence, rules: Rules, delivery: Delivery | None) -> OriginEvidence:
    return OriginEvidence(
        change=change,
        rule_key=one.rule_key,
        rule_version=one.rule_version,
        place=one.place,
        origin=one.origin,
        strength=one.strength,
        confidence=one.confidence,
        is_automation=one.is_automation,
        assistant=rules.assistants.get(one.assistant),
        kind=rules.kinds.get(one.kind),
        excerpt=one.excerpt,
        said_at=one.said_at,
        delivery=delivery,
    )


def _renewed(row: OriginEvidence, one: Evidence | None, rules: Rules) -> bool:
    if one is None:
        return False
    times = [at for at in (row.said_at, one.said_at) if at]
    now = {
        "rule_version": one.rule_version,
        # A merge's branch was read whole or in part: of one marker the smaller claim stands.
        "origin": one.origin if row.rule_version != one.rule_version else min(row.origin, one.origin),
        "strength": one.strength,
        "confidence": one.confidence,
        "is_automation": one.is_automation,
        "assistant_id": getattr(rules.assistants.get(one.assistant), "pk", None),
        "kind_id": getattr(rules.kinds.get(one.kind), "pk", None),
        "said_at": min(times, default=None),
    }
    changed = {name: value for name, value in now.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _evidence(row: OriginEvidence, rules: Rules) -> Evidence:
    return Evidence(
        rule_key=row.rule_key,
        rule_version=row.rule_version,
        place=row.place,
        origin=row.origin,
        strength=row.strength,
        excerpt=row.excerpt,
        is_automation=row.is_automation,
        assistant=_slug_of(rules.assistants, row.assistant_id),
        kind=_slug_of(rules.kinds, row.kind_id),
        said_at=row.said_at,
        confidence=row.confidence,
    )


def _slug_of(terms: Mapping[str, models.Model], pk: int | None) -> str:
    return next((slug for slug, term in terms.items() if term.pk == pk), "") if pk else ""


def weigh_change(
    change: Change, evidence: Sequence[Evidence], judgements: Judgements, rules: Rules
) -> Verdict:
    """Set the verdict fields, now and as it stood before the first failure; the caller saves."""
    said = judgements.said.get(change.pk, ()) if change.pk else ()
    stated_at, counts = judgements.policy_for(change)
    now = origin.weigh(evidence, said, stated_at)
    earlier = origin.before(evidence, said, change.first_failed_at)
    change.origin_counted = origin.weigh(*earlier, stated_at if counts else None).origin
    change.origin, change.origin_basis, change.origin_said_at = now.origin, now.basis, now.said_at
    change.origin_by_policy = now.basis == Change.OriginBasis.POLICY
    is_ai = now.origin in {Origin.ASSISTED, Origin.AUTONOMOUS}
    known = [rules.assistants[slug] for slug in now.assistants if slug in rules.assistants] if is_ai else []
    change.assistant = known[0] if known else None
    change.automation = any(one.is_automation for one in evidence)
    if change._state.adding:
        # What is here already keeps the rules under which all of its text was read last.
        change.rules_version = rules.version
    return now


@dataclass(frozen=True, slots=True)
class _Kind:
    status: str
    said_at: datetime | None = None
    counted: bool = False
    assistant: str = ""
    why: str = ""


def _kinds_of(
    change: Change, evidence: Sequence[Evidence], said: Sequence[Said], classes: PathClasses
) -> dict[str, _Kind]:
    """Each kind of help as it stands: a person's word, else what the evidence itself tells, else a guess."""
    failed_at = change.first_failed_at
    early_evidence, early_said = origin.before(evidence, said, failed_at)
    early = {one.kind: one for one in early_said if one.kind}
    found: dict[str, _Kind] = {}
    if change.is_assisted:
        guess = suggested_kind(change.paths, classes) if change.paths else None
        if guess:
            found[guess[0]] = _Kind(Status.SUGGESTED, why=guess[1])
        for one in sorted(evidence, key=lambda one: (one.said_at is None, one.said_at, one.rule_key)):
            if (
                one.kind
                and one.strength == origin.STRONG
                and found.get(one.kind, _GUESS).status == Status.SUGGESTED
            ):
                counted = one in early_evidence and not _dismissed(early.get(one.kind))
                # A record of lines tells in its own words what it rests on.
                why = one.excerpt if one.place == origin.NOTE else one.rule_key
                found[one.kind] = _Kind(Status.DECLARED, one.said_at, counted, one.assistant, why)
    for kind, last in {one.kind: one for one in said if one.kind}.items():
        before = early.get(kind)
        derived = found.get(kind)
        counted = not before.is_dismissal if before else bool(derived and derived.counted)
        status = Status.DISMISSED if last.is_dismissal else Status.CONFIRMED
        tool = last.assistant or (derived.assistant if derived else "")
        found[kind] = _Kind(status, (before or last).said_at, counted, tool)
    return found


_GUESS = _Kind(Status.SUGGESTED)


def _dismissed(said: Said | None) -> bool:
    return bool(said and said.is_dismissal)


def save_assistances(
    changes: Mapping[Change, Sequence[Evidence]], judgements: Judgements, rules: Rules, is_known: bool = True
) -> None:
    rows = Assistance.objects.filter(change__in=[one.pk for one in changes]) if is_known else ()
    _save_assistances(changes, rows, judgements, rules)


def _save_assistances(
    changes: Mapping[Change, Sequence[Evidence]],
    rows: Iterable[Assistance],
    judgements: Judgements,
    rules: Rules,
) -> None:
    """`rows` are all that is stored of these changes."""
    stored: dict[int, dict[int, Assistance]] = defaultdict(dict)
    for row in rows:
        stored[row.change_id][row.kind_id] = row
    new, altered, gone = [], [], []
    for change, evidence in changes.items():
        mine = stored[change.pk]
        classes = judgements.classes.get(change.repository_id, BUILT_IN)
        wanted = _kinds_of(change, evidence, judgements.said.get(change.pk, ()), classes)
        ids = {rules.kinds[slug].pk: one for slug, one in wanted.items() if slug in rules.kinds}
        gone += [row.pk for kind_id, row in mine.items() if kind_id not in ids]
        for kind_id, one in ids.items():
            row = mine.get(kind_id) or Assistance(change=change, kind_id=kind_id)
            before = _values(row)
            row.status, row.said_at, row.counted, row.why = one.status, one.said_at, one.counted, one.why
            row.assistant_id = getattr(rules.assistants.get(one.assistant), "pk", None)
            if row._state.adding:
                new.append(row)
            elif before != _values(row):
                altered.append(row)
    if gone:
        Assistance.objects.filter(pk__in=gone).delete()
    insert(new)
    if len(altered) == 1:
        altered[0].save(update_fields=ALTERED)
    elif altered:
        Assistance.objects.bulk_update(altered, ALTERED)


ALTERED = ["status", "said_at", "counted", "why", "assistant"]


def _values(row: Assistance) -> tuple[object, ...]:
    return (row.status, row.said_at, row.counted, row.why, row.assistant_id)


WEIGHED = [
    "origin", "origin_basis", "origin_said_at", "origin_counted", "origin_by_policy", "assistant",
    "automation", "rules_version",
]  # fmt: skip


def reweigh(changes: Sequence[Change], rules: Rules) -> list[Change]:
    """Weigh stored evidence again and save; returns those whose verdict altered. Decisions stay untouched."""
    found = _stored_evidence(changes, rules)
    judgements = Judgements.of(changes)
    altered = []
    for change in changes:
        before = [getattr(change, name) for name in WEIGHED]
        weigh_change(change, found[change.pk], judgements, rules)
        if before != [getattr(change, name) for name in WEIGHED]:
            altered.append(change)
    if altered:
        Change.objects.bulk_update(altered, WEIGHED, batch_size=500)
    save_assistances({one: found[one.pk] for one in changes}, judgements, rules)
    return altered


def reweigh_one(change: Change, rules: Rules) -> None:
    """The same of one change, whose version is saved with it: a person waits for this."""
    stored, said, policies, own_rules, assistances = OF_ONE(change.pk, change.repository_id)
    evidence = [_evidence(row, rules) for row in stored]
    judgements = Judgements.of_one(change, said, policies, own_rules)
    weigh_change(change, evidence, judgements, rules)
    change.save(update_fields=[*WEIGHED, "version"])
    _save_assistances({change: evidence}, assistances, judgements, rules)


def _of_one(change: int, repository: int) -> Sequence[models.QuerySet[Any]]:
    said = Decision.objects.filter(change=change, withdrawn_at=None).select_related("kind", "assistant")
    return (
        OriginEvidence.objects.filter(change=change),
        said.order_by("said_at", "id"),
        MarkingPolicy.objects.filter(repository=repository, revoked_at=None),
        PathClassRule.objects.filter(repository=repository),
        Assistance.objects.filter(change=change),
    )


OF_ONE = Prepared(_of_one, 2)


def _stored_evidence(changes: Sequence[Change], rules: Rules) -> Mapping[int, list[Evidence]]:
    found: dict[int, list[Evidence]] = defaultdict(list)
    for row in OriginEvidence.objects.filter(change__in=[one.pk for one in changes]):
        found[row.change_id].append(_evidence(row, rules))
    return found
