"""The Markdown of a request's description, as far as its boxes and questions need it. Pure.

Comments, code and quoted text are no declaration. Comments of our own template name what a line means, so
that its words may be translated or reworded: `<!-- ai:yes -->`, `<!-- kind:refactoring -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_TEXT = 64 * 1024
MOST_LINES = 2000
MARK = re.compile(r"<!--\s*(ai:(?:yes|no|section)|kind:[a-z0-9-]{1,60}|ask:(?:production|integration))\s*-->")
MARKED = re.compile("\x01([^\x01\x02]*)\x02")
FENCE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?(`{3,}|~{3,})")
HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
UNDERLINE = re.compile(r"^[ ]{0,3}(?:=+|-{2,})[ \t]*$")
BOLD_LINE = re.compile(r"^[ ]{0,3}(\*\*|__)(?=\S)(.+?)\1[ \t]*:?[ \t]*$")
BULLET = re.compile(r"^(?:[-*+•][ \t]+|\d{1,3}[.)][ \t]+)")
BOX = re.compile(r"\\?\[[ \t]*([xX✓✔]?)[ \t]*\\?\](?![(\[:])|([☐☑☒])")
ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
RULE_ROW = re.compile(r"^[ \t|:-]+$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, or one box of it. `section` is the heading above; `depth` the indent of a list's item."""

    text: str
    section: str = ""
    is_heading: bool = False
    ticked: bool | None = None
    # What stands before a box: the question of a line or a table's row with several.
    question: str = ""
    depth: int = 0
    mark: str = ""
    raw: str = ""

    @property
    def is_box(self) -> bool:
        return self.ticked is not None


def bare_lines(body: str) -> list[str]:
    """Without comments, code and carriage returns; marks of our template stand as control characters."""
    text = body[:MOST_TEXT].replace("\x00", "").replace("\x01", "").replace("\x02", "")
    text = MARK.sub("\x01\\1\x02", text.replace("\r\n", "\n").replace("\r", "\n"))
    found: list[str] = []
    fence, in_comment = "", False
    for line in text.split("\n")[:MOST_LINES]:
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        line, in_comment = _without_comments(line, in_comment)
        opening = None if in_comment else FENCE.match(line)
        if opening:
            fence = opening[1]
            continue
        found.append(line)
    return found


def _without_comments(line: str, inside: bool) -> tuple[str, bool]:
    kept = ""
    while line:
        if inside:
            _, end, line = line.partition("-->")
            inside = not end
        else:
            before, start, line = line.partition("<!--")
            kept += before
            inside = bool(start)
    return kept, inside


def is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def pieces(body: str) -> list[Piece]:
    """Headings, lines and boxes in their order, quoted text left out."""
    found: list[Piece] = []
    section, header = "", list[str]()
    lines = ["" if is_quoted(line) else line for line in bare_lines(body)]
    for index, line in enumerate(lines):
        after = lines[index + 1] if index + 1 < len(lines) else ""
        if heading := _heading(line, after):
            section = heading.text
            found.append(heading)
        elif ROW.match(line):
            header = header or _cells(line)
            found += _row(line, header, section)
        elif not UNDERLINE.match(line):
            found += _line(line, section)
        if not ROW.match(line):
            header = []
    return found


def _heading(line: str, after: str) -> Piece | None:
    known = HEADING.match(line)
    text = (
        known[1]
        if known
        else line
        if line.strip() and UNDERLINE.match(after) and not BOX.search(line)
        else ""
    )
    if not known and BULLET.match(line.strip()):
        text = ""
    bold = BOLD_LINE.match(line)
    if not text and bold and not BOX.search(line):
        text = bold[2]
    if not text:
        return None
    text, mark = _unmarked(text)
    return Piece(text, text, is_heading=True, mark=mark)


def _unmarked(text: str) -> tuple[str, str]:
    mark = MARKED.search(text)
    return MARKED.sub("", text).strip(), mark[1] if mark else ""


def _line(line: str, section: str) -> Iterator[Piece]:
    indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
    text = BULLET.sub("", line.strip())
    boxes = list(BOX.finditer(text))
    if not boxes:
        text, mark = _unmarked(text)
        yield Piece(text, section, depth=indent, mark=mark, raw=MARKED.sub("", line).rstrip())
        return
    question = text[: boxes[0].start()]
    ends = [one.start() for one in boxes[1:]] + [len(text)]
    for box, end in zip(boxes, ends, strict=True):
        label, mark = _unmarked(text[box.end() : end])
        raw = line.rstrip() if box is boxes[0] else ""
        yield Piece(label, section, False, _is_ticked(box), question.strip(), indent, mark, raw)


def _is_ticked(box: re.Match[str]) -> bool:
    return bool(box[1]) or box[2] in ("☑", "☒")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(line: str, header: Sequence[str], section: str) -> Iterator[Piece]:
    """A box alone in its cell is about the rest of its row; several of them are told apart by the header."""
    if RULE_ROW.match(line):
        return
    cells = _cells(line)
    rest = " ".join(cell for cell in cells if not BOX.search(cell))
    text, mark = _unmarked(rest)
    alone = [BOX.fullmatch(BULLET.sub("", cell)) for cell in cells]
    if sum(one is not None for one in alone) > 1:
        for name, box in zip(header, alone, strict=False):
            if box:
                yield Piece(name, section, False, _is_ticked(box), text)
        return
    for cell, box in zip(cells, alone, strict=True):
        if box:
            yield Piece(text, section, ticked=_is_ticked(box), mark=mark)
        elif BOX.search(cell):
            yield from _line(cell, section)
    if not any(BOX.search(cell) for cell in cells):
        yield Piece(": ".join(cells[:2]) if len(cells) == 2 else text, section)


def without_open_boxes(body: str) -> str:
    """What is left to read once comments, code and boxes that nobody ticked are gone."""
    kept: list[str] = []
    open_at = -1
    for line in bare_lines(body):
        indent = len(line) - len(line.lstrip())
        if open_at >= 0 and line.strip() and indent > open_at:
            continue
        boxes = [] if is_quoted(line) else list(BOX.finditer(line))
        open_at = indent if boxes and not any(_is_ticked(one) for one in boxes) else -1
        if open_at < 0:
            kept.append(MARKED.sub("", line))
    return "\n".join(kept)
