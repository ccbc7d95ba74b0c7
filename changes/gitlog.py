"""Reading a clone that nobody vouches for: fixed arguments, nothing of the clone's own is run."""

from __future__ import annotations

import os
import queue
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
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
        "core.bigFileThreshold=512m",
        "diff.external=",
        "gpg.program=/bin/false",
        "log.showSignature=false",
        "log.mailmap=false",
        "protocol.allow=never",
        "uploadpack.packObjectsHook=",
        # Advice would stand before git's own reason in what people read.
        "advice.graftFileDeprecated=false",
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
    # History as it was committed, whatever somebody put over it here.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
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
# What git may be ahead of us, in chunks: it computes the next sizes while this batch is written.
MOST_AHEAD = 16
# Beyond the calendar of the database and of Python a commit's clock says nothing.
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class GitError(Exception):
    """Git refused; the message is git's own."""


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    commit: CommitFact
    parents: tuple[str, ...]
    files: tuple[FileFact, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The commits that landed: the newest of them; `note` says what is not as one would expect."""

    head: str
    branch: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    sha: str
    at: datetime


class Clone:
    """One repository on this machine, bare or not."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        # Commits whose text git handed out, branch commits included.
        self.read = 0
        self._counting = threading.Lock()

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
        """Raises: GitError, where this is no repository, or one without commits."""
        self.run("rev-parse", "--git-dir")
        found = self._resolved("HEAD")
        if not found:
            raise GitError("there are no commits yet on the branch that HEAD names")
        return found

    def _resolved(self, name: str) -> str:
        try:
            return self.run(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            ).strip()
        except GitError:
            return ""

    def branch(self) -> str:
        """What is checked out; empty for a commit without a branch."""
        return self._symbol("HEAD")

    def _symbol(self, name: str) -> str:
        try:
            return self.run("symbolic-ref", "--short", "--quiet", "--end-of-options", name).strip()
        except GitError:
            return ""

    def main_line(self, branch: str = "") -> Line:
        """Whose commits landed: the named branch, else that of HEAD; where something else is checked out
        than the origin's default branch, that one as it was last fetched.

        Raises: GitError.
        """
        head, here = self.head(), self.branch()
        if branch:
            found = self._resolved(f"refs/heads/{branch}") or self._resolved(f"refs/remotes/origin/{branch}")
            if not found:
                raise GitError(f"there is no branch {branch}")
            return Line(found, branch)
        default = self._symbol("refs/remotes/origin/HEAD").removeprefix("origin/")
        landed = self._resolved(f"refs/remotes/origin/{default}") if default and default != here else ""
        if landed:
            checked_out = here or "a commit without a branch"
            return Line(
                landed,
                default,
                f"{checked_out} is checked out; what landed on origin's {default} is read instead",
            )
        return Line(head, here, "" if here else "HEAD names no branch; the commit that it names is read")

    def names(self) -> list[str]:
        """The folder's, then with those above it; of any folder or work tree of one repository the same."""
        shared = Path(self.run("rev-parse", "--path-format=absolute", "--git-common-dir").strip())
        folder = shared.parent if shared.name == ".git" else shared
        parts = [*folder.parts[1:-1], folder.name.removesuffix(".git")]
        return ["/".join(parts[-length:]) for length in range(1, len(parts) + 1)]

    def holds(self, sha: str) -> bool:
        """Whether this commit is there at all, on whatever branch."""
        try:
            self.run("cat-file", "-e", f"{sha}^{{commit}}")
        except GitError:
            return False
        return True

    def cut(self) -> set[str]:
        """Commits whose parents a shallow clone lacks: of what stands there no size can be told."""
        file = Path(self.run("rev-parse", "--path-format=absolute", "--git-path", "shallow").strip())
        return set(file.read_text("ascii").split()) if file.is_file() else set()

    def is_partial(self) -> bool:
        """Whether it was cloned without the contents of its files."""
        try:
            return bool(
                self.run("config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$")
            )
        except GitError:
            return False

    def origin_address(self) -> str:
        try:
            return self.run("config", "--local", "--get", "remote.origin.url").strip()
        except GitError:
            return ""

    def contains(self, sha: str, head: str = "HEAD") -> bool:
        """Whether this commit lies in the history of `head`."""
        try:
            self.run("merge-base", "--is-ancestor", "--end-of-options", sha, head)
        except GitError:
            return False
        return True

    def count(self, revisions: str, since: str = "") -> int:
        limits = [f"--since-as-filter={since}"] if since else []
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
        for line in self.run("for-each-ref", "--sort=creatordate", f"--format={form}", "refs/tags").split(
            "\n"
        ):
            if not line:
                continue
            name, inner, own, at, inner_kind, kind = line.split("\x1f")
            if "commit" in {inner_kind, kind} and at:
                found.append(Tag(name, inner or own, _moment(at)))
        return found

    def first_parents(self, revisions: str, since: str = "") -> Generator[LoggedCommit, None, None]:
        """The changes of the default branch, oldest first, each with its size against its first parent."""
        # Not `--since`: it stops at the first commit whose clock was wrong.
        limits = [f"--since-as-filter={since}"] if since else []
        arguments = ["log", "-z", "--reverse", *SIZES, *QUIET, *limits, "--end-of-options", revisions]
        yield from self._log(arguments)

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

    def sized(self, shas: Sequence[str]) -> Iterator[LoggedCommit]:
        """Those of these commits that are here, each with its size against its first parent."""
        if shas:
            named = "".join(f"{sha}\n" for sha in shas).encode()
            walk = ["--no-walk=unsorted", "--ignore-missing", *SIZES]
            yield from self._log(["log", "-z", *walk, *QUIET, "--stdin"], named)

    def merge_base(self, sha: str, head: str = "HEAD") -> str:
        """The last commit of `head`'s history that this one holds; empty where they share none."""
        try:
            return self.run("merge-base", "--end-of-options", sha, head).strip()
        except GitError:
            return ""

    def _log(self, arguments: list[str], given: bytes | None = None) -> Iterator[LoggedCommit]:
        with self._stream(arguments, given) as stream, closing(_ahead(stream)) as chunks:
            for record in _records(chunks):
                with self._counting:
                    self.read += 1
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
         "--encoding=UTF-8", f"--format=tformat:{FORMAT}"]  # fmt: skip
# Sizes by git's defaults, whatever the clone's own configuration asks of a diff.
SIZES = [
    "--first-parent", "--diff-merges=first-parent", "--numstat", "--root", "--find-renames", "-l1000",
    "--diff-algorithm=default", "--no-relative", "-O/dev/null", "--submodule=short",
    "--ignore-submodules=none",
]  # fmt: skip


def _ahead(stream: IO[bytes]) -> Generator[bytes, None, None]:
    """The stream in chunks, read by a thread, so that git works on while a batch is written."""
    chunks: queue.Queue[bytes | Exception] = queue.Queue(MOST_AHEAD)
    over = threading.Event()

    def read() -> None:
        try:
            while not over.is_set() and (chunk := stream.read(CHUNK)):
                chunks.put(chunk)
            chunks.put(b"")
        except (OSError, ValueError, MemoryError) as error:  # told to whoever asks for the next chunk
            chunks.put(error)

    reader = threading.Thread(target=read, name="git", daemon=True)
    reader.start()
    try:
        while chunk := chunks.get():
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk
    finally:
        # Whoever waits to put something in gets room; whoever waits for git goes on when that is stopped.
        over.set()
        with suppress(queue.Empty):
            while True:
                chunks.get_nowait()


def _records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut the chunks at the record marks; only one piece is held at a time."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(RECORD)
        yield from (one for one in whole if one.strip(b"\0\n"))
    if rest.strip(b"\0\n"):
        yield rest


def _moment(seconds: str) -> datetime:
    """A commit's clock may be absent or far off; what no calendar holds is the latest moment there is."""
    try:
        return min(datetime.fromtimestamp(int(seconds or 0), UTC), LATEST)
    except (OverflowError, ValueError, OSError):
        return LATEST


def _parsed(record: bytes) -> LoggedCommit:
    head, _, tail = record.partition(END)
    sha, parents, an, ae, cn, ce, at, message = (
        part.decode("utf-8", "replace").replace("\0", "") for part in head.split(FIELD, 7)
    )
    commit = CommitFact(
        sha=sha,
        message=message[:MOST_MESSAGE].rstrip("\n"),
        at=_moment(at),
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
