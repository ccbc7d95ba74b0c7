"""How well a wording list finds what people labelled: precision and recall of phrases. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from incidents.wording import Book, remarks


class BadRow(ValueError):
    """A line that is no labelled text; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """`flag` holds the phrases that blame, in the order in which they stand in the text."""

    text: str
    flag: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A hint is right, and a phrase met, where the two overlap. `wrong` and `missed` say which were not."""

    texts: int
    texts_flagged: int
    phrases: int
    hints: int
    right: int
    met: int
    wrong: tuple[str, ...]
    missed: tuple[str, ...]


def read_rows(content: bytes) -> list[Labelled]:
    """Lines of JSON: `{"text": …, "flag": [...]}`; other keys are ignored. Raises: BadRow."""
    lines = content.split(b"\n")
    rows = [_row(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise BadRow("There is no labelled text in it.")
    return rows


def _row(number: int, line: bytes) -> Labelled:
    try:
        told = json.loads(line.decode("utf-8"))
        text, flag = told["text"], told["flag"]
        if not isinstance(text, str) or not isinstance(flag, list):
            raise TypeError
        row = Labelled(text, tuple(map(str, flag)))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadRow(f"line {number} is no JSON in UTF-8: {error}") from error
    except (KeyError, TypeError) as error:
        raise BadRow(f"line {number} is no object with “text” and a list “flag”.") from error
    list(_places(row, number))
    return row


def _places(row: Labelled, number: int = 0) -> Iterator[tuple[int, int]]:
    last: dict[str, int] = {}
    for phrase in row.flag:
        start = row.text.find(phrase, last.get(phrase, 0)) if phrase else -1
        if start < 0:
            raise BadRow(f"line {number}: “{phrase}” is not in its text.")
        last[phrase] = start + len(phrase)
        yield start, start + len(phrase)


def audit(rows: Iterable[Labelled], book: Book) -> Audit:
    rows, wrong, missed = list(rows), [], []
    phrases = hints = 0
    for row in rows:
        places = list(_places(row))
        found = [(hint.offset, hint.offset + len(hint.phrase)) for hint in remarks(row.text, book)]
        phrases, hints = phrases + len(places), hints + len(found)
        wrong += [_shown(row.text, one) for one in found if not _meets(one, places)]
        missed += [_shown(row.text, one) for one in places if not _meets(one, found)]
    return Audit(
        texts=len(rows),
        texts_flagged=sum(bool(row.flag) for row in rows),
        phrases=phrases,
        hints=hints,
        right=hints - len(wrong),
        met=phrases - len(missed),
        wrong=tuple(wrong),
        missed=tuple(missed),
    )


def _meets(one: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(one[0] < end and start < one[1] for start, end in others)


def _shown(text: str, place: tuple[int, int]) -> str:
    return f"“{text[place[0] : place[1]]}” in “{text}”"
