"""Times as people type them: in the reader's zone, with hours that do not exist and hours that come twice."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.moments import OUTSIDE, can_be_meant

OFFSET = re.compile(r"(?:[+-]\d\d:?\d\d|Z)$")


class MomentInput(forms.DateTimeInput):
    """A picker; a plain field where only an offset tells which of two hours is meant."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        told = str(context["widget"]["value"] or "")
        if OFFSET.search(told[10:]) or (told and trouble(told)):
            context["widget"]["attrs"]["type"] = "text"
        return context


class Moment(forms.DateTimeField):
    """Typed in the reader's zone, kept in UTC. A pasted ISO time with its own offset is taken at its word."""

    def __init__(self, *, label: str, required: bool = False, help_text: str = "") -> None:
        super().__init__(label=label, required=required, help_text=help_text, widget=MomentInput())

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, str) and (words := trouble(value)):
            raise ValidationError(words, code="no_one_moment")
        try:
            at = super().to_python(value)
        except OverflowError:
            raise ValidationError(OUTSIDE, code="outside") from None
        if at is not None and not can_be_meant(at):
            raise ValidationError(OUTSIDE, code="outside")
        return at

    def prepare_value(self, value: Any) -> Any:
        """In the reader's zone; with its offset where the clock alone would name two moments."""
        if isinstance(value, datetime) and timezone.is_aware(value):
            here = timezone.localtime(value).replace(microsecond=0)
            if _offsets(here.replace(tzinfo=None))[0] != _offsets(here.replace(tzinfo=None))[1]:
                return here.isoformat()
        return super().prepare_value(value)


def zones() -> list[tuple[str, str]]:
    """The reader's own first, then UTC, which most reports are written in."""
    own = timezone.get_current_timezone_name()
    first = [(own, f"{own.replace('_', ' ')} (yours)"), *([] if own == "UTC" else [("UTC", "UTC")])]
    return first + [(name, name.replace("_", " ")) for name in _places() if name != own]


@cache
def _places() -> list[str]:
    names = sorted(zoneinfo.available_timezones())
    return [name for name in names if "/" in name and not name.startswith(("Etc/", "SystemV/"))]


class Zone(forms.ChoiceField):
    """Whose times these are; left out, the reader's."""

    def __init__(self, *, label: str, help_text: str) -> None:
        super().__init__(
            choices=zones,
            required=False,
            label=label,
            help_text=help_text,
            initial=timezone.get_current_timezone_name,
        )

    def clean(self, value: Any) -> tzinfo:
        name = super().clean(value)
        return zoneinfo.ZoneInfo(name) if name else timezone.get_current_timezone()


class InZone(forms.Form):
    """A form whose times are read in the zone that it names."""

    zone = Zone(label="Times are in", help_text="Shown in your own zone afterwards.")

    def full_clean(self) -> None:
        with timezone.override(self._zone()):
            super().full_clean()
        for name, errors in self.errors.as_data().items():
            if any(error.code == "no_one_moment" for error in errors):
                # Only an offset tells which hour is meant, and no picker takes one.
                self.fields[name].widget.attrs["type"] = "text"

    def _zone(self) -> tzinfo:
        field, told = self.fields.get("zone"), self.data.get(self.add_prefix("zone"), "")
        offered = isinstance(field, Zone) and field.valid_value(told)
        return zoneinfo.ZoneInfo(told) if offered and told else timezone.get_current_timezone()


def trouble(told: str) -> str:
    """Why a time typed without an offset is no one moment in the current zone; empty when it is one."""
    told = told.strip()
    try:
        naive = None if OFFSET.search(told[10:]) else parse_datetime(told)
    except ValueError:
        return ""  # no such day or hour at all: the field says so
    if naive is None or timezone.is_aware(naive):
        return ""
    first, second = _offsets(naive)
    if first == second:
        return ""
    zone = timezone.get_current_timezone_name()
    when = f"{naive:%H:%M} on {naive.day} {naive:%B %Y}"
    if first < second:
        skipped = second - first
        return (
            f"{when} does not exist in {zone}: the clocks skipped {_minutes(skipped)} there. "
            "Write an earlier or a later time."
        )
    iso = f"{naive:%Y-%m-%dT%H:%M}"
    return (
        f"{when} came twice in {zone}, when the clocks were put back. "
        f"Write {iso}{_offset(first)} for the first, or {iso}{_offset(second)} for the second."
    )


def _offsets(naive: datetime) -> tuple[timedelta, timedelta]:
    """Before and after the clocks change; the same on any other hour. In a gap the first is the smaller."""
    zone = timezone.get_current_timezone()
    one, other = (naive.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return one, other


def _offset(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return "an hour" if minutes == 60 else f"{minutes} minutes"
