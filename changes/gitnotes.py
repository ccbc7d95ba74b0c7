"""Attestations in a clone: notes, trace records, and the lines that commits really added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from changes.attestation import MOST_NOTE, MOST_RECORD, Ranges, merged
from changes.gitlog import MARK, Clone, GitError

NOTES = "refs/notes/ai"
TRACES = ".agent-trace/traces.jsonl"
OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
HEAD = f"c{MARK}"
# Whatever the clone's own configuration asks of a diff.
PLAIN = [
    "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes", "--no-show-signature", "--no-mailmap",
    "--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--submodule=short", "--ignore-submodules=all",
    "--find-renames", "-O/dev/null",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Added:
    """What one commit added, by path; line numbers as in the commit's own files."""

    sha: str
    parents: tuple[str, ...]
    at: datetime
    files: Mapping[str, Ranges]


def notes_tip(clone: Clone) -> str:
    """The notes' own commit; empty without any."""
    return _resolved(clone, f"{NOTES}^{{commit}}")


def _resolved(clone: Clone, name: str) -> str:
    try:
        return clone.run("rev-parse", "--verify", "--quiet", "--end-of-options", name).strip()
    except GitError:
        return ""


def noted(clone: Clone, tip: str) -> dict[str, str]:
    """The note's blob of each noted commit, however the notes are spread over folders."""
    found = {}
    for entry in clone.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tip).split("\0"):
        kept, _, path = entry.partition("\t")
        sha = path.replace("/", "")
        parts = kept.split(" ")
        if len(parts) == 3 and parts[1] == "blob" and OBJECT.fullmatch(sha):
            found[sha] = parts[2]
    return found


def noted_since(clone: Clone, before: str, tip: str) -> set[str] | None:
    """The commits whose note came, went or changed; None where that cannot be told any more."""
    if not before or not OBJECT.fullmatch(before):
        return None
    try:
        paths = clone.run(
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "--end-of-options",
            before,
            tip,
        )
    except GitError:
        return None
    return {path.replace("/", "") for path in paths.split("\0") if path}


def texts(clone: Clone, blobs: Sequence[str], most: int = MOST_NOTE) -> Iterator[tuple[str, str | None]]:
    """Each blob's text, in order; None for one that is absent or over the limit."""
    if not blobs:
        return
    named = "".join(f"{one}\n" for one in blobs).encode("ascii")
    with clone._stream(["cat-file", "--batch"], named) as stream:
        for blob in blobs:
            head = stream.readline().split()
            if len(head) != 3 or not head[2].isdigit():
                yield blob, None
                continue
            length = int(head[2])
            data = stream.read(min(length, most + 1))
            for _ in range(len(data), length + 1, 1 << 20):
                stream.read(min(1 << 20, length + 1 - len(data)))
            yield blob, data.decode("utf-8", "replace") if length <= most else None


def present(clone: Clone, shas: Iterable[str]) -> set[str]:
    """Those that are commits of this clone."""
    wanted = [sha for sha in shas if OBJECT.fullmatch(sha)]
    if not wanted:
        return set()
    named = "".join(f"{sha}\n" for sha in wanted).encode("ascii")
    with clone._stream(["cat-file", "--batch-check=%(objectname) %(objecttype)"], named) as stream:
        lines = [line.decode("ascii", "replace").split() for line in stream]
    return {line[0] for line in lines if line[1:] == ["commit"]}


def added(clone: Clone, shas: Sequence[str]) -> Iterator[Added]:
    """What these commits added against their first parent; without those whose files the clone lacks."""
    waiting = list(shas)
    while waiting:
        told = 0
        try:
            for one in _added_by(clone, waiting):
                told += 1
                yield one
            return
        except GitError:
            # Git stops at the first one that it cannot read, having told of all before.
            waiting = waiting[told or 1 :]


def _added_by(clone: Clone, shas: Sequence[str]) -> Iterator[Added]:
    named = "".join(f"{sha}\n" for sha in shas).encode("ascii")
    arguments = [
        "log", "--no-walk=unsorted", "--stdin", "--diff-merges=first-parent", "--patch", "--unified=0",
        "--inter-hunk-context=0", *PLAIN, f"--format=tformat:{HEAD} %H %ct %P",
    ]  # fmt: skip
    last: Added | None = None
    with clone._stream(arguments, named) as stream:
        for one in _patches(stream):
            if last:
                yield last
            last = one
    if last:  # only now is it known to be whole
        yield last


def _patches(stream: IO[bytes]) -> Iterator[Added]:
    mark = HEAD.encode() + b" "
    sha, at = "", 0
    parents: tuple[str, ...] = ()
    files: dict[str, list[tuple[int, int]]] = {}
    path = ""
    for line in stream:
        if line.startswith(mark):
            if sha:
                yield _added(sha, parents, at, files)
            sha, when, *rest = line[len(mark) :].decode("ascii").split()
            parents, at, files, path = tuple(rest), int(when), {}, ""
        elif line.startswith(b"+++ "):
            path = _path(line[4:])
        elif match := HUNK.match(line):
            count = int(match[3]) if match[3] is not None else 1
            first = int(match[2])
            if path and count:
                files.setdefault(path, []).append((first, first + count - 1))
            _skip(stream, int(match[1]) if match[1] is not None else 1, count)
    if sha:
        yield _added(sha, parents, at, files)


def _skip(stream: IO[bytes], deleted: int, added_lines: int) -> None:
    """Past a hunk's own lines, which may look like anything."""
    for _ in range(deleted + added_lines):
        line = stream.readline()
        if line.startswith(b"\\"):  # "No newline at end of file" is no line of either side
            stream.readline()


def _added(sha: str, parents: tuple[str, ...], at: int, files: Mapping[str, list[tuple[int, int]]]) -> Added:
    return Added(
        sha,
        parents,
        datetime.fromtimestamp(at, UTC),
        {path: merged(ranges) for path, ranges in files.items()},
    )


def _path(text: bytes) -> str:
    """The new path of a patch's `+++` line; empty for a deleted file."""
    name = text.rstrip(b"\n").removesuffix(b"\t").decode("utf-8", "replace")
    if len(name) > 2 and name[0] == name[-1] == '"':
        name = ESCAPE.sub(_unescaped, name[1:-1])
    return name.removeprefix("b/") if name.startswith("b/") else ""


def _unescaped(match: re.Match[str]) -> str:
    said = match[1]
    return chr(int(said, 8)) if len(said) == 3 else ESCAPED.get(said, said)


def has_traces(clone: Clone, head: str) -> bool:
    return bool(_resolved(clone, f"{head}:{TRACES}"))


def traces(clone: Clone, revisions: str) -> Iterator[tuple[str, str]]:
    """Each line that came to the trace file, with the commit of the default branch that brought it."""
    arguments = [
        "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--patch", "--unified=0", *PLAIN,
        "--text", f"--format=tformat:{HEAD} %H", "--end-of-options", revisions, "--", TRACES,
    ]  # fmt: skip
    mark = HEAD.encode() + b" "
    sha = ""
    with clone._stream(arguments) as stream:
        while line := stream.readline(MOST_RECORD + 2):
            if line.startswith(mark):
                sha = line[len(mark) :].decode("ascii").strip()
            elif sha and line.startswith(b"+{"):
                yield sha, line[1:].decode("utf-8", "replace").rstrip("\n")
