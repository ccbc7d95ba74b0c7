"""Reading JSON that others sent, every refusal naming the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from intake.sources import Unprocessable, instant


class Reader:
    """A JSON object read field by field, every refusal naming the field."""

    def __init__(self, found: Mapping[str, Any], name: str) -> None:
        self._found, self._name = found, name

    def refusal(self, name: str, why: str) -> Unprocessable:
        return Unprocessable(f"{self._name}{name} {why}")

    def _of(self, name: str, *kinds: type) -> Any:
        value = self._found.get(name)
        if value is None:
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Unprocessable(f"{self._name}{name}: {value!r} is not a {kinds[0].__name__}")
        return value

    def part(self, name: str) -> Reader:
        value = self._of(name, dict)
        if value is None:
            raise Unprocessable(f"{self._name}{name} is missing")
        return Reader(value, f"{self._name}{name}.")

    def parts(self, name: str) -> list[Reader] | None:
        value = self._of(name, list)
        if value is None:
            return None
        if not all(isinstance(one, dict) for one in value):
            raise Unprocessable(f"{self._name}{name}: not all are objects")
        return [Reader(one, f"{self._name}{name}[{index}].") for index, one in enumerate(value)]

    def text(self, name: str) -> str | None:
        value = self._of(name, str, int)
        return None if value is None else str(value)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Unprocessable(f"{self._name}{name} is missing")
        return value

    def choice(self, name: str, allowed: set[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise Unprocessable(f"{self._name}{name}: {value!r} is none of {', '.join(sorted(allowed))}")
        return value

    def count(self, name: str) -> int | None:
        value = self._of(name, int)
        if value is not None and not 0 <= value < 2**31:
            raise Unprocessable(f"{self._name}{name}: {value} is out of range")
        return None if value is None else int(value)

    def yes(self, name: str) -> bool | None:
        value = self._of(name, bool)
        return None if value is None else bool(value)

    def time(self, name: str) -> datetime | None:
        return instant(self._found.get(name))

    def time_needed(self, name: str) -> datetime:
        value = self.time(name)
        if value is None:
            raise Unprocessable(f"{self._name}{name} is missing")
        return value

    def texts(self, name: str) -> tuple[str, ...] | None:
        value = self._of(name, list)
        if value is not None and not all(isinstance(one, str) for one in value):
            raise Unprocessable(f"{self._name}{name}: not all are texts")
        return None if value is None else tuple(value)
