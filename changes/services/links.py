"""Links between changes, resolved now or when the other becomes known, and what they undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from changes.models import Change, ChangeIdentity, ChangeLink, Repository
from changes.wiring import Link, fixed_titles, plain_title, reverted_title

Kind = ChangeLink.Kind
SUBJECT = "subject: "
# More with one title than this are not looked at one by one.
SAME_TITLE = 50
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
    # Oldest first: of two changes with one title the first revert means the one that then stood.
    for link in sorted(waiting, key=_landing):
        target = resolve(repository, link, resolved)
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
    open_links = open_links.select_related("change")
    titles = _titles(repository, names) | {change.title for change in found if change.title}
    if len(names) > FEW:
        prefixes = set(_prefixes(names))
        wanted = set(linking)
        return [
            link for link in open_links
            if link.change_id in wanted or link.names in prefixes or titles & _titles_in(link)
        ]  # fmt: skip
    by_name = Q(names__in=[*_prefixes(names), *(f"{SUBJECT}{title}"[:300] for title in titles)])
    for title in titles:
        by_name |= Q(kind=Kind.FIXES, change__message__contains=title)
        by_name |= Q(kind=Kind.REVERTS, change__title__contains=title)
    return list(open_links.filter(by_name | Q(change__in=linking)))


def _titles(repository: Repository, names: Sequence[str]) -> set[str]:
    """Of the changes that go by these names."""
    values = {name.removeprefix("#") for name in names}
    changes = Change.objects.filter(identities__repository=repository, identities__value__in=values)
    return set(changes.values_list("title", flat=True)) - {""}


def _titles_in(link: ChangeLink) -> set[str]:
    if link.names.startswith(SUBJECT):
        return {link.names[len(SUBJECT) :]}
    if link.kind == Kind.FIXES:
        return {plain_title(title) for title in fixed_titles(link.change.message).values()}
    return {plain_title(reverted_title(link.change.title))}


def _prefixes(names: Iterable[str]) -> list[str]:
    return [
        name[:length]
        for name in names
        for length in ([len(name)] if name.startswith("#") else range(7, len(name) + 1))
    ]


def resolve(repository: Repository, link: ChangeLink, resolved: Sequence[ChangeLink] = ()) -> int | None:
    """The one change that the link names: by commit or number, then by its exact title; else none.

    `resolved` are links of the same batch, not stored yet.
    """
    if link.names.startswith(SUBJECT):
        return _by_title(repository, link, link.names[len(SUBJECT) :], resolved)
    ids = _named(repository, link)
    if len(ids) > 1:
        return None
    title = "" if ids and link.kind != Kind.FIXES else _title_beside(link)
    by_title = _by_title(repository, link, title, resolved) if title else None
    if ids and by_title not in {None, *ids}:
        return None  # the commit and the title beside it say two things: a person knows
    return ids.pop() if ids else by_title


def _named(repository: Repository, link: ChangeLink) -> set[int]:
    named = ChangeIdentity.objects.filter(repository=repository)
    if link.names.startswith("#"):
        rows = named.filter(space=ChangeIdentity.Space.NUMBER, value=link.names[1:])
    else:
        # A range, so that the plain index serves: hexadecimal digits all sort before "g".
        shas = named.filter(space=ChangeIdentity.Space.SHA)
        rows = shas.filter(value__gte=link.names, value__lt=f"{link.names}g")
    return set(rows.values_list("change_id", flat=True)[:3])


def _title_beside(link: ChangeLink) -> str:
    """The title that the text gives beside a commit or number, which may be known where that is not."""
    if link.kind == Kind.FIXES:
        return fixed_titles(link.change.message).get(link.names, "")
    only = ChangeLink.objects.filter(change=link.change_id, kind=link.kind).count() == 1
    return reverted_title(link.change.title) if link.kind == Kind.REVERTS and only else ""


def _by_title(
    repository: Repository, link: ChangeLink, title: str, resolved: Sequence[ChangeLink]
) -> int | None:
    """Of those with this title that landed before, the one that still stood; else it is left for a person."""
    same = Change.objects.current().filter(repository=repository, title=plain_title(title)[:300])
    same = same.exclude(pk=link.change_id).exclude(merged_at=None)
    if link.change.merged_at:
        same = same.filter(merged_at__lte=link.change.merged_at)
    ids = set(same.values_list("pk", flat=True)[:SAME_TITLE])
    if len(ids) > 1 and link.kind != Kind.FIXES:
        ids -= _undone_before(link, ids, resolved)
    return ids.pop() if len(ids) == 1 else None


def _undone_before(link: ChangeLink, ids: set[int], resolved: Sequence[ChangeLink]) -> set[int]:
    stored = ChangeLink.objects.filter(kind=Kind.REVERTS, target__in=ids).exclude(change=link.change_id)
    if link.change.merged_at:
        stored = stored.filter(change__merged_at__lt=link.change.merged_at)
    in_batch = {one.target_id for one in resolved if one.kind == Kind.REVERTS and one.target_id in ids}
    return {*stored.values_list("target_id", flat=True), *in_batch} - {None}


def _landing(link: ChangeLink) -> tuple[bool, float, int]:
    at = link.change.merged_at
    return (at is None, at.timestamp() if at else 0.0, link.pk or 0)


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
