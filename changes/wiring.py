"""What a landed commit says: which request it was, and which changes it reverts, reapplies, fixes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from changes.facts import ChangeFact, CommitFact, FileFact

MERGE_SUBJECT = re.compile(r"^Merge pull request #(\d+) from \S+")
MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)

REVERTS, REAPPLIES, FIXES, PICKED_FROM = "reverts", "reapplies", "fixes", "picked_from"

# What may stand in front of a title: `fix(api)!: `, `[3.2] `.
IN_FRONT = r"^(?:\[[^\]]*\]\s*)?(?:\w+(?:\([^)]*\))?!?:\s*)?\[?"
REVERT_SUBJECT = re.compile(IN_FRONT + r"revert(?:s|ed|ing)?\b(?!-)", re.IGNORECASE)
REAPPLY_SUBJECT = re.compile(
    IN_FRONT + r"(?:re-?apply|re-?land|unrevert)(?:s|ed|ing)?\b(?!-)\]?:?\s*[\"“]?(?P<of>.*?)[\"”]?$",
    re.IGNORECASE,
)
REVERT_SENTENCE = re.compile(
    r"\bThis reverts (?:merge )?commits? ((?:[0-9a-f]{7,40}(?:,? and |,\s*|\s+(?=[0-9a-f]{7})|\b))+)",
    re.IGNORECASE,
)
SHA = re.compile(r"\b[0-9a-f]{7,40}\b", re.IGNORECASE)
REVERT_NUMBER = re.compile(
    r"^(?:This )?reverts (?:(?:PR|pull request|merge request|MR) )?(?:[\w./-]+)?[#!](\d+)\b",
    re.IGNORECASE | re.MULTILINE,
)
# The branch that a forge's button makes for a revert.
REVERT_BRANCH = re.compile(r"^Merge pull request #\d+ from \S+/revert-(\d+)-")
REVERT_COMMIT = re.compile(r"\brevert\w*:?\s+commit\s+([0-9a-f]{7,40})\b", re.IGNORECASE)
REVERT_TITLE = re.compile(r'revert\w*:?\s+["“](?P<of>.*)["”]', re.IGNORECASE)
# `revert: feat: pay later`, and a title that names the request alone: `Revert #12`.
REVERT_PLAIN = re.compile(r"^revert(?:\([^)]*\))?!?:\s+(?P<of>[^\"“].*)$", re.IGNORECASE)
REVERT_REQUEST = re.compile(
    r"revert\w*:?\s+(?:(?:PR|pull request|merge request|MR)\s+)?[#!](\d+)\b", re.IGNORECASE
)
# A title that was too long for its line goes on in the next.
CUT_OFF = re.compile(r"^(.*?)\s*(?:…|\.\.\.)$")
FIXES_SHA = re.compile(r"^Fixes:\s*(?:commit\s+)?([0-9a-f]{7,40})\b", re.IGNORECASE | re.MULTILINE)
FIXES_SUBJECT = re.compile(
    r"^Fixes:\s*(?:commit\s+)?([0-9a-f]{7,40})\s*\(?\s*[\"“'](.*?)[\"”']\s*\)?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
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
    bare, body = _whole(plain_title(subject), body)
    if branch := REVERT_BRANCH.match(subject):
        if REVERT_SUBJECT.match(body) and not REVERT_SENTENCE.search(body):
            found.append(Link(REVERTS, f"#{branch[1]}", "revert-branch"))
    elif reapply := REAPPLY_SUBJECT.match(bare):
        found += _reverts(bare, body, "") or _by_title(REAPPLIES, reapply["of"], "reapply-title")
    elif REVERT_SUBJECT.match(bare):
        found += _reverts(bare, body, reverted_title(bare))
    found += [Link(FIXES, sha.lower(), "fixes-trailer") for sha in FIXES_SHA.findall(body)]
    found += [Link(PICKED_FROM, sha.lower(), "cherry-pick-line") for sha in PICKED_SHA.findall(body)]
    return list(dict.fromkeys(found))


def reverted_title(subject: str) -> str:
    """The title that a revert's own names; empty where it names none."""
    bare = plain_title(subject)
    found = REVERT_TITLE.search(bare) or REVERT_PLAIN.match(bare)
    return found["of"].strip() if found else ""


def fixed_titles(message: str) -> dict[str, str]:
    """The titles that stand beside the commits in `Fixes:` trailers."""
    return {sha.lower(): title for sha, title in FIXES_SUBJECT.findall(message)}


def _whole(title: str, body: str) -> tuple[str, str]:
    """A title that was cut off in its line, with the rest of it from the body."""
    first, _, rest = body.partition("\n")
    cut, more = CUT_OFF.match(title), re.match(r"^(?:…|\.\.\.)\s*(.+)$", first)
    return (f"{cut[1]}{more[1]}", rest.strip()) if cut and more else (title, body)


def _reverts(subject: str, body: str, title: str) -> list[Link]:
    shas = [sha for found in REVERT_SENTENCE.findall(body) for sha in SHA.findall(found)]
    if shas:
        return [Link(REVERTS, sha.lower(), "revert-sentence") for sha in shas]
    if commit := REVERT_COMMIT.search(subject):
        return [Link(REVERTS, commit[1].lower(), "revert-commit")]
    named = REVERT_REQUEST.search(subject)
    numbers = REVERT_NUMBER.findall(body) or ([named[1]] if named else [])
    if numbers:
        return [Link(REVERTS, f"#{number}", "revert-number") for number in numbers]
    return _by_title(REVERTS, title, "revert-title")


def _by_title(kind: str, title: str, rule: str) -> list[Link]:
    if not title:
        return []
    if number := NUMBER_AT_END.search(title) or MERGE_SUBJECT.match(title):
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
