"""Which changes may have had a hand in an incident, each with its reasons in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q

from changes.models import (
    Assistance,
    Change,
    ChangeIdentity,
    ChangeLink,
    ChangeQuerySet,
    Decision,
    Deployment,
    Origin,
    OriginEvidence,
)
from incidents.models import Incident
from incidents.queries.parts import Rows, listed, together

SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)
WINDOW = timedelta(days=7)
# A change undone this soon after impact began is named, whatever it shipped to.
UNDONE_WITHIN = timedelta(days=7)
MOST = 20


@dataclass
class Known:
    """A change with what the form shows of it, read with all the others of its page."""

    change: Change
    number: str
    evidence: Rows
    # Every kind of help on it with its status, as `kind_id`, `kind`, `status` and `why`.
    help: Rows
    # Known by any basis, or somebody was asked and said unknown.
    is_answered: bool

    @property
    def said_kinds(self) -> list[int]:
        return [row["kind_id"] for row in self.help if row["status"] in SAID]

    @property
    def suggested(self) -> Rows:
        return [row for row in self.help if row["status"] == Assistance.Status.SUGGESTED]


@dataclass
class Candidate:
    change: Change
    reasons: list[str]
    # The larger, the likelier: sorts the list and is never shown as a probability.
    rank: float
    number: str = ""


@dataclass(frozen=True)
class Look:
    """What one look around an incident found: ids of changes, likeliest first, and roll-outs before it."""

    likely: list[tuple[int, list[str], float]]
    rollouts: Rows
    searched: list[int]

    def candidates(self, known: dict[int, Known]) -> list[Candidate]:
        return [
            Candidate(known[pk].change, reasons, rank, known[pk].number)
            for pk, reasons, rank in self.likely
            if pk in known and known[pk].change.merged_into_id is None
        ]


@dataclass
class _Found:
    reasons: list[str] = field(default_factory=list)
    rank: float = 0

    def add(self, reason: str, rank: float) -> None:
        self.reasons.append(reason)
        self.rank += rank


def candidates(incident: Incident, window: timedelta = WINDOW) -> list[Candidate]:
    """The likeliest first, at most MOST; changes that somebody has judged already are left out."""
    judged: set[int | None] = set(incident.causes.values_list("change_id", flat=True))
    look = look_around(incident, judged, window=window)
    return look.candidates(known(pk for pk, _, _ in look.likely))


def look_around(
    incident: Incident, judged: set[int | None], *, query: str = "", window: timedelta = WINDOW
) -> Look:
    looked_for = {"searched": listed(search(incident, query), "pk")} if query.strip() else {}
    told = together(
        incident,
        shipped=_shipped_before(incident, window),
        deployed=_deployed_before(incident, window),
        undone=_undone_after(incident),
        fixed=_named_by_fixes(incident),
        rollouts=_rollouts(incident),
        **looked_for,
    )
    found: defaultdict[int, _Found] = defaultdict(_Found)
    _tell_shipped(incident, told["shipped"], found)
    _tell_deployed(incident, told["deployed"], found)
    for row in told["undone"]:
        after = _time(row["undone_at"]) - incident.began_at
        found[row["pk"]].add(f"undone {words(after)} after impact began", 20)
    for row in told["fixed"]:
        verb = "reverted" if row["kind"] == ChangeLink.Kind.REVERTS else "named"
        found[row["target_id"]].add(f"{verb} by the fix “{row['fix'] or 'without a title'}”", 30)
    likeliest = sorted(found.keys() - judged, key=lambda pk: (-found[pk].rank, -pk))[:MOST]
    return Look(
        [(pk, found[pk].reasons, found[pk].rank) for pk in likeliest],
        [row | {"finished_at": _time(row["finished_at"])} for row in told["rollouts"]],
        [row["pk"] for row in told.get("searched", []) if row["pk"] not in judged],
    )


def known(pks: Iterable[int]) -> dict[int, Known]:
    """These changes with all that the form shows of them, in one statement."""
    said = Decision.objects.filter(change=OuterRef("pk"), withdrawn_at=None).exclude(origin="")
    of_change = {"change": OuterRef("pk")}
    rows = (
        Change.objects.filter(pk__in=set(pks))
        .select_related("repository", "area", "assistant")
        .annotate(
            told_names=listed(ChangeIdentity.objects.filter(**of_change).order_by("pk"), "space", "value"),
            told_evidence=listed(
                OriginEvidence.objects.filter(**of_change).order_by("pk"),
                "excerpt",
                "place",
                "strength",
                assistant=F("assistant__name"),
            ),
            told_help=listed(
                Assistance.objects.filter(**of_change).order_by("kind__position", "pk"),
                "kind_id",
                "status",
                "why",
                kind=F("kind__name"),
            ),
            is_said=Exists(said),
        )
    )
    return {change.pk: _known(change) for change in rows}


def _known(change: Any) -> Known:
    names = {
        row["space"]: str(ChangeIdentity(space=row["space"], value=row["value"])) for row in change.told_names
    }
    number = names.get(ChangeIdentity.Space.NUMBER) or names.get(ChangeIdentity.Space.SHA) or ""
    evidence = [row | _in_words(row["place"], row["strength"]) for row in change.told_evidence]
    answered = change.origin != Origin.UNKNOWN or change.is_said
    return Known(change, number, evidence, change.told_help, answered)


def _in_words(place: str, strength: str) -> dict[str, str]:
    piece = OriginEvidence(place=place, strength=strength)
    return {"place": piece.get_place_display().lower(), "strength": piece.get_strength_display().lower()}


def _of_kind(incident: Incident) -> ChangeQuerySet:
    """Demonstration data and real data never meet."""
    return Change.objects.current().filter(repository__is_demo=incident.is_demo)


def _shipped_before(incident: Incident, window: timedelta) -> ArraySubquery:
    rows = (
        _of_kind(incident)
        .shipped()
        .filter(
            services__in=incident.services.all(),
            shipped_at__range=(incident.began_at - window, incident.began_at),
        )
        .order_by("-shipped_at", "services__name")
    )
    return listed(rows, "pk", "shipped_at", service=F("services__name"))


def _tell_shipped(incident: Incident, rows: Rows, found: defaultdict[int, _Found]) -> None:
    by_change: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for row in rows:
        by_change[row["pk"], row["shipped_at"]].append(row["service"])
    for (pk, shipped_at), services in by_change.items():
        before = incident.began_at - _time(shipped_at)
        names = " and ".join(sorted(services))
        found[pk].add(f"shipped to {names} {words(before)} before impact", 10 + _nearness(before))


def _deployed_before(incident: Incident, window: timedelta) -> ArraySubquery:
    """Also what shipped elsewhere or earlier, when a roll-out to these services carried it just before."""
    rows = (
        Deployment.objects.production()
        .filter(
            service__in=incident.services.all(),
            finished_at__range=(incident.began_at - window, incident.began_at),
            repository__is_demo=incident.is_demo,
        )
        .exclude(kind=Deployment.Kind.ROLLBACK)
        .order_by("-finished_at")
    )
    return listed(rows, "finished_at", "status", pk=F("changes"), service=F("service__name"))


def _tell_deployed(incident: Incident, rows: Rows, found: defaultdict[int, _Found]) -> None:
    seen: set[int] = set()
    for row in rows:
        pk = row["pk"]
        if pk is None or pk in seen:
            continue
        seen.add(pk)
        before = incident.began_at - _time(row["finished_at"])
        reason = f"to {row['service']} {words(before)} before impact"
        if row["status"] == Deployment.Status.FAILED:
            found[pk].add(f"in a failed roll-out {reason}", 8 + _nearness(before))
        elif row["status"] == Deployment.Status.SUCCEEDED and not found[pk].reasons:
            found[pk].add(f"rolled out {reason}", 9 + _nearness(before))
    for pk in [pk for pk, what in found.items() if not what.reasons]:
        del found[pk]


def _undone_after(incident: Incident) -> ArraySubquery:
    rows = (
        _of_kind(incident)
        .filter(services__in=incident.services.all())
        .filter(undone_at__range=(incident.began_at, incident.began_at + UNDONE_WITHIN))
        .filter(Q(shipped_at=None) | Q(shipped_at__lte=incident.began_at))
    )
    return listed(Change.objects.filter(pk__in=rows.values("pk")), "pk", "undone_at")


def _named_by_fixes(incident: Incident) -> ArraySubquery:
    kinds = [ChangeLink.Kind.REVERTS, ChangeLink.Kind.FIXES]
    links = ChangeLink.objects.filter(
        change__in=incident.fixes.values("change"), kind__in=kinds, target__merged_into=None
    ).exclude(target=None)
    return listed(links.order_by("pk"), "target_id", "kind", fix=F("change__title"))


def _rollouts(incident: Incident) -> ArraySubquery:
    """The last roll-outs before impact, for when nobody can tell which of their changes it was."""
    named = incident.causes.exclude(deployment=None).values("deployment")
    rows = (
        Deployment.objects.production()
        .filter(service__in=incident.services.all(), finished_at__lte=incident.began_at)
        .exclude(pk__in=named)
        .order_by("-finished_at")[:5]
    )
    return listed(
        rows, "pk", "status", "finished_at", service=F("service__name"), environment=F("environment__name")
    )


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _nearness(before: timedelta) -> float:
    """From 5 for the same minute down to nearly 0 after days."""
    return 5 / (1 + before.total_seconds() / 3600)


def words(span: timedelta) -> str:
    """`14 minutes`, `3 hours`, `2 days`: the largest unit that tells enough."""
    minutes = int(span.total_seconds() // 60)
    for unit, size in [("day", 24 * 60), ("hour", 60)]:
        if minutes >= 2 * size or (minutes >= size and unit == "hour"):
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else "less than a minute"


def search(incident: Incident, query: str) -> ChangeQuerySet:
    """Changes by number, commit or words of their title, for what the rules did not find."""
    query = query.strip().lstrip("#!")
    if len(query) < 2 and not query.isdigit():
        return Change.objects.filter(pk=0)  # not `none()`: it stands in a larger statement
    named = ChangeIdentity.objects.filter(
        Q(value=query) | Q(space=ChangeIdentity.Space.SHA, value__startswith=query)
    )
    found = _of_kind(incident).filter(Q(pk__in=named.values("change")) | Q(title__icontains=query))
    return found.order_by("-shipped_at", "-pk")[:10]
