"""What importing a history costs against git's own listing of it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.registry import benchmark

COMMITS = 12_000
PARTS = 40


@benchmark(unit="of git log", aim=1.5, better="lower")
def import_vs_git_log() -> float:
    """Wall time of `import_git` over `git log --first-parent -m --numstat` of the same repository.

    BENCH_REPO names a clone to measure on; without it one of 12,000 commits is made up. On a busy machine
    the processor times, printed beside it, say more.
    """
    with _repository() as path:
        listing = min(_measured(_list, path) for _ in range(2))
        importing = _measured(_import, path)
        again = _measured(_import, path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    by_clock = f"git log {listing.wall:.1f} s, import {importing.wall:.1f} s, again {again.wall:.1f} s"
    spent = f"git log {listing.git:.1f} s, import {importing.own:.1f} s and its git {importing.git:.1f} s"
    print(f"  {by_clock}, peak {peak} MB; processor: {spent}", file=sys.stderr)
    return importing.wall / listing.wall


class Times(NamedTuple):
    """Seconds by the clock, and of the processor: this process's and git's."""

    wall: float
    own: float
    git: float


def _measured(work: Callable[[Path], None], path: Path) -> Times:
    before = _now()
    work(path)
    return Times(*(after - one for after, one in zip(_now(), before, strict=True)))


def _now() -> Times:
    spent = os.times()
    return Times(time.perf_counter(), spent.user + spent.system, spent.children_user + spent.children_system)


def _list(path: Path) -> None:
    command = ["git", "-c", "safe.directory=*", "-C", str(path), "log", "--first-parent", "-m", "--numstat"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _import(path: Path) -> None:
    from django.core.management import call_command

    with Path(os.devnull).open("w") as nowhere:
        call_command("import_git", str(path), service="bench", stdout=nowhere)


@contextmanager
def _repository() -> Iterator[Path]:
    given = os.environ.get("BENCH_REPO")
    if given:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made-up.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
        subprocess.run(
            ["git", "-C", str(path), "fast-import", "--quiet"], input=b"".join(_stream()), check=True
        )
        yield path


def _stream() -> Iterator[bytes]:
    """Direct commits, squashes and merges over some files that grow, some of them marked."""
    mark, main = 0, ""
    for number in range(COMMITS):
        at = 1_600_000_000 + number * 3600
        merge = ""
        if number % 5 == 4:
            mark += 1
            merge = f":{mark}"
            yield _commit(mark, "refs/heads/topic", at - 60, "Work on it", number, main)
        mark += 1
        message = {
            0: f"Part {number} (#{number})\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
            4: f"Merge pull request #{number} from someone/topic\n\nPart {number}",
        }.get(number % 5, f"Part {number}\n\nSigned-off-by: Ada Example <ada@example.org>")
        yield _commit(mark, "refs/heads/main", at, message, number, main, merge)
        main = f":{mark}"


def _commit(mark: int, ref: str, at: int, message: str, number: int, parent: str, merge: str = "") -> bytes:
    text, lines = message.encode(), b"".join(b"line %d\n" % (number + i) for i in range(number % 300 + 1))
    who = f"Ada Example <ada@example.org> {at} +0000"
    head = [f"commit {ref}", f"mark :{mark}", f"author {who}", f"committer {who}", f"data {len(text)}"]
    links = [f"from {parent}"] if parent else []
    links += [f"merge {merge}"] if merge else []
    path = f"src/part{number % PARTS}/file{number % 7}.py"
    return b"".join(
        [
            "\n".join(head).encode() + b"\n",
            text + b"\n",
            "".join(f"{one}\n" for one in links).encode(),
            f"M 100644 inline {path}\ndata {len(lines)}\n".encode() + lines + b"\n",
        ]
    )
