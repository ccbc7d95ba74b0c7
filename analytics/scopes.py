"""What a safeguard or a test scenario applies to, as it stands in an address. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

WILD = re.compile(r"(\*\*/|\*\*|\*|\?)")
# As SQL regular expressions in newline-sensitive mode, where a path is a line: neither leaves its line.
MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Scope:
    """Slugs; whatever is empty does not narrow. A change fits when it fits every part."""

    area: str = ""
    kinds: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    path_globs: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.area or self.kinds or self.sizes or self.services or self.path_globs)


def line_pattern(globs: Sequence[str]) -> str:
    """A PostgreSQL regular expression that finds a path touched by any of them among paths, one a line.

    Means what `changes.paths.touches` means.
    """
    return "(?n)^(?=.)(?:" + "|".join(_body(glob) for glob in globs) + ")$"


def _body(glob: str) -> str:
    text = glob.strip().lstrip("/")
    if text.endswith("/"):
        text += "**"
    anywhere = "" if "/" in text else "(?:.*/)?"
    body = "".join(MEANING.get(piece) or literally(piece) for piece in WILD.split(text))
    return f"{anywhere}{body}(?:/.*)?"


def literally(piece: str) -> str:
    """The text itself, as a regular expression."""
    return re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", piece)


def sure_pieces(globs: Sequence[str]) -> list[str]:
    """For each glob the longest text that a matching path must hold; empty where one has none of use."""
    found = [max(_plain(glob), key=len, default="") for glob in globs]
    return found if all(len(piece) > 2 for piece in found) else []


def _plain(glob: str) -> list[str]:
    text = glob.strip().lstrip("/").rstrip("/")
    return [piece for piece in WILD.split(text) if piece not in MEANING]
