"""Reading the parts of a letter, whose fields may be absent, null or of another type than documented."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from intake.models import Delivery
from intake.sources import Unprocessable


def part(value: object) -> dict[str, Any]:
    """An object, empty when it is absent, null or something else."""
    return value if isinstance(value, dict) else {}


def words(value: object) -> str:
    """A text; numbers as text, anything else as nothing."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def address(value: object) -> str:
    """A web address that may become a link; anything else is dropped."""
    text = words(value)
    return text if text.startswith(("https://", "http://")) and len(text) <= 500 else ""


def without_blanks(told: dict[str, Any]) -> dict[str, Any]:
    """Empty means "not told" in nearly every letter, and what is not told must not blank what is known."""
    return {name: value for name, value in told.items() if value not in ("", None, {})}


def digest(*parts: object) -> str:
    """The same parts, the same name: for what its sender gave none."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def objects(value: object, name: str) -> list[dict[str, Any]]:
    """Raises: Unprocessable unless it is a list of objects."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unprocessable(f"`{name}` is not a list of objects")
    return value


def mapped(delivery: Delivery, name: str, default: str) -> str:
    """A setting of the source's mapping."""
    return words(part(delivery.source.mapping).get(name)) or default
