"""Rows of the first report from an imported repository: origin and kind as they stood before a failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min, Q, Sum
from django.db.models.functions import Coalesce

from analytics.first_report.from_clone import DAYS, UNNAMED, Window
from analytics.first_report.shapes import MARKED, Reading, ReportChange
from changes.models import (
    Assistance,
    AttestedLines,
    Blame,
    Change,
    ChangeIdentity,
    ChangeLink,
    FollowUp,
    Origin,
    OriginEvidence,
    Repository,
    Strength,
)
from changes.paths import UNCOUNTED
from changes.queries.places import classes_of
from changes.services.rework import unread_fixes

LANDED = (Change.State.MERGED, Change.State.SHIPPED)
LANDED_AT = Coalesce("shipped_at", "merged_at")
Contributor = AttestedLines.Contributor
SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)


def read_repository(
    *, repository: Repository, now: datetime, window: Window | None = None
) -> tuple[Reading, list[ReportChange]]:
    landed = (
        Change.objects.current()
        .filter(repository=repository, state__in=LANDED)
        .annotate(landed_at=LANDED_AT)
        .exclude(landed_at=None)
    )
    newest = landed.aggregate(newest=Max("landed_at"))["newest"] or now
    since, until = (window or Window(days=DAYS)).bounds(newest)
    rows = list(
        landed.filter(landed_at__gte=since, landed_at__lte=until)
        .select_related("assistant", "area")
        .defer("message", "told")
        .order_by("landed_at", "id")
    )
    around = _around(repository)
    classes = classes_of(repository)
    has_areas = repository.area_rules.exists()
    changes = []
    for row in rows:
        counted = [path for path in row.paths if classes.of(path) not in UNCOUNTED]
        changes.append(_change(row, counted, around, has_areas))
    fixes = _fixes(repository, since)
    reading = Reading(
        name=repository.name,
        as_of=newest,
        since=since,
        until=until,
        commits=len(rows),
        branch=repository.default_branch,
        links_unresolved=ChangeLink.objects.filter(
            change__in=[row.pk for row in rows], target=None, kind=ChangeLink.Kind.REVERTS
        ).count(),
        notes=len(around.attested),
        said_afterwards=sum(row.origin in MARKED and row.origin_counted not in MARKED for row in rows),
        is_following=bool(repository.clone_path),
        is_demo=repository.is_demo,
        from_import=True,
        has_policy=repository.policies.filter(ended_on=None, revoked_at=None).exists(),
        fixes=fixes.all,
        fixes_read=fixes.read,
        fixes_unreadable=fixes.unreadable,
        fixes_from=fixes.since,
    )
    return reading, changes


@dataclass(frozen=True)
class _Fixes:
    all: int
    read: int
    unreadable: int
    since: datetime | None


def _fixes(repository: Repository, since: datetime) -> _Fixes:
    """Fixes are read newest first: what landed before the newest that waits is not judged yet."""
    read = Blame.objects.filter(fix__repository=repository, fix__merged_at__gte=since)
    waiting = [
        fix.change.merged_at
        for fix in unread_fixes(repository)
        if fix.change.merged_at and fix.change.merged_at >= since
    ]
    done = read.count()
    good = read.filter(outcome__in=[Blame.Outcome.READ, Blame.Outcome.NOTHING_DELETED]).count()
    is_looked_into = bool(done or (repository.clone_path and not waiting))
    reached = max(waiting, default=since) if is_looked_into else None
    return _Fixes(done + len(waiting), done, done - good, reached)


@dataclass(frozen=True)
class _Around:
    """What other tables say of the changes, by change."""

    undone: Mapping[int, datetime]
    followed: Mapping[int, tuple[datetime, int]]
    attested: Mapping[int, tuple[int, int]]
    tools: Mapping[int, Sequence[str]]
    hinted: frozenset[int]
    kinds: Mapping[int, Sequence[str]]
    labels: Mapping[int, str]


def _around(repository: Repository) -> _Around:
    """Asked for the whole repository: thousands of ids in a question cost more."""
    evidence = OriginEvidence.objects.filter(change__repository=repository)
    strong = evidence.filter(strength=Strength.STRONG, assistant__isnull=False)
    return _Around(
        undone=_fixed_at(repository),
        followed=_followed(repository),
        attested=_attested(repository),
        # A marker that names no tool says nothing more where another names one.
        tools=_grouped(
            strong.exclude(assistant__slug=UNNAMED).order_by("id").values_list("change_id", "assistant__name")
        ),
        hinted=frozenset(evidence.exclude(origin="").values_list("change_id", flat=True)),
        kinds=_grouped(
            Assistance.objects.filter(change__repository=repository, status__in=SAID, counted=True)
            .order_by("kind__slug")
            .values_list("change_id", "kind__slug")
        ),
        labels=_labels(repository),
    )


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _fixed_at(repository: Repository) -> dict[int, datetime]:
    """When a later change first named each one as what it fixes."""
    links = ChangeLink.objects.filter(
        kind=ChangeLink.Kind.FIXES, target__repository=repository, change__merged_into=None
    ).exclude(change__merged_at=None)
    return dict(links.values_list("target_id").annotate(first=Min("change__merged_at")))


def _followed(repository: Repository) -> dict[int, tuple[datetime, int]]:
    rows = FollowUp.objects.filter(change__repository=repository).order_by("-at")
    return {pk: (at, lines) for pk, at, lines in rows.values_list("change_id", "at", "lines")}


def _attested(repository: Repository) -> dict[int, tuple[int, int]]:
    by_ai = Q(contributor__in=[Contributor.AI, Contributor.MIXED])
    rows = (
        AttestedLines.objects.filter(change__repository=repository)
        .exclude(path_class__in=UNCOUNTED)
        .values_list("change_id")
        .annotate(ai=Coalesce(Sum("lines", filter=by_ai), 0), every=Sum("lines"))
    )
    return {pk: (ai, every) for pk, ai, every in rows}


def _labels(repository: Repository) -> dict[int, str]:
    """A request's number where it has one, else the commit that landed."""
    found: dict[int, str] = {}
    rows = ChangeIdentity.objects.filter(change__repository=repository).order_by("-space", "-id")
    for pk, space, value in rows.values_list("change_id", "space", "value"):
        if space == ChangeIdentity.Space.SHA:
            found[pk] = value[:10]
        elif space == ChangeIdentity.Space.NUMBER:
            found[pk] = f"#{value}"
    return found


def _change(row: Change, paths: Sequence[str], around: _Around, has_areas: bool) -> ReportChange:
    origin = row.origin_counted
    times = [at for at in (row.undone_at, around.undone.get(row.pk)) if at]
    followed = around.followed.get(row.pk)
    attested = around.attested.get(row.pk)
    tools = [*around.tools.get(row.pk, ())]
    if row.assistant and (row.assistant.slug != UNNAMED or not tools):
        tools.insert(0, row.assistant.name)
    at = row.shipped_at or row.merged_at
    assert at is not None  # noqa: S101 -- the query leaves out what never landed
    return ReportChange(
        key=str(row.pk),
        label=around.labels.get(row.pk, f"change {row.pk}"),
        title=row.title[:160],
        at=at,
        lines=row.counted_lines if row.counted_lines is not None else _told_lines(row),
        paths=tuple((path, 1) for path in paths),
        origin=origin,
        tools=tuple(dict.fromkeys(tools)) if origin in MARKED else (),
        kinds=tuple(around.kinds.get(row.pk, ())),
        is_automation=row.automation,
        is_hinted=row.origin == Origin.UNKNOWN and row.pk in around.hinted,
        by_policy=row.origin_by_policy,
        area=row.area.name if row.area and has_areas else "",
        undone_at=min(times, default=None),
        followed_at=followed[0] if followed else None,
        followed_lines=followed[1] if followed else 0,
        attested_ai=attested[0] if attested else None,
        attested_of=attested[1] if attested else None,
        url=row.get_absolute_url(),
    )


def _told_lines(row: Change) -> int | None:
    if row.additions is None or row.deletions is None:
        return None
    return row.additions + row.deletions
