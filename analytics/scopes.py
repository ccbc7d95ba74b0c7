"""What a safeguard or a test scenario applies to, as it stands in an address. Pure."""

from __future__ import annotations

import re
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


@dataclass(frozen=True)
class LineTest:
    """One glob as it is looked for among paths, one a line, with a line break before the first.

    `plain` must be in the text; that is all where `pattern` is empty, else the pattern, a regular expression
    of PostgreSQL, must be found as well. Means what `changes.paths.touches` means.
    """

    plain: str
    pattern: str


def line_test(glob: str) -> LineTest:
    text = glob.strip().lstrip("/").removesuffix("**")
    if text.endswith("/") and not WILD.search(text):
        return LineTest(f"\n{text}", "")
    plain = max(_plain(glob), key=len, default="")
    return LineTest(plain, f"(?n)^(?=.){_body(glob)}$")


def _body(glob: str) -> str:
    text = glob.strip().lstrip("/")
    if text.endswith("/"):
        text += "**"
    anywhere = "" if "/" in text else "(?:.*/)?"
    body = "".join(MEANING.get(piece) or _literally(piece) for piece in WILD.split(text))
    return f"{anywhere}{body}(?:/.*)?"


def _literally(piece: str) -> str:
    return re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", piece)


def _plain(glob: str) -> list[str]:
    text = glob.strip().lstrip("/").rstrip("/")
    return [piece for piece in WILD.split(text) if piece not in MEANING]
