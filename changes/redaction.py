"""What is kept of a text: every identity that no rule knows is replaced.

Pure. It knows the people of the change itself; the plain name of anybody else is not told from a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from changes.facts import Identity
from changes.origin import EMAIL, MOST_TEXT, PERSON, RuleBook

# What no text shows and a page or a terminal obeys: controls, and marks that turn the order of letters.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAMED_EMAIL = re.compile(r"<[^<>\s@]+@[^<>\s]+>")
MENTION = re.compile(r"(?<![\w/@.`])@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?![\w/.])")
PERSON_TRAILER = re.compile(
    r"^([ \t]*(?:[\w-]+-(?:by|with|to)|cc|from|author|thanks|reported|reviewer)[ \t]*:[ \t]*)(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
# A forge commits what is merged on its pages under its own name, which texts speak of as a place.
FORGES = frozenset({"github", "gitlab", "bitbucket", "codeberg", "gitea", "forgejo", "web-flow"})
# A mailbox of this name says nothing of a person, and may well be a folder.
MAILBOXES = frozenset(
    "admin bot build ci code contact core dev docs feature fix git hello info mail main master noreply "
    "no-reply release root src support team test tests web".split()
)
# First parts of branches that are kinds of work or tools; any other may be whose branch it is.
BRANCH_WORDS = MAILBOXES | frozenset(
    "backport bugfix chore claude codex copilot cursor dependabot dependencies devin doc "
    "experiment feat fixes hotfix jules perf pre-commit-ci pyup refactor releases renovate revert snyk "
    "stable style task update".split()
)
MERGE_OF = re.compile(r"^(Merge pull request #\d+ from )[^/\s]+/(?:([^/\s]+)(?=/))?", re.MULTILINE)


def redact(text: str, book: RuleBook, people: Iterable[Identity | None] = ()) -> str:
    """The text with every identity that no rule knows replaced by `<person>`."""
    if not text:
        return ""
    text = MERGE_OF.sub(_without_owner, UNSEEN.sub("", text[:MOST_TEXT]))
    kept: list[str] = []

    def keep(line: str) -> str:
        kept.append(line)
        return f"\x00{len(kept) - 1}\x00"

    def trailer(match: re.Match[str]) -> str:
        line = match.group(0)
        if book.knows(line.strip()) or book.knows(match.group(2)):
            return keep(line)
        if "@" not in line and match.group(1).strip().lower().startswith(("fixes", "close", "assisted-by")):
            return line
        return match.group(1) + PERSON

    text = PERSON_TRAILER.sub(trailer, text)
    known = _people(people, book)
    for name in _names(known):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", PERSON, text)
    for name in _handles(known) if "/" in text else ():
        worn = re.escape(name)
        text = re.sub(rf"(?<![\w.-]){worn}(?=/\w)|(?<=/){worn}(?![\w-])", PERSON, text, flags=re.IGNORECASE)
    if "@" in text:
        text = NAMED_EMAIL.sub(PERSON, text)
        text = MENTION.sub(PERSON, EMAIL.sub(PERSON, text))
    return re.sub("\x00(\\d+)\x00", lambda match: kept[int(match.group(1))], text)


def _without_owner(merge: re.Match[str]) -> str:
    first = merge.group(2) or ""
    kept = first if first.lower() in BRANCH_WORDS or not first else PERSON
    return f"{merge.group(1)}{PERSON}/{kept}"


def _people(people: Iterable[Identity | None], book: RuleBook) -> list[Identity]:
    """Tools and automations keep their names."""
    return [one for one in people if one is not None and not one.is_bot and not book.knows(str(one))]


def _names(people: Iterable[Identity]) -> list[str]:
    """What the people of this change are called, longest first."""
    names = {part.strip() for one in people for part in (one.name, one.login, one.email)}
    return _longest_first(name for name in names if len(name) >= 4 and name.lower() not in FORGES)


def _handles(people: Iterable[Identity]) -> list[str]:
    """Their short names, as branches (`ada/topic`) and addresses (`https://forge/ada`) wear them."""
    found = {one.login for one in people}
    found |= {one.email.split("@", 1)[0].rsplit("+", 1)[-1] for one in people}
    return _longest_first(one for one in found if len(one) >= 3 and one.lower() not in MAILBOXES | FORGES)


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (-len(name), name))
