"""What undoes, repairs and follows up what: a change's rework as a chain, and the questions left open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

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
    return chain(change, links_around([change.pk]), follow_ups_of(change))


def links_around(changes: Iterable[int]) -> QuerySet[ChangeLink]:
    around = list(changes)
    rows = ChangeLink.objects.filter(Q(change__in=around) | Q(target__in=around)).exclude(target=None)
    return rows.select_related("change__repository", "target__repository").order_by("pk")[:MOST_STEPS]


def follow_ups_of(change: Change) -> QuerySet[FollowUp]:
    rows = FollowUp.objects.filter(Q(change=change) | Q(fix=change)).select_related("change", "fix")
    return rows.order_by("at")[:MOST_STEPS]


def chain(change: Change, found: Iterable[ChangeLink], follow_ups: Iterable[FollowUp]) -> list[Step]:
    """From the links at the change itself on; what lies further is read here, round by round."""
    links = {link.pk: link for link in found}
    seen = {change.pk}
    for _ in range(MOST_ROUNDS - 1):
        ends = {pk for link in links.values() for pk in (link.change_id, link.target_id) if pk is not None}
        wave = ends - seen
        if not wave or len(links) >= MOST_STEPS:
            break
        links |= {link.pk: link for link in links_around(wave)}
        seen |= wave
    steps = [_step(link) for link in links.values()]
    steps += [_follow_up(one) for one in follow_ups]
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
    return questions(change, open_links_of(change))


def open_links_of(change: Change) -> QuerySet[ChangeLink]:
    return change.links.filter(target=None).select_related("said_by").order_by("pk")


def questions(change: Change, links: Iterable[ChangeLink]) -> list[Question]:
    open_links = list(links)
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
    return list(may_mean(change))


def may_mean(change: Change) -> QuerySet[ChangeLink]:
    if not change.title:
        return ChangeLink.objects.none()
    named = ChangeLink.objects.filter(
        target=None, said_at=None, names=f"{SUBJECT}{change.title}"[:300],
        change__repository=change.repository_id,
    )  # fmt: skip
    return named.exclude(change=change).select_related("change")[:MOST_CANDIDATES]
