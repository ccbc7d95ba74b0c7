"""The trees of a clone at the ends of months, and what is counted in them. Pure: git by fixed arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from changes.gitlog import Clone
from changes.gitnotes import texts
from changes.manifests.counting import Counted, counted, wanted

# Beyond it nobody wrote a manifest by hand, and no lock file is that long.
MOST_TEXT = 20 * 1024 * 1024
Keeps = Callable[[str], bool]


@dataclass(frozen=True)
class Day:
    """The commit that stood at the end of a day."""

    on: date
    sha: str


@dataclass(frozen=True)
class DayCounted:
    on: date
    sha: str
    # By the names that were asked for.
    counts: Mapping[str, Counted]


def month_ends(today: date, months: int) -> list[date]:
    """The last days of so many months that are over, oldest first, and today."""
    ends = []
    first = today.replace(day=1)
    for _ in range(months):
        ends.append(first - timedelta(days=1))
        first = ends[-1].replace(day=1)
    return [*reversed(ends), today]


def standing(clone: Clone, head: str, ends: Sequence[date], zone: tzinfo) -> list[Day]:
    """The newest commit of the line of `head` by the end of each day; none before the first commit."""
    found: dict[date, str] = {}
    limits = {day: datetime.combine(day + timedelta(days=1), time(), zone).timestamp() for day in ends}
    waiting = sorted(ends, reverse=True)
    for at, sha in _line(clone, head):
        # Newest first: the first that is old enough stood then, for every later day still waiting.
        while waiting and at < limits[waiting[0]]:
            found[waiting.pop(0)] = sha
        if not waiting:
            break
    return [Day(day, found[day]) for day in ends if day in found]


def _line(clone: Clone, head: str) -> Iterator[tuple[int, str]]:
    text = clone.run("rev-list", "--first-parent", "--timestamp", "--end-of-options", head)
    for line in text.splitlines():
        at, _, sha = line.partition(" ")
        yield int(at), sha


def count_days(clone: Clone, days: Sequence[Day], parts: Mapping[str, Keeps]) -> Iterator[DayCounted]:
    """Raises: changes.gitlog.GitError."""
    last: tuple[str, Mapping[str, Counted]] = ("", {})
    for day in days:
        if day.sha != last[0]:
            last = (day.sha, _count(clone, day.sha, parts))
        yield DayCounted(day.on, day.sha, last[1])


def _count(clone: Clone, sha: str, parts: Mapping[str, Keeps]) -> dict[str, Counted]:
    blobs = _blobs(clone, sha)
    files = {name: wanted(path for path in blobs if keeps(path)) for name, keeps in parts.items()}
    asked = list(dict.fromkeys(blobs[path] for one in files.values() for path in one.paths))
    known = dict(texts(clone, asked, MOST_TEXT))
    return {
        name: counted(one, {path: known[blobs[path]] for path in one.paths}) for name, one in files.items()
    }


def _blobs(clone: Clone, sha: str) -> dict[str, str]:
    """Files by path; no links, which say what stands elsewhere, and no submodules."""
    found = {}
    for entry in clone.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", sha).split("\0"):
        kept, _, path = entry.partition("\t")
        parts = kept.split(" ")
        if len(parts) == 3 and parts[1] == "blob" and parts[0].startswith("100"):
            found[path] = parts[2]
    return found
