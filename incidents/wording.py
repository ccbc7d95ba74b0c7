"""Hints at phrases that blame: subject-aware, with a reason and an offer; quotations and code are left alone.

Pure: a text and a book of rules in, remarks out. A hint never blocks anything. The rules are rows that
curators edit (`incidents.models.WordingRule`); a book of them is compiled once for each version of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import re2

MOST_BYTES = 64 * 1024
# A rewrite of these words takes the phrase out and puts nothing in its place.
LEAVE_OUT = "(leave out)"


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` (RE2, letters in any case, whole words) is what is flagged; with `of_people` only where a
    person, a team or a pronoun is the one who acts. `rewrite` replaces it, `\\1` to `\\9` are its groups."""

    slug: str
    pattern: str
    reason: str
    offer: str
    rewrite: str = ""
    of_people: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """`offset` counts code points from the text's start. `rewrite` is None where there is advice only,
    and empty where the phrase is best left out."""

    slug: str
    phrase: str
    offset: int
    reason: str
    offer: str
    rewrite: str | None = None


class UnsafePattern(ValueError):
    """A pattern or a rewrite that cannot be used; the message says why."""


# A person or a group as the one who acts; "nobody" counts, as it hides a person.
PEOPLE = (
    r"i|we|he|she|they|you|someone|somebody|anyone|anybody|nobody|no one|everyone|everybody|who|@[\w.-]+|"
    r"people|staff|person|individuals?|teams?|engineers?|developers?|devs?|programmers?|operators?|reviewers?|"
    r"responders?|on-?call|admins?|administrators?|sysadmins?|the user|authors?|managers?|management|"
    r"leadership|colleagues?|interns?|contractors?|employees?|technicians?|maintainers?|members?|committers?|juniors?|"
    r"sres?|dbas?|qa|ops"
)
_BETWEEN = (
    r"also|then|had|has|have|simply|just|again|clearly|all|both|still|who|really|initially|completely|"
    r"accidentally|apparently|obviously|unfortunately|repeatedly|honestly|either|once|even|largely|"
    r"(?:on|in|at|from) (?:the |our )?(?:team|\w+)"
)
_SUBJECT = rf"(?:^|[^\w'-])(?:{PEOPLE})(?:,? (?:{_BETWEEN}))*,? "


def compiled(rule: Rule) -> re2._Regexp:
    """Group 1 is the phrase, the pattern's own groups follow. Raises: UnsafePattern, with the reason."""
    if not rule.pattern.strip():
        raise UnsafePattern("The pattern is empty.")
    _one(rule.pattern)
    before = _SUBJECT if rule.of_people else r"(?:^|[^\w])"
    pattern = _one(rf"{_any_space(before)}({_any_space(rule.pattern)})")
    if _one(_any_space(rule.pattern)).search("") is not None:
        raise UnsafePattern("The pattern matches nothing at all.")
    groups = [int(number) for number in re.findall(r"\\(\d)", rule.rewrite)]
    if any(not 0 < number < pattern.groups for number in groups):
        raise UnsafePattern(f"The rewrite names a group that the pattern lacks: it has {pattern.groups - 1}.")
    return pattern


def _one(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.never_nl = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        raise UnsafePattern(reason.decode() if isinstance(reason, bytes) else str(reason)) from error


def _any_space(pattern: str) -> str:
    """A space of the pattern stands for any run of spaces; one in a class of characters stays itself."""
    return _SPACES.sub(lambda token: _SPACE[token[0]] if token[0] in _SPACE else token[0], pattern)


# What is escaped, a class of characters, or a space with what may stand behind it.
_SPACES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]| [?*]?", re.DOTALL)
_SPACE = {" ": "[ ]+", " ?": "[ ]*", " *": "[ ]*"}


class Book:
    """Rules made ready together; each compiled once, on first use."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Sequence[Rule] = tuple(rules)

    @cached_property
    def compiled(self) -> Sequence[tuple[Rule, re2._Regexp]]:
        return [(rule, compiled(rule)) for rule in self.rules]

    def found(self, told: str) -> Iterator[tuple[Rule, re2._Match]]:
        for rule, pattern in self.compiled:
            for match in pattern.finditer(told):
                yield rule, match


def remarks(text: str, book: Book) -> list[Remark]:
    """Every hint in reading order; of two that overlap, the one that begins first, then the longer."""
    told = _smooth(text)
    found = [
        _remark(text, rule, match, begin + start, begin + end)
        for begin, part in _parts(told)
        for rule, match in book.found(part)
        for start, end in [match.span(1)]
        if start < end and not _goes_on(part, end)
    ]
    kept: list[Remark] = []
    for remark in sorted(found, key=lambda remark: (remark.offset, -len(remark.phrase))):
        if not kept or remark.offset >= kept[-1].offset + len(kept[-1].phrase):
            kept.append(remark)
    return kept


def _parts(told: str) -> Iterator[tuple[int, str]]:
    """Parts of at most 64 kB, each with where it begins; cut between lines, else sentences, else words."""
    begin, most = 0, MOST_BYTES // 4
    while len(told) - begin > most:
        cuts = (told.rfind(sign, begin + 1, begin + most) for sign in ("\n", ". ", " "))
        cut = next((cut + 1 for cut in cuts if cut > begin), begin + most)
        yield begin, told[begin:cut]
        begin = cut
    yield begin, told[begin:]


def _goes_on(told: str, end: int) -> bool:
    """Whether the word is longer than what was found of it."""
    return end < len(told) and (told[end].isalnum() or told[end] == "_") and told[end - 1].isalnum()


def _remark(text: str, rule: Rule, match: re2._Match, start: int, end: int) -> Remark:
    phrase = text[start:end]
    return Remark(rule.slug, phrase, start, rule.reason, rule.offer, _rewritten(rule, match, phrase))


def _rewritten(rule: Rule, match: re2._Match, phrase: str) -> str | None:
    if not rule.rewrite:
        return None
    if rule.rewrite == LEAVE_OUT:
        return ""
    new = re.sub(r"\\([1-9])", lambda number: match.group(int(number[1]) + 1) or "", rule.rewrite)
    new = " ".join(new.split())
    return new[:1].upper() + new[1:] if phrase[:1].isupper() else new


# Each alternative ends at the latest with its line, paragraph or text: reading it stays linear.
_QUIET = re.compile(
    r"^[ ]{0,3}```.*?(?:^[ ]{0,3}```|\Z)|^[ ]{0,3}~~~.*?(?:^[ ]{0,3}~~~|\Z)|"  # fences
    r"``[^\n]*?``|`[^`\n]*`|"  # code in a line
    r"^[ ]{0,3}>[^\n]*|"  # block quotes
    # Code that is set in, after an empty line; a list within a list is none.
    r"(?:(?<=\n\n)|(?<=\n\r\n))(?:(?: {4}|\t)(?!\s*(?:[-*+]|\d+[.)])\s)[^\n]*(?:\n|\Z))+|"
    r"“(?:[^”\n]|\n(?!\s*\n))*”?|«[^«»\n]*»|„[^„“”\n]*[“”]|(?<!\w)‘[^‘’\n]{1,200}’(?!\w)|"
    r"\"[^\"\n]*\"|https?://\S+",
    re.DOTALL | re.MULTILINE,
)
_MID_SENTENCE = re.compile(r"(?<=[\w,;])[ \t]*\r?\n[ \t]*(?=[^\W\d_])")
_EMPHASIS = re.compile(r"(?<![^\W_])[*_]+|[*_]+(?![^\W_])")


def without_quotes(text: str) -> str:
    """The same length, with quotations, code and addresses blanked, so that offsets stay true."""
    return _QUIET.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _smooth(text: str) -> str:
    """The same length, as one would read it: no quotations, one kind of space and apostrophe, no emphasis."""
    told = without_quotes(text)
    told = _MID_SENTENCE.sub(_blank, told)
    told = _EMPHASIS.sub(_blank, told)
    return told.translate(_PLAIN)


_PLAIN = {ord("\t"): " ", ord("\r"): " ", 0xA0: " ", 0x202F: " ", ord("’"): "'", ord("ʼ"): "'", ord("‑"): "-"}


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


# First names that are words, months, places or tools as well: alone they stay, unless the same text names
# the person in full.
ALSO_WORDS = frozenset(
    """
    ace alba amber angel april archer art ash aspen aurora austin autumn basil bay bill blaze bob brook
    carol chance charity chase chip christian claude clay cliff colt crystal dale dawn dean destiny django
    drew duke earl eve faith fern frank gene ginger glen grace grant guy harmony heath heather holly hope
    hunter iris ivy jack jade jasmine jasper jenkins jewel jordan joy julia june justice king lance laurel
    lily lotus luna major mark marina mason max may melody mercy merit miles mocha nova olive opal page
    paris pat pearl penny phoenix piper pony prince python ray read reed rex rich river rob robin rocky rose
    rowan ruby sage sally sandy scala sierra sky star sterling storm sue summer sunny sydney terry trace
    trinity tucker victor viola violet wade walker ward wave will willow winter woody wren
    """.split()
)
_CODE = re.compile(
    r"^[ ]{0,3}```.*?(?:^[ ]{0,3}```|\Z)|^[ ]{0,3}~~~.*?(?:^[ ]{0,3}~~~|\Z)|``[^\n]*?``|`[^`\n]*`|https?://\S+",
    re.DOTALL | re.MULTILINE,
)


def names_to_roles(text: str, roles: Mapping[str, str]) -> str:
    """Names of people become what they were there for: `@ana`, `Ana Silva`, `ana@example.org` and, with its
    capital, `Ana`. Code and addresses stay as they are; a first name that is a word as well (`Will`) needs
    the full name in the same text."""
    found = _names(tuple(sorted(roles.items())))
    if found is None:
        return text
    lowered = " ".join(text.lower().split())
    parts, last = [], 0
    for code in _CODE.finditer(text):
        parts += [_named(text[last : code.start()], found, roles, lowered), code[0]]
        last = code.end()
    parts.append(_named(text[last:], found, roles, lowered))
    return "".join(parts)


def _named(text: str, found: _Names, roles: Mapping[str, str], whole: str) -> str:
    def role(match: re.Match[str]) -> str:
        key = " ".join(match[0].lower().split())
        name = found.keys.get(key)
        if name is None or (match["alone"] and not _is_a_name(match[0], name, roles, whole)):
            return match[0]
        return roles[name]

    told = found.pattern.sub(role, text)
    return found.twice.sub(r"\1", told)


def _is_a_name(said: str, name: str, roles: Mapping[str, str], whole: str) -> bool:
    if said != name:
        return False
    if name.lower() not in ALSO_WORDS:
        return True
    return any(full.lower().startswith(name.lower() + " ") and full.lower() in whole for full in roles)


@dataclass(frozen=True, slots=True)
class _Names:
    pattern: re.Pattern[str]
    # `Ana Silva (@ana)` is one person, said once.
    twice: re.Pattern[str]
    keys: Mapping[str, str]


@lru_cache(maxsize=8)
def _names(roles: tuple[tuple[str, str], ...]) -> _Names | None:
    names = sorted((name for name, _ in roles if name.strip()), key=lambda name: (-len(name), name))
    if not names:
        return None
    alone = [name for name in names if " " not in name and "@" not in name]
    rest = [name for name in names if name not in set(alone)]
    # An underscore is part of a word, unless it is there for emphasis.
    before = r"(?:(?<![\w@./#-])|(?<=[^\w]_)|(?<=\A_))"
    after = r"(?:(?![\w@/]|[.-]\w)|(?=_(?!\w)))"
    longer = "|".join(r"\s+".join(map(re.escape, name.split())) for name in rest) or r"(?!)"
    shorter = "|".join(map(re.escape, alone)) or r"(?!)"
    pattern = re.compile(f"{before}(?:(?P<long>{longer})|(?P<alone>{shorter})){after}", re.IGNORECASE)
    told = "|".join(re.escape(role) for role in sorted({role for _, role in roles}, key=len, reverse=True))
    return _Names(
        pattern=pattern,
        twice=re.compile(rf"(?<!\w)({told})\s*\(\s*\1\s*\)"),
        keys={name.lower(): name for name in reversed(names)},
    )
