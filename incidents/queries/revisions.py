"""Revisions of a postmortem, and what changed from one to another."""

from __future__ import annotations

from dataclasses import dataclass

from incidents import diff
from incidents.models import Postmortem, PostmortemRevision
from incidents.queries.outline import sections_of


@dataclass(frozen=True)
class SectionDiff:
    key: str
    title: str
    # `same`, `added`, `removed` or `changed`.
    kind: str
    paragraphs: list[diff.Paragraph]


def texts(revision: PostmortemRevision) -> dict[str, str]:
    return dict(revision.content.get("sections", {}))


def compared(
    postmortem: Postmortem, old: PostmortemRevision | None, new: PostmortemRevision
) -> list[SectionDiff]:
    """Section by section, in the order of the postmortem; None as the older one means nothing at all."""
    before, after = texts(old) if old else {}, texts(new)
    titles = {section.key: section.title for section in sections_of(postmortem)}
    keys = [*titles, *sorted((before.keys() | after.keys()) - titles.keys())]
    return [
        SectionDiff(
            key,
            titles.get(key) or key.replace("_", " ").capitalize(),
            _kind(before.get(key, ""), after.get(key, "")),
            diff.paragraphs(before.get(key, ""), after.get(key, "")),
        )
        for key in keys
        if before.get(key) or after.get(key)
    ]


def _kind(before: str, after: str) -> str:
    if before == after:
        return "same"
    return "changed" if before and after else ("added" if after else "removed")


def altered_sections(revisions: list[PostmortemRevision], postmortem: Postmortem) -> dict[int, list[str]]:
    """For each revision by number, the titles of the sections that it altered; given newest first."""
    titles = {section.key: section.title for section in sections_of(postmortem)}
    found: dict[int, list[str]] = {}
    for place, revision in enumerate(revisions):
        before = texts(revisions[place + 1]) if place + 1 < len(revisions) else {}
        after = texts(revision)
        keys = [key for key in {**titles, **before, **after} if before.get(key, "") != after.get(key, "")]
        found[revision.number] = [titles.get(key) or key.replace("_", " ").capitalize() for key in keys]
    return found
