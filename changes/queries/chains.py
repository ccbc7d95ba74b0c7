"""What undoes, repairs and follows up what: a change's rework as a chain, and the questions left open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from changes.models import Change, ChangeLink, FollowUp

Kind = ChangeLink.Kind
SUBJECT = "subject: "
# How far from the change the chain is followed, and how long it may get.
MOST_ROUNDS = 3
MOST_STEPS = 30
MOST_CANDIDATES = 6
FIRST = {
    Kind.REVERTS: "reverts",
    Kind.REAPPLIES: "applies again",
    Kind.FIXES: "fixes",
    Kind.PICKED_FROM: "was picked from",
}


@dataclass(frozen=True)
class Step:
    """One sentence: `change` did this to `target`. `has_no_effect`: it was itself undone since."""

    change: Change
    verb: str
    target: Change
    at: datetime | None
    has_no_effect: bool = False
    is_estimate: bool = False
    note: str = ""


@dataclass(frozen=True)
class Question:
    """A link whose text names no one change. `answered`: somebody said that none known here is meant."""

    link: ChangeLink
    names: str
    verb: str
    candidates: list[Change]

    @property
    def answered(self) -> bool:
        return self.link.said_at is not None


def chain_of(change: Change) -> list[Step]:
    """The links around the change in the order in which they came to be, a few steps far."""
    links: dict[int, ChangeLink] = {}
    seen: set[int] = set()
    wave = {change.pk}
    for _ in range(MOST_ROUNDS):
        if not wave or len(links) >= MOST_STEPS:
            break
        rows = ChangeLink.objects.filter(Q(change__in=wave) | Q(target__in=wave)).exclude(target=None)
        found = rows.select_related("change__repository", "target__repository").order_by("pk")[:MOST_STEPS]
        seen |= wave
        links |= {link.pk: link for link in found}
        ends = {pk for link in links.values() for pk in (link.change_id, link.target_id) if pk is not None}
        wave = ends - seen
    steps = [_step(link) for link in links.values()]
    follows = FollowUp.objects.filter(Q(change=change) | Q(fix=change)).select_related("change", "fix")
    steps += [_follow_up(one) for one in follows.order_by("at")[:MOST_STEPS]]
    return sorted(steps, key=lambda step: (step.at is None, step.at, step.change.pk))


def _step(link: ChangeLink) -> Step:
    target = link.target
    if target is None:  # never: links without a target are left out above
        raise ValueError("The link is open")
    is_undone = link.change.undone_at is not None and link.kind != Kind.PICKED_FROM
    note = "said by a person" if link.said_at else ""
    return Step(link.change, FIRST[Kind(link.kind)], target, link.change.merged_at, is_undone, note=note)


def _follow_up(one: FollowUp) -> Step:
    note = f"of the {one.deleted_lines} lines that it deleted, {one.lines} came from there"
    return Step(one.fix, "follows up", one.change, one.at, is_estimate=True, note=note)


def questions_of(change: Change) -> list[Question]:
    """What this change says of another that could not be found, with those that it may mean."""
    open_links = list(change.links.filter(target=None).order_by("pk"))
    titles = {link.names[len(SUBJECT) :] for link in open_links if link.names.startswith(SUBJECT)}
    by_title = _same_titles(change, titles)
    return [
        Question(
            link, link.names.removeprefix(SUBJECT), FIRST[Kind(link.kind)],
            by_title.get(link.names.removeprefix(SUBJECT), []),
        )
        for link in open_links
    ]  # fmt: skip


def _same_titles(change: Change, titles: Iterable[str]) -> dict[str, list[Change]]:
    wanted = list(titles)
    if not wanted:
        return {}
    rows = Change.objects.current().filter(repository=change.repository_id, title__in=wanted)
    rows = rows.exclude(pk=change.pk).exclude(merged_at=None)
    found: dict[str, list[Change]] = {}
    for one in rows.prefetch_related("identities").order_by("-merged_at")[: MOST_CANDIDATES * len(wanted)]:
        found.setdefault(one.title, []).append(one)
    return {title: rows[:MOST_CANDIDATES] for title, rows in found.items()}


def may_be_meant(change: Change) -> list[ChangeLink]:
    """Open links of others by a title that this change shares."""
    if not change.title:
        return []
    named = ChangeLink.objects.filter(
        target=None, said_at=None, names=f"{SUBJECT}{change.title}"[:300],
        change__repository=change.repository_id,
    )  # fmt: skip
    return list(named.exclude(change=change).select_related("change")[:MOST_CANDIDATES])
