"""A plan made real: the repository, the letters that GitHub would send of it, and what must come of both."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.changes.properties.objects import Made, Objects, Tree, grown
from tests.changes.properties.plans import (
    PEOPLE,
    TRAILERS,
    Commit,
    Direct,
    Dropped,
    Method,
    Plan,
    Queue,
    Request,
    Words,
)

ADDRESS = "https://github.com/acme/till.git"
HOUR = 3600
FIRST_NUMBER = 10


@dataclass
class Expected:
    """One change as it must come out."""

    title: str
    state: str
    landed: tuple[str, ...]
    number: str = ""
    lines: int | None = None  # as a clone counts them
    is_assisted: bool = False
    undone_at: int | None = None
    is_undoing: bool = False


@dataclass
class Branch:
    head: Made
    own: list[Made]


def moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def who(name: str) -> str:
    return f"{PEOPLE[name][0]} <{PEOPLE[name][1]}>"


@dataclass
class World:
    path: Path
    letters: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    # Where main stood after each step.
    stops: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.git = Objects(self.path)
        self.git.set_origin(ADDRESS)
        self.now = 1_700_000_000
        self.number = FIRST_NUMBER
        self.lines = 0
        self.listed: set[str] = set()
        self.main = self._commit(Commit("app.py", 1, "ada", ""), "First", {})
        self._push([self.main], before="0" * 40)
        self.expected.append(Expected("First", "shipped", (self.main.sha,), lines=1))

    # Commits

    def _commit(
        self, one: Commit, message: str, tree: Tree, *parents: str, committer: str = "", at: int = 0
    ) -> Made:
        body = f"{message}\n\n{TRAILERS[one.trailer]}" if one.trailer else message
        self.lines += 1
        rows = tuple(f"line {self.lines} {n}\n" for n in range(one.lines))
        return self.git.commit(
            body, grown(tree, (one.path, rows)), *parents, author=who(one.author),
            committer=who(committer or one.author), at=at or self.now,
        )  # fmt: skip

    def _branch(self, commits: tuple[Commit, ...], name: str) -> Branch:
        tip, own = self.main, []
        for count, one in enumerate(commits):
            self.now += 60
            tip = self._commit(one, f"{name} part {count}", tip.tree, tip.sha)
            own.append(tip)
        return Branch(tip, own)

    def _brought(self, branch: list[Made], onto: Tree) -> Tree:
        for one in branch:
            before = self.git.commits[one.parents[0]].tree
            for path in one.files:
                onto = grown(onto, (path, one.tree[path][len(before.get(path, ())) :]))
        return onto

    # Letters

    def _send(self, event: str, payload: dict[str, Any]) -> None:
        repository = {
            "id": 4711, "full_name": "acme/till", "name": "till", "clone_url": ADDRESS,
            "html_url": ADDRESS.removesuffix(".git"), "default_branch": "main",
        }  # fmt: skip
        self.letters.append((event, payload | {"repository": repository}))

    def _listed(self, one: Made) -> dict[str, Any]:
        def account(text: str) -> dict[str, str]:
            name, email = text.removesuffix(">").split(" <")
            login = next((known[2] for known in PEOPLE.values() if known[1] == email), "")
            return {"name": name, "email": email, "username": login}

        is_merge = len(one.parents) > 1
        return {
            "id": one.sha, "message": one.message, "timestamp": moment(one.at), "url": "", "distinct": True,
            "author": account(one.author), "committer": account(one.committer), "added": [], "removed": [],
            "modified": [] if is_merge else list(one.files),
        }  # fmt: skip

    def _push(self, commits: list[Made], *, before: str, ref: str = "refs/heads/main") -> None:
        payload = {
            "ref": ref, "before": before, "after": commits[-1].sha, "deleted": False, "forced": False,
            "created": not before.strip("0"), "commits": [self._listed(one) for one in commits],
        }  # fmt: skip
        self._send("push", payload)

    def _tell(self, action: str, said: dict[str, Any], **more: Any) -> None:
        self.now += 1
        told = {"updated_at": moment(self.now)}
        self._send(
            "pull_request", {"action": action, "number": said["number"], "pull_request": said | more | told}
        )

    def _open(self, request: Request, branch: Branch, title: str, text: str) -> dict[str, Any]:
        """Its life until it lands: the letters, and what they said last."""
        number = self.number
        name = "dependabot" if request.by_bot else request.commits[0].author
        _, _, login, account, kind = PEOPLE[name]
        first = branch.own[0]
        said: dict[str, Any] = {
            "number": number, "title": title, "body": text, "draft": False, "labels": [],
            "html_url": f"https://github.com/acme/till/pull/{number}", "base": {"ref": "main"},
            "user": {"login": login, "id": account, "type": kind}, "state": "open", "merged": False,
            "head": {"ref": "patch-1" if request.same_branch_name else f"topic-{number}", "sha": first.sha},
            "additions": first.lines, "deletions": 0, "changed_files": 1, "commits": 1, "merged_at": None,
            "closed_at": None, "merge_commit_sha": "f" * 40, "created_at": moment(self.now),
        }  # fmt: skip
        if request.is_retitled:
            self._tell("opened", said, title="Draft of something")
            self._tell("edited", said)
        else:
            self._tell("opened", said)
        if request.is_forced:
            self._tell("synchronize", said, head=said["head"] | {"sha": f"{number:040x}"}, additions=7)
        said |= {
            "head": said["head"] | {"sha": branch.head.sha}, "commits": len(branch.own),
            "additions": sum(one.lines for one in branch.own), "labels": [{"name": "till"}],
            "changed_files": len({path for one in branch.own for path in one.files}),
        }  # fmt: skip
        self._tell("synchronize", said)
        if request.is_reopened:
            self._tell("closed", said, state="closed", closed_at=moment(self.now))
            self._tell("reopened", said)
        return said

    def _close(self, said: dict[str, Any], merge: Made) -> None:
        self.now += 1
        at = moment(self.now)
        self._tell("closed", said, state="closed", merged=True, merged_at=at, closed_at=at,
                   merge_commit_sha=merge.sha)  # fmt: skip

    # What a team does

    def build(self, plan: Plan) -> World:
        for step in plan.steps:
            self.now += HOUR
            if isinstance(step, Queue):
                self._queue(step)
            elif isinstance(step, Direct):
                self._direct(step)
            elif isinstance(step, Dropped):
                self._drop(step)
            else:
                self._request(step)
            self.stops.append(self.main.sha)
        return self

    def _target(self, index: int | None) -> Expected | None:
        """What may be undone: landed, once, and no revert itself."""
        fit = [one for one in self.expected if one.landed and not one.is_undoing and one.undone_at is None]
        return fit[index % len(fit)] if index is not None and fit else None

    def _named(self, index: int | None) -> str:
        landed = [one for one in self.expected if one.landed]
        return landed[index % len(landed)].landed[-1] if index is not None else ""

    def _direct(self, step: Direct) -> None:
        before, made = self.main.sha, []
        target = self._target(step.undoes)
        for count, one in enumerate(step.commits):
            self.now += 90
            subject = f"Direct {self.now}" + (f" (#{step.issue})" if step.issue else "")
            is_undoing = count == 0 and target is not None
            if target is not None and is_undoing:
                subject = f'Revert "{target.title}"\n\nThis reverts commit {target.landed[-1]}.'
                target.undone_at = self.now
            elif step.fixes is not None:
                subject += f'\n\nFixes: {self._named(step.fixes)[:12]} ("Something")'
            self.main = self._commit(one, subject, self.main.tree, self.main.sha)
            made.append(self.main)
            title = subject.split("\n")[0].removesuffix(f" (#{step.issue})")
            self._expect_direct(title, one, is_undoing=is_undoing)
        self._push(made, before=before)

    def _expect_direct(self, title: str, one: Commit, *, is_undoing: bool = False) -> None:
        self.expected.append(
            Expected(title, "shipped", (self.main.sha,), lines=_counted(one),
                     is_assisted=_is_assisted(one), is_undoing=is_undoing)
        )  # fmt: skip

    def _drop(self, step: Dropped) -> None:
        self.number += 1
        request = Request(step.commits)
        title = f"Request {self.number}"
        said = self._open(request, self._branch(step.commits, title), title, "")
        self._tell("closed", said, state="closed", closed_at=moment(self.now + 1))
        self.expected.append(Expected(title, "dropped", (), str(self.number)))

    def _request(self, request: Request) -> None:
        self.number += 1
        number, title, text = self.number, f"Request {self.number}", ""
        target = self._target(request.undoes)
        if target is not None:
            title = f'Revert "{target.title}"'
            text = (
                f"Reverts acme/till#{target.number}"
                if target.number
                else f"This reverts commit {target.landed[-1]}."
            )
        if request.fixes is not None:
            text += f"\n\nFixes: {self._named(request.fixes)}"
        branch = self._branch(request.commits, title if target is None else f"Undo {number}")
        said = self._open(request, branch, title, text)
        before, self.now = self.main.sha, self.now + 600
        listed, landed = self._land(request, branch, number, title)
        self._push(listed, before=before)
        self._close(said, landed[-1])
        if target is not None:
            target.undone_at = self.now - 1
        self._expect(request, number, title, landed, is_undoing=target is not None)

    def _expect(
        self, request: Request, number: int, title: str, landed: list[Made], *, is_undoing: bool = False
    ) -> None:
        assisted = any(_is_assisted(one) for one in request.commits)
        self.expected.append(
            Expected(title, "shipped", tuple(one.sha for one in landed), str(number),
                     sum(_counted(one) for one in request.commits), assisted, None, is_undoing)
        )  # fmt: skip

    def _land(
        self, request: Request, branch: Branch, number: int, title: str
    ) -> tuple[list[Made], list[Made]]:
        """What the push lists, and the commits that the request landed as."""
        if request.method == Method.SQUASH:
            landed = [self._squash(request, branch, number, title)]
            return landed, landed
        if request.method == Method.REBASE:
            landed = self._rebase(request, branch)
            return landed, landed
        stray = self._stray(request) if request.method == Method.LOCAL and request.stray else None
        subject = {
            Words.DEFAULT: f"Merge pull request #{number} from ada-example/topic-{number}\n\n{title}",
            Words.TITLE: f"{title} (#{number})",
            Words.EDITED: f"Bring in {number}",
        }[request.words]
        by = "forge" if request.method == Method.MERGE else "ada"
        self.main = self.git.commit(
            subject, self._brought(branch.own, self.main.tree), self.main.sha, branch.head.sha,
            author=who("ada"), committer=who(by), at=self.now,
        )  # fmt: skip
        return [*branch.own, *([stray] if stray else []), self.main], [self.main]

    def _stray(self, request: Request) -> Made:
        assert request.stray
        title = f"Direct {self.now}"
        self.main = self._commit(request.stray, title, self.main.tree, self.main.sha)
        self._expect_direct(title, request.stray)
        self.now += 30
        return self.main

    def _squash(self, request: Request, branch: Branch, number: int, title: str) -> Made:
        subject = f"Squashed {number}" if request.words == Words.EDITED else f"{title} (#{number})"
        body = "\n\n".join(f"* {one.message}" for one in branch.own)
        authors = (
            [f"Co-authored-by: {who('claude')}"] if any(c.author == "claude" for c in request.commits) else []
        )
        trailers = [TRAILERS[one.trailer] for one in request.commits if one.trailer] + authors
        author = "dependabot" if request.by_bot else "ada"
        self.main = self.git.commit(
            "\n\n".join(filter(None, (subject, body, "\n".join(dict.fromkeys(trailers))))),
            self._brought(branch.own, self.main.tree), self.main.sha, author=who(author),
            committer=who("forge"), at=self.now,
        )  # fmt: skip
        return self.main

    def _rebase(self, request: Request, branch: Branch) -> list[Made]:
        """The same commits again, all committed in one second, with new names."""
        landed = []
        for one in branch.own:
            self.main = self.git.commit(
                one.message, self._brought([one], self.main.tree), self.main.sha, author=one.author,
                committer=who("grace"), at=self.now,
            )  # fmt: skip
            landed.append(self.main)
        return landed

    def _queue(self, step: Queue) -> None:
        """The queue tries each on a branch of its own; then all land in one push."""
        before, listed, closing = self.main.sha, [], []
        for one in step.requests:
            self.number += 1
            request = replace(one, method=step.method)
            title = f"Request {self.number}"
            branch = self._branch(request.commits, title)
            closing.append((self.number, request, title, branch, self._open(request, branch, title, "")))
        self.now += 600
        landings = []
        for number, request, title, branch, said in closing:
            self.now += 20
            commits, landed = self._land(request, branch, number, title)
            self._push(
                [landed[-1]], before=before, ref=f"refs/heads/gh-readonly-queue/main/pr-{number}-{before}"
            )
            listed += commits
            landings.append((number, request, title, said, landed))
        self._push(listed, before=before)
        for number, request, title, said, landed in landings:
            self._close(said, landed[-1])
            self._expect(request, number, title, landed)


def _counted(one: Commit) -> int:
    return 0 if one.path == "uv.lock" else one.lines


def _is_assisted(one: Commit) -> bool:
    return one.author == "claude" or bool(one.trailer)
