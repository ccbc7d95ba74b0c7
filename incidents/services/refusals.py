"""How a service says no: in words that can be shown, before anything was altered."""

from __future__ import annotations


class Refused(ValueError):
    """A rule of the product forbids it. `field` names the input to mend, `code` is stable for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.code = code


class Conflict(Refused):
    """Somebody else altered the same words in the meantime: `theirs` and `yours`, by field or section key."""

    def __init__(self, *, theirs: dict[str, str], yours: dict[str, str]) -> None:
        super().__init__("Somebody else changed this in the meantime.", code="conflict")
        self.theirs = theirs
        self.yours = yours
