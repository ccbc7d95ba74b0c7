# ruff: noqa: E501  prose reads better whole
"""Changes as people there make them: when, how large, what about, and what was said of AI's hand in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from analytics.demo import words
from analytics.demo.cast import DAYS, PARTS, Part

TOOLS = {
    # tool: (its trailer, its author identity as name and address)
    "claude-code": ("Co-authored-by: Claude <noreply@anthropic.com>", ("Claude", "noreply@anthropic.com")),
    "copilot-cli": (
        "Co-authored-by: Copilot <223556219+Copilot@users.noreply.github.com>",
        ("Copilot", "223556219+Copilot@users.noreply.github.com"),
    ),
    "cursor": ("Co-authored-by: Cursor <cursoragent@cursor.com>", ("Cursor Agent", "cursoragent@cursor.com")),
    "codex": ("Co-authored-by: Codex <noreply@openai.com>", ("Codex", "noreply@openai.com")),
    "devin": (
        "Co-authored-by: Devin <158243242+devin-ai-integration[bot]@users.noreply.github.com>",
        ("devin-ai-integration[bot]", "158243242+devin-ai-integration[bot]@users.noreply.github.com"),
    ),
}
TOOL_SHARES = [38, 24, 18, 12, 8]
BOT = ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")
AI_SHARE = (0.38, 0.72)  # of the changes of which something was said: at the beginning and at the end


@dataclass
class Word:
    """What a person said of a change: of its origin, or of one kind of help."""

    prompt: str
    at: datetime
    origin: str = ""
    kind: str = ""
    is_dismissal: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review; `person` is one of the team's, counted from 0, the first two of whom are seniors."""

    at: datetime
    state: str
    person: int
    sha: str
    comments: int
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on a change."""

    at: datetime
    person: int
    is_inline: bool = True
    is_meaningful: bool = True
    is_bot: bool = False
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of the tests of a commit."""

    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    conclusion: str
    sha: str
    attempt: int = 1


@dataclass(eq=False)
class Work:
    part: Part
    title: str
    opened_at: datetime
    merged_at: datetime | None
    body: str = ""
    state: str = "merged"
    type: str = "code"
    closed_at: datetime | None = None
    shipped_at: datetime | None = None
    additions: int = 0
    deletions: int = 0
    size_known: bool = True
    paths: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    author: tuple[str, str] | None = None
    said: list[Word] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    # What AI truly helped with, whether anybody said so or not; empty for manual work.
    helped: list[str] = field(default_factory=list)
    was_suspected: bool = False
    is_bot: bool = False
    is_urgent: bool = False  # a revert or a hotfix: has a roll-out of its own
    number: int = 0
    shas: tuple[str, str] = ("", "")
    reverts: Work | None = None
    first_incident_at: datetime | None = None
    undone_at: datetime | None = None
    undone_by: Work | None = None
    is_draft: bool = False
    ready_at: datetime | None = None
    first_commit_at: datetime | None = None
    reviews: list[Opinion] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    exception: str = ""  # why it is right to be so large
    care: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.additions + self.deletions

    @property
    def failed_at(self) -> datetime | None:
        return min((at for at in (self.first_incident_at, self.undone_at) if at), default=None)


def draft(random: Random, as_of: datetime, count: int) -> list[Work]:
    """`count` changes over the whole time, before anything is shipped or fails."""
    found = []
    titles = words.Titles(random)
    for part in PARTS:
        for _ in range(round(count * part.share)):
            found.append(_one(random, as_of, part, titles))
    return sorted(found, key=lambda work: work.opened_at)


def _one(random: Random, as_of: datetime, part: Part, titles: words.Titles) -> Work:
    opened = working_time(random, as_of)
    if random.random() < 0.06:
        return _by_bot(random, as_of, part, opened)
    progress = 1 - (as_of - opened) / timedelta(days=DAYS)
    is_assisted = random.random() < AI_SHARE[0] + (AI_SHARE[1] - AI_SHARE[0]) * progress
    kinds = _kinds(random, part) if is_assisted else []
    about = kinds[0] if kinds else words.ordinary_kind(random, part.area)
    work = Work(part, titles.draw(part.area, about), opened, None)
    work.body = words.fill(random, random.choice(words.BODIES), part.area)
    _measure(random, work, about)
    _land(random, as_of, work)
    _say(random, work, kinds if is_assisted else None)
    work.helped = kinds
    return work


def working_time(random: Random, as_of: datetime) -> datetime:
    """More of it lately, little at weekends, most of it between nine and five."""
    while True:
        day = as_of - timedelta(days=1 + int(DAYS * random.random() ** 1.15))
        if day.weekday() < 5 or random.random() < 0.06:
            break
    hour = min(max(random.gauss(13, 2.6), 6.5), 21)
    return day + timedelta(minutes=int(hour * 60), seconds=random.randrange(60))


def _kinds(random: Random, part: Part) -> list[str]:
    names, weights = list(part.kinds), list(part.kinds.values())
    first = random.choices(names, weights)[0]
    more = [random.choices(names, weights)[0]] if random.random() < 0.06 else []
    return list(dict.fromkeys([first, *more]))


def _measure(random: Random, work: Work, about: str | None) -> None:
    lines = max(1, int(random.lognormvariate(3.95, 1.1)))
    work.deletions = int(lines * random.uniform(0.05, 0.45))
    work.additions = lines - work.deletions
    work.size_known = random.random() > 0.04
    work.paths = words.paths(random, work.part.area, about, 1 + min(7, lines // 40))
    if work.part.slug == "checkout-web" and random.random() < 0.1:
        work.paths += words.paths(random, "catalogue", about, 1)
    drawn = random.random()
    if about == "configuration" and drawn < 0.12:
        work.type, work.paths = "configuration", [f"deploy/{work.part.slug}/values.yaml"]
    elif work.part.area == "platform" and drawn < 0.1:
        work.type, work.paths = "infrastructure", ["deploy/cluster/main.tf"]
    elif about == "migration" and drawn < 0.3:
        work.type = "data"
    elif drawn > 0.98:
        work.type = "flag"


def _land(random: Random, as_of: datetime, work: Work) -> None:
    """Merged after a while, or dropped, or still open where it is young."""
    merged = work.opened_at + timedelta(minutes=25 + random.expovariate(1 / 900))
    if random.random() < 0.035:
        work.state, work.closed_at = "dropped", min(merged, as_of - timedelta(minutes=30))
        return
    if merged > as_of - timedelta(hours=1) or random.random() < _still_open(as_of - work.opened_at):
        work.state = "open"
        return
    work.merged_at = work.closed_at = merged
    _pass_over(random)


def _still_open(age: timedelta) -> float:
    return max(0.0, 0.5 - age / timedelta(days=16))


def _pass_over(random: Random) -> None:
    """Reviews were drawn here once and have a plot of their own now; the rest of this one stays as it was."""
    for _ in range(4 * random.choices([0, 1, 2, 3], [8, 62, 24, 6])[0]):
        random.random()


def _say(random: Random, work: Work, kinds: list[str] | None) -> None:
    """What was said of its origin, and how; `kinds` is None for hand-written work."""
    if random.random() < work.part.unknown:
        return
    at = work.merged_at or work.opened_at
    if kinds is None:
        _say_manual(random, work, at)
        return
    _mark(random, work, at)
    if random.random() < 0.16:
        return
    prompt, later = random.choices([("at_change", 0.0), ("queue", 4.0), ("sample", 12.0)], [60, 32, 8])[0]
    work.kinds = kinds
    said_at = at + timedelta(days=random.expovariate(1 / later)) if later else at
    work.said += [Word(prompt, said_at, kind=kind) for kind in kinds]


def _say_manual(random: Random, work: Work, at: datetime) -> None:
    drawn = random.random()
    if drawn < 0.62:
        work.body += "\n\n- [x] No AI was used"
    elif drawn < 0.9:
        work.said.append(Word("queue", at + timedelta(days=random.expovariate(1 / 4)), origin="manual"))
    else:
        work.said.append(Word("sample", at + timedelta(days=random.expovariate(1 / 12)), origin="manual"))


def _mark(random: Random, work: Work, at: datetime) -> None:
    tool = random.choices(list(TOOLS), TOOL_SHARES)[0]
    trailer, identity = TOOLS[tool]
    drawn = random.random()
    if drawn < 0.12:
        work.author = identity
    elif drawn < 0.72:
        work.body += f"\n\n{trailer}"
    elif drawn < 0.84:
        work.body += "\n\n- [x] AI was used"
    elif drawn < 0.9:
        work.labels.append("ai-assisted")
    else:
        said_at = at + timedelta(days=random.expovariate(1 / 4))
        work.said.append(Word("queue", said_at, origin="assisted"))


def _by_bot(random: Random, as_of: datetime, part: Part, opened: datetime) -> Work:
    library = random.choice(words.LIBRARIES)
    old = random.randint(0, 20)
    title = f"Bump {library} from 2.{old}.{random.randint(0, 5)} to 2.{old + 1}.0"
    work = Work(part, title, opened, None, author=BOT, is_bot=True, labels=["dependencies"])
    work.additions = work.deletions = random.randint(1, 6)
    work.paths = ["go.sum" if part.area == "identity" else "package-lock.json"]
    _land(random, as_of, work)
    return work
