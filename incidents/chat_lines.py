"""The shapes in which chat tools hand out lines: who, when and what, told apart line by line.

Known: Slack (desktop copy, old and new, joined messages, threads), Microsoft Teams, Discord, Mattermost,
Google Chat, WhatsApp, Zoom, IRC logs, ISO stamps, plain notes that begin with a time, and timelines in
Markdown: lists, tables, headings that are days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.]\d{{1,2}}(?:[/.]\d{{2,4}}|\.)?|today|yesterday|"
    rf"(?:{_WEEKDAY},?\s)?(?:{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}(?:st|nd|rd|th|\.)?\s{_MONTH})"
    rf"(?:,?\s\d{{4}})?|{_WEEKDAY})"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?!\d|:\d)(?:\s?[ap]\.?m\b\.?)?"
_ZONE = r"(?:\s?Z\b|\s?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?\b|\s?[+-]\d{2}:?\d{2}\b|\s(?-i:[A-Z]{2,3}T)\b)"
STAMP = rf"(?:(?P<date>{_DATE})(?:,?\sat\s|T|,?\s+))?(?P<time>{_TIME})(?P<zone>{_ZONE})?"

_FLAGS = re.IGNORECASE
_ALONE = re.compile(rf"\[?{STAMP}\]?(?:\s*\(edited\))?$", _FLAGS)
_BRACKETED = re.compile(rf"\[{STAMP}\]\s*(?P<rest>.*)$", _FLAGS)
_LEADING = re.compile(
    rf"(?:[-*•]\s+)?(?:~|ca\.?\s|approx\.?\s)?{STAMP}(?P<gap>\s*[-–—|:>]\s+|\s+)(?P<rest>\S.*)$", _FLAGS
)
_TRAILING = re.compile(
    rf"(?P<name>[^\[\]\d\s][^\[\]]{{0,79}}?)(?P<gap>\s{{2,}}|\t|\s+[—–-]\s+|,\s+|\s+)(?P<open>\[)?{STAMP}\]?(?:\s*\(edited\))?$",
    _FLAGS,
)
_DATE_ALONE = re.compile(rf"[-—–=*#_\s]*(?:day changed\s)?(?P<date>{_DATE})[-—–=*_:\s]*$", _FLAGS)
_DAY_CHANGED = re.compile(
    rf"-+\s*(?:log opened|day changed)\s+{_WEEKDAY}\s(?P<month>{_MONTH})\s(?P<day>\d{{1,2}})\s"
    r"(?:\d\d:\d\d:\d\d\s)?(?P<year>\d{4})",
    _FLAGS,
)
# `- **16:58 UTC** – …`: a time in bold or code. `## Impact`: a heading ends what stood above it.
_EMPHASISED = re.compile(
    r"^(?P<before>\s*(?:[-*•]\s+)?)(?P<mark>\*\*|__|`)(?P<words>[^*_`\n]{0,40}\d:\d\d[^*_`\n]{0,20})(?P=mark)",
    re.MULTILINE,
)
_HEADING = re.compile(r"#{2,6}\s+\S")
_TABLE_ROW = re.compile(r"^[ \t]*\|(?P<cells>[^\n]*?)\|?[ \t]*$", re.MULTILINE)
_TABLE_RULE = re.compile(r"[\s|:-]*$")
_NICK = re.compile(r"<[@+%~& ]?(?P<name>[^<>\s][^<>]{0,40})>\s*(?P<rest>.*)$")
_ZOOM = re.compile(r"From\s+(?P<name>.{1,60}?)\s+to\s+.{1,40}?:\s*(?P<rest>.*)$", re.IGNORECASE)
_SAYS = re.compile(r"(?P<name>[^\W\d_][^:\n]{0,50}?):\s+(?P<rest>\S.*)$")
_NOISE = re.compile(
    "|".join(
        (
            # Reactions: names or signs, and how many.
            r"(?::[\w+'-]+:\s*\d*\s*)+$",
            r"[^\w\s\[\](){}<>\"'“”`|/\\#@.,;!?-]+\s*\d{0,3}$",
            r"\d{1,3}$",
            r"\d+ reactions?$|add reaction$|.{1,60} reacted with .*$",
            # Threads.
            r"\d+ repl(?:y|ies)\b.*$|last reply\b.*$|view (?:newer )?(?:thread|replies)\b.*$|reply$",
            r"also sent to .*$|replied to (?:a|your) thread\b.*$",
            # Who came and went.
            r".{0,80}\b(?:joined|left) (?:the (?:channel|conversation|room|chat)|#\S+).*$",
            r".{0,80}\bwas added to (?:the )?(?:channel|conversation|#\S+).*$",
            r".{0,80}\bset the channel (?:topic|description)\b.*$",
            r"-!- .*$|\*\*\* .*(?:joined|quit|left).*$|--- log (?:opened|closed).*$",
            # Pictures in Markdown.
            r"<img\b.*>$|!\[[^\]]*\]\(.*\)$",
            # What the window says around the words.
            r"new(?: messages?)?$|\(?edited\)?$|\d+ files?$|image(?:\.png)?$|app$|bot$|\[?gif\]?$",
            r"(?:this )?message (?:was )?deleted\.?$|collapse all$|<media omitted>$|seen by .*$",
        )
    ),
    re.IGNORECASE,
)
_WORD_OF_NAME = re.compile(r"[^\W\d_][\w.'’-]*$|\([^()]{1,40}\)$|[^\W\d_]\.$")
_BADGE = re.compile(
    r"(?:\s*:[\w+'-]+:)+|\s+(?:APP|BOT|WORKFLOW|GUEST)$|\s*\((?:External|Guest|Unverified)\)$"
)
_ROBOT = re.compile(r"\b(?:APP|BOT|WORKFLOW)\b")
_NO_NAME = {
    "at",
    "by",
    "since",
    "until",
    "around",
    "from",
    "the",
    "and",
    "to",
    "was",
    "is",
    "before",
    "after",
    "on",
}


@dataclass
class Stamped:
    """One message as it stood; `date` and `zone` may be empty, `speaker` too."""

    time: str
    date: str = ""
    zone: str = ""
    speaker: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass
class Lines:
    messages: list[Stamped] = field(default_factory=list)
    # What stood before the first time.
    before: list[str] = field(default_factory=list)


def read_lines(text: str) -> Lines:
    """Every message in the order of the block. Lines of reactions, joins and counts are left out."""
    found = Lines()
    reader = _Reader(found, _clean(text).split("\n"))
    reader.read()
    return found


def _clean(text: str) -> str:
    """Tools put narrow spaces and marks of direction around times."""
    text = re.sub(r"[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text.replace("\r\n", "\n"))
    text = re.sub(r"[\u00a0\u2007\u2009\u202f]", " ", text)
    return _EMPHASISED.sub(r"\g<before>\g<words>", _TABLE_ROW.sub(_row, text))


def _row(told: re.Match[str]) -> str:
    """`| 14:03 | errors |`, also with the day in a column of its own; the rule below a head is empty."""
    if _TABLE_RULE.match(told["cells"]):
        return ""
    cells = [cell.strip() for cell in told["cells"].split("|")]
    if len(cells) > 2 and _DATE_ALONE.match(cells[0]):
        cells[:2] = [f"{cells[0]} {cells[1]}"]
    return " | ".join(cell for cell in cells if cell)


@dataclass
class _Reader:
    found: Lines
    rows: list[str]
    place: int = 0
    date: str = ""
    names: set[str] = field(default_factory=set)
    robots: set[str] = field(default_factory=set)

    def read(self) -> None:
        for place, row in enumerate(self.rows):
            self.place = place
            line = row.strip()[:4000]
            if not line:
                continue
            head = line[:240]
            if not self._is_day(head) and not self._is_head(line, head):
                self._body(row.rstrip(), line)

    def _is_day(self, line: str) -> bool:
        if told := _DAY_CHANGED.match(line):
            self.date = f"{told['day']} {told['month']} {told['year']}"
            return True
        if (told := _DATE_ALONE.match(line)) and len(line) < 60:
            self.date = told["date"]
            return True
        return bool(_HEADING.match(line) or _NOISE.match(line)) and not _ALONE.match(line)

    def _is_head(self, line: str, head: str) -> bool:
        if told := _ALONE.match(head):
            self._open(told, self._name_above())
        elif told := _BRACKETED.match(line):
            self._with_rest(told, may_be_name=True)
        elif told := _LEADING.match(line):
            self._with_rest(told, may_be_name=False)
        elif (told := _TRAILING.match(head)) and len(line) < 240 and self._names(told):
            self._open(told, _tidy(told["name"]))
        else:
            return False
        return True

    def _names(self, told: re.Match[str]) -> bool:
        name = _tidy(told["name"])
        if told["open"] or told["gap"] != " ":
            return _could_be_name(name) or name in self.names
        capitals = all(word[:1].isupper() or word[:1] == "(" for word in name.split())
        begins = self.place == 0 or not self.rows[self.place - 1].strip()
        return _could_be_name(name) and (capitals or name in self.names or (begins and " " not in name))

    def _open(self, told: re.Match[str], speaker: str, rest: str = "") -> None:
        if _ROBOT.search(told.string) and speaker:
            self.robots.add(speaker)
        if speaker:
            self.names.add(speaker)
            speaker = "" if speaker in self.robots else speaker
        date = told["date"] or self.date
        message = Stamped(told["time"], date, (told["zone"] or "").strip(), speaker)
        if rest and not _NOISE.match(rest):
            message.lines.append(rest)
        self.found.messages.append(message)

    def _with_rest(self, told: re.Match[str], *, may_be_name: bool) -> None:
        rest = told["rest"].strip()
        for shape in (_NICK, _ZOOM):
            if said := shape.match(rest):
                return self._open(told, said["name"].strip(), said["rest"])
        if rest.startswith("* ") and len(rest.split()) > 2:
            nick, rest = rest[2:].split(" ", 1)
            return self._open(told, nick, rest)
        if (said := _SAYS.match(rest)) and self._is_speaker(said["name"]):
            return self._open(told, _tidy(said["name"]), said["rest"])
        if may_be_name and self._is_name_line(rest):
            return self._open(told, _tidy(rest))
        return self._open(told, "", rest)

    def _is_speaker(self, name: str) -> bool:
        """`Ana Silva: …` and `ana: …`, and not `Cause found: …`."""
        tidy = _tidy(name)
        capitals = all(word[:1].isupper() or word[:1] == "(" for word in tidy.split())
        return tidy in self.names or (_could_be_name(tidy) and (capitals or " " not in tidy))

    def _is_name_line(self, rest: str) -> bool:
        """`[14:03] Ana Silva`, as Teams copies it: the words stand in the next line."""
        name = _tidy(rest).rstrip(":")
        following = self.rows[self.place + 1].strip() if self.place + 1 < len(self.rows) else ""
        if not following or any(shape.match(following) for shape in (_ALONE, _BRACKETED, _LEADING)):
            return False
        words = name.split()
        capitals = all(word[:1].isupper() or word[:1] == "(" for word in words)
        return _could_be_name(name) and (
            name in self.names or (capitals and len(words) > 1) or rest.endswith(":")
        )

    def _name_above(self) -> str:
        """A time on a line of its own belongs to the name above it, where that is one."""
        rows = [row.strip() for row in self.rows[max(0, self.place - 2) : self.place]]
        is_robot = bool(rows) and (rows[-1] in {"APP", "BOT", "WORKFLOW"} or bool(_ROBOT.search(rows[-1])))
        if rows and rows[-1] in {"APP", "BOT", "WORKFLOW"}:
            rows.pop()
        above = rows[-1] if rows else ""
        name = _tidy(above)
        if not above or not _could_be_name(name) or above.endswith((".", "!", "?")):
            return ""
        held = self.found.messages[-1].lines if self.found.messages else self.found.before
        words = name.split()
        capitals = all(word[:1].isupper() or word[:1] == "(" for word in words)
        alone = len(held) < 2 and bool(self.found.messages)
        if not held or held[-1].strip() != above or (alone and name not in self.names):
            return ""
        apart = not self.found.messages or (len(rows) > 1 and not rows[-2])
        if not (capitals or name in self.names or (len(words) == 1 and apart)):
            return ""
        held.pop()
        if is_robot:
            self.robots.add(name)
        return name

    def _body(self, row: str, line: str) -> None:
        self.found.messages[-1].lines.append(row) if self.found.messages else self.found.before.append(line)


def _tidy(name: str) -> str:
    return _BADGE.sub("", name.strip().rstrip("—–-").strip()).strip().rstrip(",")


def _could_be_name(name: str) -> bool:
    words = name.replace(",", " ").split()
    if not 1 <= len(words) <= 5 or len(name) > 60:
        return False
    return words[-1].lower() not in _NO_NAME and all(_WORD_OF_NAME.match(word) for word in words)
