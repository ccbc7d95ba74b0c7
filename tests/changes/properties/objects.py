"""A git repository written object by object: hundreds of small histories without a process each."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from pathlib import Path

Tree = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Made:
    """A commit as it was written."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: str
    committer: str
    at: int
    tree: Tree
    files: dict[str, int]  # lines added to each path, against the first parent

    @property
    def lines(self) -> int:
        return sum(self.files.values())


@dataclass
class Objects:
    path: Path
    commits: dict[str, Made] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("objects", "refs/heads"):
            (self.path / folder).mkdir(parents=True)
        (self.path / "HEAD").write_text("ref: refs/heads/main\n")

    def set_main(self, sha: str) -> None:
        (self.path / "refs/heads/main").write_text(f"{sha}\n")

    def set_origin(self, address: str) -> None:
        config = (
            f'[core]\n\tbare = true\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = {address}\n'
        )
        (self.path / "config").write_text(config)

    def commit(self, message: str, tree: Tree, *parents: str, author: str, committer: str, at: int) -> Made:
        lines = [f"tree {self._tree(tree)}", *(f"parent {one}" for one in parents)]
        lines += [f"author {author} {at - 7} +0000", f"committer {committer} {at} +0000", "", message]
        sha = self._write("commit", ("\n".join(lines) + "\n").encode())
        before = self.commits[parents[0]].tree if parents else {}
        files = {
            name: len(rows) - len(before.get(name, ()))
            for name, rows in tree.items() if rows != before.get(name)
        }  # fmt: skip
        made = Made(sha, parents, message, author, committer, at, tree, files)
        self.commits[sha] = made
        return made

    def _tree(self, files: Tree) -> str:
        folders: dict[str, Tree] = {}
        entries: list[tuple[str, str, str]] = []
        for name, rows in files.items():
            folder, slash, rest = name.partition("/")
            if slash:
                folders.setdefault(folder, {})[rest] = rows
            else:
                entries.append((name, "100644", self._write("blob", "".join(rows).encode())))
        entries += [(f"{name}/", "40000", self._tree(inside)) for name, inside in folders.items()]
        body = b"".join(
            f"{mode} {name.rstrip('/')}\0".encode() + bytes.fromhex(sha)
            for name, mode, sha in sorted(entries)
        )
        return self._write("tree", body)

    def _write(self, kind: str, body: bytes) -> str:
        whole = f"{kind} {len(body)}\0".encode() + body
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self.path / "objects" / sha[:2] / sha[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(whole, 1))
        return sha


def grown(tree: Tree, *changes: tuple[str, tuple[str, ...]]) -> Tree:
    """The tree with these lines added at the end of these files."""
    found = dict(tree)
    for path, rows in changes:
        found[path] = (*found.get(path, ()), *rows)
    return found
