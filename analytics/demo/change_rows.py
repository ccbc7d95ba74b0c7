"""Rows of changes and deployments, judged by the product's own rules as its services would have."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from analytics.demo.cast import HOST
from analytics.demo.history import History
from analytics.demo.places import Places
from analytics.demo.rollouts import Rollout
from analytics.demo.work import Word, Work
from changes.facts import Identity
from changes.models import (
    Change,
    ChangeIdentity,
    ChangeLink,
    Decision,
    Deployment,
    DeploymentEvent,
    MarkingPolicy,
    SizeBand,
)
from changes.origin import Evidence, Material, Said, detect
from changes.queries.judgements import Judgements
from changes.services.bulk import insert, insert_pairs
from changes.services.rules import current_rules
from changes.services.weighing import save_assistances, save_evidence, weigh_change


@dataclass
class Judged:
    """A change as its evidence and what people said of it make it."""

    work: Work
    row: Change
    words: list[Word]
    evidence: list[Evidence] = field(default_factory=list)


def make(history: History, places: Places) -> tuple[dict[int, Change], dict[int, Deployment]]:
    """Changes by `id(work)` and deployments by `id(rollout)`."""
    rules = current_rules()
    judged = [
        Judged(work, _row(work, places), [word for word in work.said if word.at < history.as_of])
        for work in history.works
    ]
    # Verdicts rest on decisions, which hang on ids: drawn beforehand, each row is written once and final.
    for one, pk in zip(judged, _ids(len(judged)), strict=True):
        one.row.pk = pk
        one.words.sort(key=lambda word: word.at)
    judgements = Judgements({one.row.pk: _said(one) for one in judged}, _policies(places), {})
    for one in judged:
        one.evidence = detect(_material(one), rules.book)
        weigh_change(one.row, one.evidence, judgements, rules)
    insert([one.row for one in judged])
    evidence = save_evidence({one.row: one.evidence for one in judged}, rules, None, is_known=False)
    found = {one.row: evidence[one.row.pk] for one in judged}
    save_assistances(found, judgements, rules, is_known=False)
    rows = {id(one.work): one.row for one in judged}
    _hang_on(judged, places, history)
    _link(judged, rows)
    return rows, _deploy(history, places, rows)


def _ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('changes_change', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def _said(one: Judged) -> list[Said]:
    return [Said(word.origin, word.kind, "", word.is_dismissal, word.at, word.prompt) for word in one.words]


def _policies(places: Places) -> dict[int, list[MarkingPolicy]]:
    return {places.repositories[name].pk: policies for name, policies in places.policies.items()}


def _material(one: Judged) -> Material:
    name, email = one.work.author or ("", "")
    author = Identity(name=name, email=email, is_bot=True) if name else None
    return Material(
        title=one.row.title,
        message=one.row.message,
        author=author,
        branch=one.row.branch,
        labels=tuple(one.row.labels),
        told_at=one.row.told_at,
    )


def _row(work: Work, places: Places) -> Change:
    lines = work.lines if work.size_known else None
    return Change(
        repository=places.repositories[work.part.repository],
        type=work.type,
        state=work.state,
        is_draft=work.is_draft,
        title=work.title,
        message=work.body.strip(),
        url=f"https://{HOST}/larkfield/{work.part.repository}/pull/{work.number}",
        branch=_branch(work),
        labels=work.labels,
        first_commit_at=work.first_commit_at,
        opened_at=work.opened_at,
        ready_at=work.ready_at,
        merged_at=work.merged_at,
        closed_at=work.closed_at,
        shipped_at=work.shipped_at,
        shipped_basis="deployment" if work.shipped_at else "",
        told_at=work.closed_at or work.opened_at,
        additions=work.additions,
        deletions=work.deletions,
        files_changed=len(work.paths),
        commits=1 + work.lines // 80,
        counted_lines=0 if work.is_bot else lines,
        size_band=SizeBand.SMALL if work.is_bot else _band(lines),
        paths=work.paths if work.size_known else [],
        area=places.areas[work.part.area],
        first_incident_at=work.first_incident_at,
        undone_at=work.undone_at,
        recorded_at=work.closed_at or work.opened_at,
    )


def _branch(work: Work) -> str:
    words = "".join(sign if sign.isalnum() else " " for sign in work.title.lower()).split()
    return "-".join(words[:5])


def _band(lines: int | None) -> str:
    if lines is None:
        return SizeBand.UNKNOWN
    return SizeBand.SMALL if lines <= 50 else SizeBand.MEDIUM if lines <= 200 else SizeBand.LARGE


def _hang_on(judged: list[Judged], places: Places, history: History) -> None:
    """What belongs to one change: names, decisions, places."""
    identities, decisions = [], []
    in_services: list[tuple[int, int]] = []
    touched: list[tuple[int, int]] = []
    for one in judged:
        identities += _identities(one)
        decisions += [_decision(one, word, places) for word in one.words]
        in_services.append((one.row.pk, places.services[one.work.part.slug].pk))
        areas = {one.work.part.area} if one.row.paths and not one.work.is_bot else set()
        if any("apps/catalogue" in path for path in one.row.paths):
            areas.add("catalogue")
        touched += [(one.row.pk, places.areas[area].pk) for area in sorted(areas)]
    insert(identities)
    insert(decisions)
    insert_pairs(Change.services.through, ("change_id", "service_id"), in_services)
    insert_pairs(Change.areas_touched.through, ("change_id", "domainarea_id"), touched)


def _identities(one: Judged) -> list[ChangeIdentity]:
    names = [("number", "number", str(one.work.number)), ("sha", "head", one.work.shas[0])]
    if one.work.merged_at:
        names.append(("sha", "squash", one.work.shas[1]))
    return [
        ChangeIdentity(change=one.row, repository=one.row.repository, space=space, role=role, value=value)
        for space, role, value in names
    ]


def _decision(one: Judged, word: Word, places: Places) -> Decision:
    return Decision(
        change=one.row,
        origin=word.origin,
        kind=places.kinds[word.kind] if word.kind else None,
        verdict=Decision.Verdict.DISMISSED if word.is_dismissal else Decision.Verdict.CONFIRMED,
        said_at=word.at,
        said_by=places.people[one.work.number % len(places.people)],
        prompted_by=word.prompt,
        reason=word.reason,
    )


def _link(judged: list[Judged], rows: dict[int, Change]) -> None:
    links, undone = [], []
    for one in judged:
        target = one.work.reverts
        if target is not None:
            row = rows[id(target)]
            row.undone_by = one.row
            undone.append(row)
            links.append(
                ChangeLink(
                    change=one.row, kind="reverts", names=target.shas[1], target=row, rule="revert-title"
                )
            )
    insert(links)
    Change.objects.bulk_update(undone, ["undone_by"])


def _deploy(history: History, places: Places, rows: dict[int, Change]) -> dict[int, Deployment]:
    deployments = [_deployment(rollout, places) for rollout in history.rollouts]
    insert(deployments)
    pairs = list(zip(history.rollouts, deployments, strict=True))
    held = [(row.pk, rows[id(work)].pk) for rollout, row in pairs for work in rollout.works]
    insert_pairs(Deployment.changes.through, ("deployment_id", "change_id"), held)
    insert(
        [
            DeploymentEvent(deployment=row, external_id=f"{row.external_id}-{status}", status=status, at=at)
            for rollout, row in pairs
            for status, at in (("running", rollout.started_at), (rollout.status, rollout.finished_at))
        ]
    )
    return {id(rollout): row for rollout, row in pairs}


def _deployment(rollout: Rollout, places: Places) -> Deployment:
    return Deployment(
        source=places.forge,
        external_id=f"demo-{rollout.number}",
        repository=places.repositories[rollout.part.repository],
        service=places.services[rollout.part.slug],
        environment=places.environments[rollout.environment],
        is_production=rollout.environment == "production",
        status=rollout.status,
        kind=rollout.kind,
        kind_basis="told" if rollout.kind != "planned" else "",
        kind_told=rollout.kind if rollout.kind != "planned" else "",
        kind_told_at=rollout.started_at if rollout.kind != "planned" else None,
        sha=rollout.sha,
        ref="main",
        url=f"https://{HOST}/larkfield/{rollout.part.repository}/deployments/{rollout.number}",
        requested_at=rollout.started_at,
        started_at=rollout.started_at,
        finished_at=rollout.finished_at,
        recorded_at=rollout.finished_at,
    )
