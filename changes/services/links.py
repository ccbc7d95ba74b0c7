"""Links between changes, resolved now or when the other becomes known, and what they undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from changes.models import Change, ChangeIdentity, ChangeLink, Repository
from changes.wiring import Link

Kind = ChangeLink.Kind
SUBJECT = "subject: "
# Beyond this many new names the unresolved links are read instead of asked for by name.
FEW = 50


def add_links(repository: Repository, found: dict[Change, list[Link]], names: Iterable[str]) -> set[int]:
    """Store new links, resolve what can be resolved by now; returns changes whose undoing must be looked at.

    `names` are the commits and `#numbers` that have just become known.
    """
    rows = [
        ChangeLink(change=change, kind=one.kind, names=one.names, rule=one.rule)
        for change, items in found.items()
        for one in items
    ]
    ChangeLink.objects.bulk_create(rows, ignore_conflicts=True)
    waiting = _waiting(repository, list(names), [change.pk for change in found], found)
    resolved: list[ChangeLink] = []
    for link in waiting:
        target = resolve(repository, link)
        if target is not None and target != link.change_id:
            link.target_id = target
            resolved.append(link)
    if resolved:
        ChangeLink.objects.bulk_update(resolved, ["target"])
    return {
        link.target_id for link in resolved if link.kind in {Kind.REVERTS, Kind.REAPPLIES} and link.target_id
    }


def _waiting(
    repository: Repository, names: Sequence[str], linking: Sequence[int], found: dict[Change, list[Link]]
) -> list[ChangeLink]:
    open_links = ChangeLink.objects.filter(target=None, said_at=None, change__repository=repository)
    if len(names) > FEW:
        prefixes = set(_prefixes(names))
        wanted = set(linking)
        return [
            link for link in open_links
            if link.change_id in wanted or link.names in prefixes or link.names.startswith(SUBJECT)
        ]  # fmt: skip
    titles = [f"{SUBJECT}{change.title}"[:300] for change in found if change.title]
    by_name = Q(names__in=[*_prefixes(names), *titles])
    return list(open_links.filter(by_name | Q(change__in=linking)))


def _prefixes(names: Iterable[str]) -> list[str]:
    return [
        name[:length]
        for name in names
        for length in ([len(name)] if name.startswith("#") else range(7, len(name) + 1))
    ]


def resolve(repository: Repository, link: ChangeLink) -> int | None:
    """The one change that the link names: by commit, then by number, then by its exact title; else none."""
    named = ChangeIdentity.objects.filter(repository=repository)
    if link.names.startswith("#"):
        rows = named.filter(space=ChangeIdentity.Space.NUMBER, value=link.names[1:])
    elif link.names.startswith(SUBJECT):
        return _by_title(repository, link)
    else:
        # A range, so that the plain index serves: hexadecimal digits all sort before "g".
        shas = named.filter(space=ChangeIdentity.Space.SHA)
        rows = shas.filter(value__gte=link.names, value__lt=f"{link.names}g")
    ids = set(rows.values_list("change_id", flat=True)[:3])
    return ids.pop() if len(ids) == 1 else None


def _by_title(repository: Repository, link: ChangeLink) -> int | None:
    """An ambiguous title is left for a person."""
    same = Change.objects.current().filter(repository=repository, title=link.names[len(SUBJECT) :])
    ids = list(same.exclude(pk=link.change_id).exclude(merged_at=None).values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def refresh_undone(change_ids: Iterable[int]) -> list[Change]:
    """Recompute `undone_at` for these and for what they undo in turn; returns those that altered.

    A revert that was itself reverted, or whose target was applied again later, undoes nothing.
    """
    waiting, altered, seen = list(change_ids), [], set[int]()
    while waiting:
        pk = waiting.pop(0)
        if pk in seen:
            continue
        seen.add(pk)
        change = Change.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if change is None:
            continue
        if _set_undone(change):
            altered.append(change)
            seen.discard(pk)
            chained = ChangeLink.objects.filter(change=change, kind__in=[Kind.REVERTS, Kind.REAPPLIES])
            waiting += [
                target for target in chained.values_list("target_id", flat=True) if target and target != pk
            ]
    return altered


def _set_undone(change: Change) -> bool:
    about = ChangeLink.objects.filter(target=change).exclude(change__merged_at=None)
    effective = about.filter(change__undone_at=None, change__merged_into=None).exclude(change=change)
    reverts = (
        effective.filter(kind=Kind.REVERTS)
        .select_related("change")
        .order_by("change__merged_at", "change_id")
    )
    reapplied = effective.filter(kind=Kind.REAPPLIES).order_by("-change__merged_at").first()
    last_reapplied = reapplied.change.merged_at if reapplied else None
    first = next(
        (
            link.change for link in reverts
            if last_reapplied is None or (link.change.merged_at and link.change.merged_at > last_reapplied)
        ),
        None,
    )  # fmt: skip
    undone_at = first.merged_at if first else None
    if (change.undone_at, change.undone_by_id) == (undone_at, first.pk if first else None):
        return False
    change.undone_at, change.undone_by = undone_at, first
    change.save(update_fields=["undone_at", "undone_by"])
    return True
