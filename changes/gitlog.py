"""Reading a clone that nobody vouches for: fixed arguments, nothing of the clone's own is run."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from changes.facts import CommitFact, FileFact, Identity

# A clone's configuration may name programs to run; every such door is shut before git reads it.
SAFE = tuple(
    part
    for setting in (
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.attributesFile=/dev/null",
        "core.alternateRefsCommand=",
        "core.sshCommand=/bin/false",
        "core.pager=cat",
        "core.quotePath=false",
        "diff.external=",
        "gpg.program=/bin/false",
        "log.showSignature=false",
        "log.mailmap=false",
        "protocol.allow=never",
        "uploadpack.packObjectsHook=",
        # The owner of a clone is not ours to ask; nothing of it is run.
        "safe.directory=*",
    )
    for part in ("-c", setting)
)
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
    # A partial clone must not fetch what it lacks.
    "GIT_NO_LAZY_FETCH": "1",
}
# Marks that no commit can hold, since nobody knows them beforehand.
MARK = secrets.token_hex(8)
RECORD, FIELD, END = (f"{kind}{MARK}".encode() for kind in "rfe")
FORMAT = f"r{MARK}" + f"f{MARK}".join(("%H", "%P", "%an", "%ae", "%cn", "%ce", "%ct", "%B")) + f"e{MARK}"
MOST_MESSAGE = 64 * 1024
CHUNK = 1 << 20


class GitError(Exception):
    """Git refused; the message is git's own."""


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    commit: CommitFact
    parents: tuple[str, ...]
    files: tuple[FileFact, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    sha: str
    at: datetime


class Clone:
    """One repository on this machine, bare or not."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def run(self, *arguments: str, seconds: float = 600) -> str:
        """Raises: GitError; subprocess.TimeoutExpired after `seconds`."""
        done = subprocess.run(
            self._command(*arguments), env=ENVIRONMENT, capture_output=True, timeout=seconds, check=False
        )
        if done.returncode:
            raise GitError(
                done.stderr.decode("utf-8", "replace").strip() or f"git ended with {done.returncode}"
            )
        return done.stdout.decode("utf-8", "replace")

    def _command(self, *arguments: str) -> list[str]:
        return ["git", *SAFE, "-C", str(self.path), "--no-pager", *arguments]

    def head(self) -> str:
        return self.run("rev-parse", "--verify", "--end-of-options", "HEAD^{commit}").strip()

    def branch(self) -> str:
        name = self.run("rev-parse", "--abbrev-ref", "HEAD").strip()
        return "" if name == "HEAD" else name

    def name(self) -> str:
        """The folder's, that of the work tree for a `.git` directory."""
        folder = self.path.parent if self.path.name == ".git" else self.path
        return folder.name.removesuffix(".git")

    def origin_address(self) -> str:
        try:
            return self.run("config", "--local", "--get", "remote.origin.url").strip()
        except GitError:
            return ""

    def contains(self, sha: str) -> bool:
        """Whether this commit lies in the history of HEAD."""
        try:
            self.run("merge-base", "--is-ancestor", "--end-of-options", sha, "HEAD")
        except GitError:
            return False
        return True

    def count(self, revisions: str, since: str) -> int:
        limits = [f"--since={since}"] if since else []
        return int(self.run("rev-list", "--first-parent", "--count", *limits, "--end-of-options", revisions))

    def tags(self) -> list[Tag]:
        """Every tag on a commit, oldest first; of an annotated one its own date."""
        parts = (
            "refname:strip=2",
            "*objectname",
            "objectname",
            "creatordate:unix",
            "*objecttype",
            "objecttype",
        )
        form = "%1f".join(f"%({part})" for part in parts)
        found = []
        for line in self.run(
            "for-each-ref", "--sort=creatordate", f"--format={form}", "refs/tags"
        ).splitlines():
            name, inner, own, at, inner_kind, kind = line.split("\x1f")
            if "commit" in {inner_kind, kind} and at:
                found.append(Tag(name, inner or own, datetime.fromtimestamp(int(at), UTC)))
        return found

    def first_parents(self, revisions: str, since: str = "") -> Iterator[LoggedCommit]:
        """The changes of the default branch, oldest first, each with its size against its first parent."""
        limits = [f"--since={since}"] if since else []
        arguments = ["log", "-z", "--first-parent", "-m", "--reverse", "--numstat", *QUIET, *limits]
        yield from self._log([*arguments, "--end-of-options", revisions])

    def parents(self, revisions: str) -> Iterator[tuple[str, list[str]]]:
        """Every commit in reach with its parents, of which nothing is read but the names."""
        with self._stream(["rev-list", "--parents", "--end-of-options", revisions]) as stream:
            for line in stream:
                sha, *parents = line.decode("ascii").split()
                yield sha, parents

    def commits(self, shas: Sequence[str]) -> Iterator[LoggedCommit]:
        """These commits, without their files."""
        if shas:
            named = "".join(f"{sha}\n" for sha in shas).encode()
            yield from self._log(["log", "-z", "--no-patch", "--no-walk=unsorted", *QUIET, "--stdin"], named)

    def merge_base(self, sha: str) -> str:
        """The last commit of HEAD's history that this one holds; empty where they share none."""
        try:
            return self.run("merge-base", "--end-of-options", sha, "HEAD").strip()
        except GitError:
            return ""

    def _log(self, arguments: list[str], given: bytes | None = None) -> Iterator[LoggedCommit]:
        with self._stream(arguments, given) as stream:
            for record in _records(stream):
                yield _parsed(record)

    @contextmanager
    def _stream(self, arguments: list[str], given: bytes | None = None) -> Iterator[IO[bytes]]:
        # Both go to files: a pipe that nobody reads or writes meanwhile would hold git up.
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as names:
            names.write(given or b"")
            names.seek(0)
            process = subprocess.Popen(
                self._command(*arguments), env=ENVIRONMENT, stdin=names, stdout=subprocess.PIPE, stderr=errors
            )
            if process.stdout is None:  # never, with a pipe asked for
                raise GitError("git gave no output")
            finished = False
            try:
                yield process.stdout
                finished = True
            finally:
                if not finished:
                    process.kill()
                process.stdout.close()
                code = process.wait()
            if code:
                errors.seek(0)
                said = errors.read(4096).decode("utf-8", "replace").strip()
                raise GitError(said or f"git ended with {code}")


QUIET = ["--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color", "--no-notes", "--no-mailmap",
         f"--format=tformat:{FORMAT}"]  # fmt: skip


def _records(stream: IO[bytes]) -> Iterator[bytes]:
    """Cut the stream at its record marks; only one piece is held at a time."""
    rest = b""
    while chunk := stream.read(CHUNK):
        *whole, rest = (rest + chunk).split(RECORD)
        yield from (one for one in whole if one.strip(b"\0\n"))
    if rest.strip(b"\0\n"):
        yield rest


def _parsed(record: bytes) -> LoggedCommit:
    head, _, tail = record.partition(END)
    sha, parents, an, ae, cn, ce, at, message = (
        part.decode("utf-8", "replace").replace("\0", "") for part in head.split(FIELD, 7)
    )
    commit = CommitFact(
        sha=sha,
        message=message[:MOST_MESSAGE].rstrip("\n"),
        at=datetime.fromtimestamp(int(at or 0), UTC),
        author=Identity(an, ae),
        committer=Identity(cn, ce),
    )
    return LoggedCommit(commit, tuple(parents.split()), tuple(_files(tail)))


def _files(tail: bytes) -> Iterator[FileFact]:
    """`added TAB deleted TAB path NUL`; a rename gives an empty path and then the old and the new one."""
    parts = iter(tail.split(b"\0"))
    for part in parts:
        counts = part.lstrip(b"\n")
        if counts.count(b"\t") < 2:
            continue
        added, deleted, path = counts.split(b"\t", 2)
        if not path:
            next(parts, b"")
            path = next(parts, b"")
        yield FileFact(path.decode("utf-8", "replace"), _number(added), _number(deleted))


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() else None
