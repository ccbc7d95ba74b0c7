"""Keys of paths by which an index finds the changes that touch a glob, and the keys of a glob. Pure.

A path `web/pay/card.py` has the keys `web/`, `web/pay/`, `**/web/`, `**/pay/`, `web/pay/*.py` and `*.py`;
one whose file has no suffix also its own and `**/` with its name. The SQL function `changes_path_keys` makes
them; folders with a dot have the keys of such files too, as a glob may mean either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WILD = re.compile(r"[*?]")
FOLDERS = re.compile(r"(?:[^*?/]+/)+")


@dataclass(frozen=True)
class GlobKeys:
    """Any path that the glob matches has one of `keys`; where `exact`, no other path has."""

    keys: tuple[str, ...]
    exact: bool


def glob_keys(glob: str) -> GlobKeys | None:
    """Means what `changes.paths.matches` means; None where no key narrows it."""
    text = glob.strip().lstrip("/")
    if text.endswith("/"):
        text += "**"
    rest = re.sub(r"^(\*\*/)+", "", text)
    is_anywhere = rest != text or "/" not in text
    folder, _, name = rest.rpartition("/")
    found = _all_within(folder, is_anywhere) if name in {"*", "**"} else _named(folder, name, is_anywhere)
    leading = None if is_anywhere else FOLDERS.match(rest)
    if leading and not (found and found.keys[0].startswith(leading[0])):
        return GlobKeys((leading[0],), exact=False)
    return found


def _all_within(folder: str, is_anywhere: bool) -> GlobKeys | None:
    folder = re.sub(r"(/\*\*)+$", "", folder)
    above, _, name = folder.rpartition("/")
    if not name or WILD.search(name):
        return None
    if is_anywhere or WILD.search(above):
        return GlobKeys((f"**/{name}/",), exact=is_anywhere and not above)
    return GlobKeys((f"{folder}/",), exact=True)


def _named(folder: str, name: str, is_anywhere: bool) -> GlobKeys | None:
    stem, dot, suffix = name.rpartition(".")
    if not name or WILD.search(suffix):
        return None
    # Two stars within a name cross folders as well.
    is_in_folder = not is_anywhere and not WILD.search(folder) and "**" not in stem
    if dot:
        above = f"{folder}/" if is_in_folder else ""
        return GlobKeys((f"{above}*.{suffix}",), exact=stem == "*" and (is_in_folder or not folder))
    above = f"{folder}/" if is_in_folder else "**/"
    return GlobKeys((f"{above}{name}", f"{above}{name}/"), exact=is_in_folder or not folder)


def keys_of_any(globs: Iterable[str]) -> GlobKeys | None:
    """Of globs of which one is enough; None where one of them is narrowed by no key."""
    found = [glob_keys(glob) for glob in globs]
    keys = [one for one in found if one is not None]
    if not keys or len(keys) < len(found):
        return None
    return GlobKeys(tuple(sorted({key for one in keys for key in one.keys})), all(one.exact for one in keys))
