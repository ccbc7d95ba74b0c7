"""What people declare in a request's description: if AI helped, with what, and their two answers. Pure.

Only a ticked negative box or explicit words make `manual`. Both boxes ticked, or none, decide nothing; what
cannot be understood is said so, with the reason, and never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from changes import declared_words as words
from changes.declared_text import BULLET, Piece, pieces
from changes.declared_words import ASIDE, NOT_USED, NOTHING, UNCLEAR, USED

ASSISTED, MANUAL, NONE = "assisted", "manual", "none"
PRODUCTION, INTEGRATION = "production", "integration"
MOST_ANSWER = 4000
MOST_LABEL = 80
MOST_PART = 40
# Each becomes a row and a line of a page; no template asks for so many.
MOST_KINDS, MOST_TOOLS, MOST_REASONS = 30, 10, 20


@dataclass(frozen=True, slots=True)
class Declaration:
    """`kinds` and `assistants` are slugs; `answers` by question, `production` and `integration`."""

    origin: str = NONE
    kinds: tuple[str, ...] = ()
    assistants: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    not_understood: tuple[str, ...] = ()
    both_ticked: bool = False
    none_ticked: bool = False
    # Something was said of whether AI helped, and a person must read it.
    is_doubtful: bool = False

    @property
    def decides(self) -> bool:
        """Whether it says if AI helped, or that nobody but a person can tell."""
        return self.origin != NONE or self.is_doubtful


def read(body: str, names: Mapping[str, str] | None = None) -> Declaration:
    """`names`: an installation's own words for kinds of help, in small letters, and the slugs they mean."""
    if not words.HINT.search(body):
        return Declaration()
    found = pieces(body)
    reader = _Reader(names or {})
    for piece in found:
        reader.take(piece)
    return reader.declaration(_answers(found))


def answers_in(body: str) -> dict[str, str]:
    return _answers(pieces(body)) if words.ANSWER_HINT.search(body) else {}


class _Reader:
    """Goes through the pieces once, knowing which question it stands under."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.said: set[str] = set()
        self.boxes = 0
        self.kinds: list[str] = []
        self.tools: list[str] = []
        self.reasons: list[str] = []
        # A label that tells of AI where somebody doubts it: no plain no stands beside it.
        self.is_doubtful = False
        self.question = ""
        self.is_open = False
        self.in_marked_section = False
        self.above: list[tuple[int, str, str]] = []

    def take(self, piece: Piece) -> None:
        if piece.is_heading:
            self._ask(piece.text)
            self.in_marked_section = piece.mark == "ai:section"
        elif piece.is_box:
            self._take_box(piece)
        elif piece.text:
            self._take_line(piece)

    def _ask(self, text: str) -> None:
        self.question, self.is_open, self.above = text, True, []

    def _note(self, reason: str) -> None:
        if reason not in self.reasons and len(self.reasons) < MOST_REASONS:
            self.reasons.append(reason)

    # Lines

    def _take_line(self, piece: Piece) -> None:
        text = piece.text
        if trailer := words.TRAILER.match(text):
            self._take_kinds(trailer[1])
            return
        label, value = _asked(text)
        if words.names_kinds(label):
            self._ask(label)
            self._take_kinds(value)
        elif words.names_tools(label) and (
            words.SPEAKS_OF_AI.search(words.plain(label)) or self._on_ai(piece)
        ):
            self.tools += words.tools_in(value)
        elif words.asks(label) and (value or words.meaning(text) not in (USED, NOT_USED)):
            self._ask(label)
            self._take_answer(value)
        elif words.names_kinds(self.question) and self.is_open:
            self._take_kinds(text)
        elif self._on_ai(piece):
            self._take_answer(text) if self.is_open else self._take_sentence(text)
        elif text.rstrip().endswith((":", "?")):
            self._ask(text)

    def _on_ai(self, piece: Piece) -> bool:
        return self.in_marked_section or words.asks(self.question) or words.asks(piece.section)

    def _take_answer(self, text: str) -> None:
        if not text:
            return
        self.is_open = False
        said = words.answer(text)
        if said == UNCLEAR:
            self._doubt("an answer on AI that is neither yes nor no")
        elif said != NOTHING:
            self.said.add(said)
            self.tools += words.tools_in(text) if said == USED else []

    def _take_sentence(self, text: str) -> None:
        said = words.meaning(text)
        if said in (USED, NOT_USED):
            self.said.add(said)
        elif said == UNCLEAR and words.USES_NOT.match(words.plain(text)):
            self._doubt("a no with an exception")

    def _doubt(self, reason: str) -> None:
        self.is_doubtful = True
        self._note(reason)

    def _take_kinds(self, text: str) -> None:
        parts = words.parts_of(text)
        if not parts:
            return
        self.is_open = False
        if words.answer(text) in (NOT_USED, UNCLEAR):
            self._doubt("kinds of help: none")
            return
        for part in parts:
            if kind := words.kind_of(part, self.names):
                self.kinds.append(kind)
            elif len(part) <= MOST_PART:
                self._note(f"kind of help: {part}")
            else:
                self._note("kinds of help told in prose")

    # Boxes

    def _take_box(self, piece: Piece) -> None:
        while self.above and self.above[-1][0] >= piece.depth:
            self.above.pop()
        said, kind = self._marked(piece) or self._meant(piece)
        self.above.append((piece.depth, said, piece.text))
        if said in (USED, NOT_USED) and not kind:
            self.boxes += 1
        if not piece.ticked:
            return
        self.is_open = False
        if kind:
            self.kinds.append(kind)
        elif said in (USED, NOT_USED):
            self.said.add(said)
        elif said == UNCLEAR:
            self._doubt(f"ticked: {words.plain(piece.text)[:MOST_LABEL]}")
        if said == USED:
            named = words.tools_in(piece.text)
            self.tools += named if len(named) == 1 else []

    def _marked(self, piece: Piece) -> tuple[str, str] | None:
        if piece.mark in ("ai:yes", "ai:no"):
            return (USED if piece.mark == "ai:yes" else NOT_USED), ""
        if piece.mark.startswith("kind:"):
            return USED, piece.mark.removeprefix("kind:")
        return None

    def _meant(self, piece: Piece) -> tuple[str, str]:
        """What a box would say if ticked, and the kind of help that it names."""
        said = words.meaning(piece.text)
        if said == NOT_USED or said == ASIDE:
            return said, ""
        kind = words.kind_of(piece.text, self.names)
        if said == USED:
            return said, kind
        if kind and self._asks_kinds(piece):
            return USED, kind
        if self._asks_if(piece) and (answered := words.answer(piece.text)) in (USED, NOT_USED, UNCLEAR):
            return answered, ""
        if said == NOTHING and self._asks_kinds(piece, strictly=True):
            assures = words.ASSURES.search(words.plain(piece.text))
            return (NOTHING, "") if assures else self._unknown_kind(piece)
        is_question = words.asks(piece.text) and said == UNCLEAR
        return (NOTHING, "") if is_question else (said, "")

    def _unknown_kind(self, piece: Piece) -> tuple[str, str]:
        if piece.ticked:
            self._note(f"kind of help: {words.plain(piece.text)[:MOST_LABEL]}")
        return NOTHING, ""

    def _asks_if(self, piece: Piece) -> bool:
        asked = [piece.question, *(text for _, _, text in self.above[-1:]), self.question]
        return any(map(words.asks, asked)) or self.in_marked_section

    def _asks_kinds(self, piece: Piece, strictly: bool = False) -> bool:
        if self.above and self.above[-1][1] == USED:
            return True
        if words.names_kinds(piece.question) or words.names_kinds(self.question):
            return True
        return not strictly and self._on_ai(piece)

    # The end

    def declaration(self, answers: Mapping[str, str]) -> Declaration:
        both = {USED, NOT_USED} <= self.said
        kinds = tuple(dict.fromkeys(self.kinds))
        if len(kinds) > MOST_KINDS:
            self.reasons.insert(0, f"kinds of help: {len(kinds)} of them, and {MOST_KINDS} are kept")
        origin = self._origin(both)
        return Declaration(
            origin=origin,
            kinds=kinds[:MOST_KINDS] if origin == ASSISTED else (),
            assistants=tuple(dict.fromkeys(self.tools))[:MOST_TOOLS] if origin == ASSISTED else (),
            answers=answers,
            not_understood=tuple(self.reasons),
            both_ticked=both,
            none_ticked=bool(self.boxes and not self.said and not kinds),
            is_doubtful=origin == NONE and (self.is_doubtful or bool(self.said)),
        )

    def _origin(self, both: bool) -> str:
        if both:
            return NONE
        if NOT_USED in self.said:
            if self.kinds:
                self._note("no AI was used, and yet kinds of help")
            return NONE if self.kinds or self.is_doubtful else MANUAL
        return ASSISTED if USED in self.said or self.kinds else NONE


def _asked(text: str) -> tuple[str, str]:
    """A line's question and what stands behind it: `AI usage: none`, `Was AI used? No`."""
    bare = text.replace("**", "").replace("__", "")
    ends = [at for at in (bare.find(":"), bare.find("?")) if at > 0]
    if not ends:
        return bare, ""
    at = min(ends)
    return bare[:at], bare[at + 1 :].strip(" :*_")


def _answers(found: list[Piece]) -> dict[str, str]:
    kept: dict[str, list[str]] = {}
    asked = ""
    for piece in found:
        question, rest = _question(piece)
        if question:
            asked = question
            kept.setdefault(asked, []).extend([rest] if rest else [])
        elif piece.is_heading:
            asked = ""
        elif asked:
            kept[asked].append(piece.raw)
    joined = {name: "\n".join(lines).strip()[:MOST_ANSWER] for name, lines in sorted(kept.items())}
    return {name: text for name, text in joined.items() if BULLET.sub("", text + " ").strip(" -*_[]")}


def _question(piece: Piece) -> tuple[str, str]:
    if piece.is_box:
        return "", ""
    before, mark, rest = piece.text.partition("?")
    if piece.mark in (f"ask:{PRODUCTION}", f"ask:{INTEGRATION}"):
        return piece.mark.removeprefix("ask:"), rest.strip(" *_") if mark else ""
    if not piece.is_heading and not mark:
        return "", ""
    asked = words.plain(before)
    if words.PRODUCTION.search(asked):
        return PRODUCTION, rest.strip(" *_")
    return (INTEGRATION, rest.strip(" *_")) if words.INTEGRATION.search(asked) else ("", "")
