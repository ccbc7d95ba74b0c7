"""What a landed commit says: which request it was, and which changes it reverts, reapplies, fixes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from changes.facts import ChangeFact, CommitFact, FileFact

MERGE_SUBJECT = re.compile(r"^Merge pull request #(\d+) from \S+")
MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)

REVERTS, REAPPLIES, FIXES, PICKED_FROM = "reverts", "reapplies", "fixes", "picked_from"

REVERT_SUBJECT = re.compile(r"^(?:\w+(?:\([^)]*\))?!?:\s*)?revert(?:s|ed|ing)?\b", re.IGNORECASE)
REAPPLY_SUBJECT = re.compile(
    r'^(?:\w+(?:\([^)]*\))?!?:\s*)?(?:reapply|reland)\b:?\s*"?(?P<of>.*?)"?$', re.IGNORECASE
)
REVERT_SHA = re.compile(r"\bThis reverts (?:merge )?commit ([0-9a-f]{7,40})\b", re.IGNORECASE)
REVERT_NUMBER = re.compile(r"^Reverts (?:[\w.-]+/[\w.-]+)?#(\d+)\b", re.IGNORECASE | re.MULTILINE)
REVERT_TITLE = re.compile(r'revert\w*:?\s+["“](?P<of>.*)["”]', re.IGNORECASE)
FIXES_SHA = re.compile(r"^Fixes:\s*(?:commit\s+)?([0-9a-f]{7,40})\b", re.IGNORECASE | re.MULTILINE)
PICKED_SHA = re.compile(r"\(cherry picked from commit ([0-9a-f]{7,40})\)", re.IGNORECASE)
NUMBER_AT_END = re.compile(r"\s*\(#(\d+)\)\s*$")


@dataclass(frozen=True, slots=True)
class Link:
    """`names` is a commit, `#number`, or `subject: …` in the words of the other change's title."""

    kind: str
    names: str
    rule: str


def plain_title(subject: str) -> str:
    return NUMBER_AT_END.sub("", subject).strip()


def links(subject: str, body: str) -> list[Link]:
    """The revert sentence counts only under a revert's subject: else it is an undo inside one request."""
    found: list[Link] = []
    bare = plain_title(subject)
    if reapply := REAPPLY_SUBJECT.match(bare):
        found += _reverts(bare, body, "") or _by_title(REAPPLIES, reapply["of"], "reapply-title")
    elif REVERT_SUBJECT.match(bare):
        title = REVERT_TITLE.search(bare)
        found += _reverts(bare, body, title["of"] if title else "")
    found += [Link(FIXES, sha.lower(), "fixes-trailer") for sha in FIXES_SHA.findall(body)]
    found += [Link(PICKED_FROM, sha.lower(), "cherry-pick-line") for sha in PICKED_SHA.findall(body)]
    return list(dict.fromkeys(found))


def _reverts(subject: str, body: str, title: str) -> list[Link]:
    shas = REVERT_SHA.findall(body)
    if shas:
        return [Link(REVERTS, sha.lower(), "revert-sentence") for sha in shas]
    numbers = REVERT_NUMBER.findall(body)
    if numbers:
        return [Link(REVERTS, f"#{number}", "revert-number") for number in numbers]
    return _by_title(REVERTS, title, "revert-title")


def _by_title(kind: str, title: str, rule: str) -> list[Link]:
    if not title:
        return []
    if number := NUMBER_AT_END.search(title):
        return [Link(kind, f"#{number[1]}", rule)]
    return [Link(kind, f"subject: {title}"[:300], rule)]


def landed_change(
    commit: CommitFact,
    *,
    is_merge: bool,
    merged_in: Sequence[CommitFact] = (),
    files: tuple[FileFact, ...] | None = None,
    parent: str = "",
    is_sure: bool = True,
) -> ChangeFact:
    """The change that a commit on the default branch is; a merge stands for the branch that it brought in.

    Not `is_sure`: it may as well have come in by a merge that is not known for one.
    """
    subject, _, body = commit.message.partition("\n")
    body = body.strip()
    merge = MERGE_SUBJECT.match(subject) or (MERGE_REQUEST.search(body) if is_merge else None)
    squash = None if merge else NUMBER_AT_END.search(subject)
    has_title = bool(merge and body and MERGE_SUBJECT.match(subject))
    counted = [one for one in files or () if one.added is not None]
    plain = "landed" if is_sure else "pushed"
    return ChangeFact(
        told_at=commit.at,
        number=merge[1] if merge else squash[1] if squash else "",
        number_is_guess=squash is not None,
        shas=(
            ("merge" if is_merge else "squash" if squash else plain, commit.sha),
            *(("head", one.sha) for one in merged_in),
        ),
        # A squash says its number, and landed alone.
        parent="" if squash else parent,
        state="merged",
        title=body.split("\n", 1)[0] if has_title else plain_title(subject),
        message=body,
        merged_at=commit.at,
        additions=sum(one.added or 0 for one in counted) if counted else None,
        deletions=sum(one.deleted or 0 for one in counted) if counted else None,
        files_changed=len(files) if files is not None else None,
        commits=len(merged_in) or None,
        files=files,
        landed=commit,
        merged_in=tuple(merged_in),
    )
