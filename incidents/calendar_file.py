"""A calendar as RFC 5545 writes it: all-day entries, and one meeting a week in a zone. Pure.

A line is at most 75 bytes long, zones are described, text is escaped: the library sees to that. Without a
METHOD, DTSTAMP says when an entry was last revised.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

PRODUCT = "-//Hindcast//Calendar//EN"
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MEETING = timedelta(minutes=30)


@dataclass(frozen=True)
class Day:
    """`uid` is unique within the installation and stays; `revision` only grows."""

    uid: str
    day: date
    title: str
    url: str
    is_over: bool
    revision: int
    changed_at: datetime


@dataclass(frozen=True)
class Weekly:
    """Each week on `weekday` (0 is Monday) at that hour of the zone, from the first such day on."""

    title: str
    url: str
    weekday: int
    hour: int
    zone: str
    since: datetime

    @property
    def begins_at(self) -> datetime:
        zone = ZoneInfo(self.zone)
        day = self.since.astimezone(zone).date()
        day += timedelta(days=(self.weekday - day.weekday()) % 7)
        return datetime.combine(day, time(self.hour), zone)


def written(days: Iterable[Day], weekly: Weekly, *, name: str, host: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", weekly.zone)
    calendar.add("refresh-interval", timedelta(hours=1), {"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add_component(_meeting(weekly, host))
    for one in days:
        calendar.add_component(_day(one, host))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _meeting(weekly: Weekly, host: str) -> Event:
    """Another day, hour or zone is another entry: the one before is gone, rather than two that differ."""
    uid = f"weekly-review-{DAYS[weekly.weekday]}-{weekly.hour}-{weekly.zone}".lower().replace("/", "-")
    event = _event(f"{uid}@{host}", weekly.title, weekly.url, weekly.since, 0)
    event.add("dtstart", weekly.begins_at)
    event.add("duration", MEETING)
    event.add("rrule", {"freq": "weekly", "byday": DAYS[weekly.weekday]})
    return event


def _day(one: Day, host: str) -> Event:
    event = _event(f"{one.uid}@{host}", one.title, one.url, one.changed_at, one.revision)
    event.add("dtstart", one.day)
    event.add("dtend", one.day + timedelta(days=1))
    event.add("status", "CANCELLED" if one.is_over else "CONFIRMED")
    return event


def _event(uid: str, title: str, url: str, changed_at: datetime, revision: int) -> Event:
    """It takes no time from anybody's day: a due date and a reminder block nothing."""
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("last-modified", changed_at.astimezone(UTC))
    event.add("sequence", revision)
    event.add("summary", _plain(title))
    event.add("url", url)
    event.add("description", url)
    event.add("transp", "TRANSPARENT")
    return event


def _plain(text: str) -> str:
    """Titles are other people's words: no control character may end a line of the file."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
