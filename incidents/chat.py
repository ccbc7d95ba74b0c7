"""A pasted block of chat, read: what was said when. Names serve to read it and are in nothing that comes out.

Days that the block does not say are inferred from the incident; whatever is a guess says so in `doubts`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from design.spans import grouped
from incidents.chat_days import day_of
from incidents.chat_lines import Stamped, read_lines

MOST_CHARACTERS = 200_000
MOST_MESSAGES = 500
SOMEBODY = "a responder"
# Back by less than this is a reply in a thread; by more, midnight has passed.
OUT_OF_ORDER = timedelta(hours=6)
# Behind midnight, and still hours later than the message before: said as a guess.
NEAR = timedelta(hours=18)
_ZONES = {"UTC": 0, "GMT": 0, "WET": 0, "CET": 1, "EET": 2, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7}
_ZONES |= {"CDT": -5, "MDT": -6, "MST": -7}
_SPOKEN = re.compile(r"(?<![\w.@])@(?:here|channel|everyone|all)\b", re.IGNORECASE)
_SLACK_GROUP = re.compile(r"<!(?:here|channel|everyone)(?:\|[^>]*)?>|<!subteam\^[^>]*>")
_MENTION = re.compile(r"<@[!&]?[\w|.\- ]+>|(?<![\w.@/])@[^\W\d_][\w.-]*\w|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]+)\]\(https?://[^()\s]+\)")
_SMALL_TALK = re.compile(
    r"(?:ok(?:ay)?|thanks?(?: you)?|thx|ty|yes|yep|yeah|no|nope|lol|nice|great|cool|sure|hi|hello|hey|np|"
    r"\+1|same|ack|good morning|looking|on it|brb|:[\w+-]+:|\W)(?:[\s!.,]+\S{0,12})?\W*$",
    re.IGNORECASE,
)
_KINDS = (
    (
        "mitigation",
        r"\b(?:roll(?:ed|ing)?[ -]?back|revert(?:ed|ing)?|mitigated|failed over|restored|recovered)\b",
    ),
    ("change", r"\b(?:deploy(?:ed|ing|ment)?|shipped|released|merged|flag (?:turned )?(?:on|off))\b"),
    ("detection", r"\b(?:alert(?:s|ed)?|paged?|firing|customers? report(?:s|ed)?|error rate)\b"),
    ("decision", r"\b(?:we (?:will|decided)|decided|agreed|let'?s)\b"),
    ("hypothesis", r"\b(?:i (?:think|suspect)|maybe|might be|could be|looks like|suspect)\b"),
    ("communication", r"\b(?:status ?page|announced|told support|informed)\b"),
)


class Unreadable(ValueError):
    """Nothing in the block could be read; the words are for the person who pasted it."""


@dataclass(frozen=True)
class Said:
    """`key` is the same whenever the same message is pasted again, by whomever."""

    at: datetime
    # The time as it stood in the block.
    written: str
    text: str
    kind: str
    key: str
    doubts: tuple[str, ...] = ()
    # Too short to tell anything: not ticked in the preview.
    is_small: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What the block does not say: the incident's time, whose zone, when it was pasted."""

    began: datetime
    ended: datetime | None
    pasted: datetime
    zone: tzinfo
    first_day: date | None = None


def read(text: str, around: Surroundings, roles: Mapping[str, str]) -> list[Said]:
    """By time. `roles`: the role for each name, user name or `@name` that has one. Raises: Unreadable."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"That is more than {grouped(MOST_CHARACTERS)} characters: paste it in parts.")
    dated = list(_exported(text)) or list(_pasted(text, around))
    if not dated:
        raise Unreadable("No time was found in it. A line such as “14:03 rolled back” is enough.")
    if len(dated) > MOST_MESSAGES:
        raise Unreadable(f"That is more than {MOST_MESSAGES} messages: paste it in parts.")
    speakers = {one.speaker for one in dated if one.speaker}
    known = {name.lower(): role for name, role in roles.items()}
    return _once(sorted(_said(dated, speakers, known), key=lambda said: said.at))


def without_time(text: str) -> list[str]:
    """The lines above the first time: they are in no entry, and whoever pasted them is told so."""
    return [] if any(_exported(text)) else read_lines(text).before


def _once(found: Iterable[Said]) -> list[Said]:
    kept: dict[str, Said] = {}
    for said in found:
        kept.setdefault(said.key, said)
    return list(kept.values())


@dataclass(frozen=True)
class _Dated:
    at: datetime
    written: str
    speaker: str
    text: str
    doubts: tuple[str, ...] = ()


def _said(dated: Iterable[_Dated], speakers: set[str], roles: Mapping[str, str]) -> Iterator[Said]:
    for one in dated:
        nameless = without_people(one.text, speakers, {})
        if not nameless.strip():
            continue
        text = without_people(one.text, speakers, roles)
        if role := roles.get(one.speaker.lower()):
            text = f"{role[:1].upper()}{role[1:]}: {text}"
        yield Said(
            at=one.at.astimezone(UTC),
            written=one.written,
            text=text[:5000],
            kind=kind_of(text),
            key=_key(one.at, nameless),
            doubts=one.doubts,
            is_small=bool(_SMALL_TALK.match(nameless)),
        )


def _key(at: datetime, nameless: str) -> str:
    """To the minute, as some copies know no seconds; without names, so that it tells of nobody."""
    words = " ".join(nameless.lower().split())
    minute = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return f"chat:{hashlib.sha256(f'{minute} {words}'.encode()).hexdigest()[:24]}"


def kind_of(text: str) -> str:
    return next((kind for kind, words in _KINDS if re.search(words, text, re.IGNORECASE)), "note")


def without_people(text: str, speakers: Iterable[str], roles: Mapping[str, str]) -> str:
    """Mentions, addresses and speakers' names become a role (`roles`, keys in lower case) or a responder."""
    text = _MARKDOWN_LINK.sub(r"\1", _LINK.sub(lambda link: link[2] or link[1], text))
    text = _SLACK_GROUP.sub("everyone", _SPOKEN.sub("everyone", text))
    roles = {**_roles_of_parts(speakers, roles), **roles}
    for name in sorted({*speakers, *_parts(speakers)}, key=lambda name: (-len(name), name)):
        role = _literal(roles.get(name.lower(), SOMEBODY))
        text = re.sub(rf"(?<![\w/.-])@?{re.escape(name)}(?![\w/])(?!\.\w)", role, text)
    for name in sorted(roles, key=lambda name: (-len(name), name)):
        if name.startswith("@") or " " in name:
            role = _literal(roles[name])
            text = re.sub(rf"(?<![\w@]){re.escape(name)}(?!\w)", role, text, flags=re.IGNORECASE)
    return _MENTION.sub(SOMEBODY, text)


def _literal(words: str) -> str:
    return words.replace("\\", r"\\")


def _roles_of_parts(speakers: Iterable[str], roles: Mapping[str, str]) -> dict[str, str]:
    """The role of Ana Silva is that of Ana too, where only one of the speakers is called so."""
    called = Counter(part.lower() for name in speakers for part in _parts([name]))
    return {
        part.lower(): roles[name.lower()]
        for name in speakers
        if name.lower() in roles
        for part in _parts([name])
        if called[part.lower()] == 1
    }


def _parts(speakers: Iterable[str]) -> set[str]:
    """First and last names, as people call each other; too short ones would hit other words."""
    words = {word.strip(",.()") for name in speakers for word in name.split() if " " in name}
    return {word for word in words if len(word) > 2 and word[0].isupper()}


def _exported(text: str) -> Iterator[_Dated]:
    """Objects with a time and a text, as exports of chat tools hold them: a list, or one a line."""
    for row in _objects(text):
        told = next((row[name] for name in ("text", "message", "content", "body") if row.get(name)), None)
        at = next((row[name] for name in _STAMPS if row.get(name)), None)
        if not isinstance(told, str) or at is None or str(row.get("subtype", "")).startswith("channel_"):
            continue
        if moment := _instant(at):
            profile = row.get("user_profile") or row.get("author") or {}
            names = profile if isinstance(profile, dict) else {}
            speaker = names.get("real_name") or names.get("name") or row.get("username") or ""
            yield _Dated(moment, str(at), str(speaker), told.strip())


_STAMPS = ("ts", "timestamp", "create_at", "created_at", "createdDateTime", "date", "time")


def _objects(text: str) -> list[dict[str, Any]]:
    if text.lstrip()[:1] not in {"[", "{"}:
        return []
    try:
        whole = json.loads(text)
    except ValueError:
        whole = [_object(line) for line in text.splitlines()]
    if isinstance(whole, dict):
        whole = whole.get("messages", [whole])
    return [row for row in whole if isinstance(row, dict)] if isinstance(whole, list) else []


def _object(line: str) -> Any:
    try:
        return json.loads(line.strip().rstrip(","))
    except ValueError:
        return None


def _instant(told: Any) -> datetime | None:
    """Seconds (Slack), milliseconds (Mattermost) or an ISO text with its zone."""
    try:
        seconds = float(told)
    except (TypeError, ValueError):
        try:
            moment = datetime.fromisoformat(str(told))
        except ValueError:
            return None
        return moment if moment.tzinfo else None
    if seconds > 1e11:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 4e9 else None


def _pasted(text: str, around: Surroundings) -> Iterator[_Dated]:
    calendar = _Calendar(around)
    for message in read_lines(text).messages:
        moment = calendar.moment(message)
        words = "\n".join(line.strip() for line in message.lines).strip()
        words = re.sub(r"\s*\(edited\)", "", words)
        if moment is not None and words:
            at, doubts = moment
            yield _Dated(
                at, f"{message.date} {message.time} {message.zone}".strip(), message.speaker, words, doubts
            )


class _Calendar:
    """Goes along the block and finds the day of each time."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.before: datetime | None = None
        self.halves = False
        self.said_day = ""

    def moment(self, message: Stamped) -> tuple[datetime, tuple[str, ...]] | None:
        """None for a time that no clock shows."""
        doubts: list[str] = []
        zone = self._zone(message.zone, doubts)
        clock = self._clock(message.time, zone)
        if clock is None:
            return None
        day = self._said_day(message.date, zone, doubts)
        at = self._on(day, clock, zone) if day else self._inferred(clock, zone, doubts)
        if day and message.date == self.said_day and self.before and self.before - at > OUT_OF_ORDER:
            # Tools write the day once, above what follows: behind midnight the next one has begun.
            at += timedelta(days=1)
        self.said_day = message.date
        if at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset():
            doubts.append("The clocks were changed in this hour.")
        self.before = at
        return at, tuple(doubts)

    def _zone(self, words: str, doubts: list[str]) -> tzinfo:
        if not words:
            return self.around.zone
        word = words.upper()
        if word in {"Z", *_ZONES}:
            return timezone(timedelta(hours=_ZONES.get(word, 0)))
        if told := re.match(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$", word):
            hours, minutes = min(int(told[2]), 14), min(int(told[3] or 0), 59)
            span = timedelta(hours=hours, minutes=minutes)
            return timezone(-span if told[1] == "-" else span)
        doubts.append(f"“{words}” is not a zone with one meaning: read in yours.")
        return self.around.zone

    def _clock(self, words: str, zone: tzinfo) -> time | None:
        told = re.match(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\S*?\s?([ap])?\.?m?\.?$", words.lower())
        if not told:
            return None
        hour, minute, second = int(told[1]), int(told[2]), int(told[3] or 0)
        if told[4]:
            self.halves = True
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if told[4] == "p" else 0)
        elif self.halves and 1 <= hour <= 12 and self.before:
            hour = self._half(hour, minute, zone)
        return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None

    def _half(self, hour: int, minute: int, zone: tzinfo) -> int:
        """`2:04` below `2:03 PM`: the half of the day that follows what was said before."""
        assert self.before is not None  # noqa: S101 (asked only with a time before)
        now = self.before.astimezone(zone)
        since = [
            ((half * 60 + minute) - (now.hour * 60 + now.minute) + 30) % 1440
            for half in (hour % 12, hour % 12 + 12)
        ]
        return hour % 12 + (0 if since[0] <= since[1] else 12)

    def _on(self, day: date, clock: time, zone: tzinfo) -> datetime:
        return datetime.combine(day, clock, zone)

    def _inferred(self, clock: time, zone: tzinfo, doubts: list[str]) -> datetime:
        if self.before is None:
            return self._first(clock, zone, doubts)
        before = self.before.astimezone(zone)
        at = self._on(before.date(), clock, zone)
        back = before - at
        if back > OUT_OF_ORDER:
            if back < NEAR:
                doubts.append("The day is a guess: the time goes back by some hours.")
            at = self._on(before.date() + timedelta(days=1), clock, zone)
        elif -back > timedelta(days=1) - OUT_OF_ORDER and clock >= time(18):
            # A late reply from before midnight.
            at = self._on(before.date() - timedelta(days=1), clock, zone)
        return at

    def _first(self, clock: time, zone: tzinfo, doubts: list[str]) -> datetime:
        """The day on which this time lies nearest to the incident."""
        if self.around.first_day:
            return self._on(self.around.first_day, clock, zone)
        began = self.around.began.astimezone(zone)
        ended = max(began, (self.around.ended or began).astimezone(zone))
        last = min((ended.date() - began.date()).days, 60)
        days = [began.date() + timedelta(days=step) for step in range(-1, last + 2)]
        found = sorted((_away(self._on(day, clock, zone), began, ended), day) for day in days)
        if found[0][0] > OUT_OF_ORDER:
            doubts.append("The day is a guess: the time lies hours from the incident.")
        elif found[1][0] <= timedelta(hours=1):
            doubts.append("The day is a guess: the incident lasted for several.")
        return self._on(found[0][1], clock, zone)

    def _said_day(self, words: str, zone: tzinfo, doubts: list[str]) -> date | None:
        if not words:
            return None
        near = self.around.began.astimezone(zone).date()
        today = self.around.pasted.astimezone(zone).date()
        word = words.lower().strip(" .,")
        if word in {"today", "yesterday"}:
            return self._relative(today - timedelta(days=word == "yesterday"), near, word, doubts)
        return day_of(word, near=near, doubts=doubts)

    def _relative(self, day: date, near: date, word: str, doubts: list[str]) -> date | None:
        """“Today” is the day of the copy; long after the incident, the copy may be older than the paste."""
        over = (self.around.ended or self.around.began).astimezone(self.around.zone).date()
        if near - timedelta(days=1) <= day <= over + timedelta(days=2):
            return day
        doubts.append(f"“{word.capitalize()}” is {day:%-d %b} now, far from the incident: its day is taken.")
        return None


def _away(at: datetime, began: datetime, ended: datetime) -> timedelta:
    if began <= at <= ended:
        return timedelta(0)
    return began - at if at < began else at - ended
