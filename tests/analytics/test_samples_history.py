"""A history whose git-ai notes are hidden: the sampled estimate covers what they attest."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone

from analytics.queries.samples import Scope, drawn_of, known_of
from analytics.services import samples
from analytics.stats.sampling import AI, NO_AI, Answers, Known, answers, estimate
from changes import gitnotes, origin
from changes.attestation import parse_note
from changes.gitlog import Clone
from changes.models import Change, ChangeIdentity
from changes.services.rules import current_rules
from changes.services.weighing import find_evidence
from changes.wiring import landed_change
from tests.changes.clones import Repo, run
from tests.changes.test_attestation import LEGACY, PEOPLE, SESSION, note
from tests.changes.test_attested_history import attested_by_ai

pytestmark = pytest.mark.django_db
WHERE = os.environ.get("GIT_AI_CLONE", "")
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
SESSION_KEY, PERSON_KEY = "s_c9883b05a2487d::t_9f8e7d6c5b4a32", "h_31dce776f88375"
DRAWS, DRAWN, MARKED = 100, 30, 20
SCOPE = Scope(date(2023, 1, 1), date(2026, 12, 31), demo=False)


def attested_history(path: Path) -> tuple[Repo, set[str]]:
    """90 commits: notes attest AI lines in 40 of them, of which 20 carry a trailer; 15 notes name people."""
    repo = Repo(path)
    attested, notes = set(), []
    for number in range(90):
        is_ai, by_people = number % 9 < 4, number % 6 == 5
        marked = is_ai and number % 3 == 0
        trailer = f"\n\n{CLAUDE}" if marked else ""
        sha = repo.commit(f"Step {number}{trailer}", f"till/part{number}.py", lines=4)
        if is_ai:
            attested.add(sha)
            notes.append((sha, f"till/part{number}.py\n  {SESSION_KEY} 1-4\n"))
        elif by_people:
            notes.append((sha, f"till/part{number}.py\n  {PERSON_KEY} 1-4\n"))
    for sha, lines in notes:
        text = note(lines, prompts=LEGACY, sessions=SESSION, humans=PEOPLE)
        repo.git("notes", "--ref=ai", "add", "-f", "-m", text, sha)
    return repo, attested


def test_interval_covers_the_attested_share_when_the_notes_are_hidden(tmp_path: Path) -> None:
    repo, attested = attested_history(tmp_path / "till")
    assert set(attested_by_ai(Clone(repo.path))) == attested
    # Hidden: what the import reads has no notes, as after a squash that lost them.
    tip = repo.git("rev-parse", "refs/notes/ai")
    repo.git("update-ref", "-d", "refs/notes/ai")
    run(repo.path)
    repo.git("update-ref", "refs/notes/ai", tip)
    assert not Change.objects.filter(attested__isnull=False).exists()
    truth = set(
        ChangeIdentity.objects.filter(value__in=attested).values_list("change_id", flat=True).distinct()
    )
    hits: Counter[str] = Counter()
    for seed in range(DRAWS):
        sample = samples.draw(scope=SCOPE, size=DRAWN, by=None, now=timezone.now(), seed=seed)
        found = estimate(
            known_of(sample),
            answers(AI if one.change_id in truth else NO_AI for one in drawn_of(sample)),
        )
        marked = sample.known["marked"]
        assert marked == MARKED, "the trailers are all that tells of AI here"
        hits["share"] += found.assisted.low <= len(truth) <= found.assisted.high
        hits["recall"] += found.recall.low <= marked / len(truth) <= found.recall.high
        hits["wide"] += found.assisted_share.high - found.assisted_share.low > 0.5
    assert hits["share"] >= 90
    assert hits["recall"] >= 90
    assert hits["wide"] == 0, "an interval that says nothing would cover anything"


@pytest.mark.skipif(
    not WHERE, reason="GIT_AI_CLONE is unset: the estimate is NOT tried on a real history in this run"
)
def test_interval_covers_the_attested_share_of_a_real_history_when_its_notes_are_hidden() -> None:
    known, untold, attested = _real(Clone(Path(WHERE)))
    truth = sum(sha in attested for sha in untold)
    whole = known.assisted + truth
    assert known.marked, "no commit there carries a marker"
    assert truth, "no attested commit there is without a marker"
    hits: Counter[str] = Counter()
    for seed in range(DRAWS):
        lots = random.Random(seed).sample(untold, 60)
        found = estimate(known, answers(AI if sha in attested else NO_AI for sha in lots))
        assert isinstance(found.answers, Answers)
        hits["share"] += found.assisted.low <= whole <= found.assisted.high
        hits["recall"] += found.recall.low <= known.marked / whole <= found.recall.high
    assert hits["share"] >= 90
    assert hits["recall"] >= 90


def _real(clone: Clone) -> tuple[Known, list[str], set[str]]:
    """The plain commits of HEAD that have a readable note, by what else tells of them."""
    attested, rules = set(attested_by_ai(clone)), current_rules()
    plain = {sha for sha, parents in clone.parents("HEAD") if len(parents) < 2}
    blobs = {
        sha: blob for sha, blob in gitnotes.noted(clone, gitnotes.notes_tip(clone)).items() if sha in plain
    }
    readable = {
        blob for blob, text in gitnotes.texts(clone, sorted(set(blobs.values()))) if text and parse_note(text)
    }
    noted = sorted(sha for sha, blob in blobs.items() if blob in readable)
    told: Counter[str] = Counter()
    untold = []
    for one in clone.commits(noted):
        evidence = find_evidence(landed_change(one.commit, is_merge=False), rules)
        verdict = origin.weigh(evidence)
        automation = any(piece.is_automation for piece in evidence)
        if verdict.origin in (origin.ASSISTED, origin.AUTONOMOUS):
            told["declared" if verdict.basis == "declaration" else "marked"] += 1
        elif verdict.origin == origin.MANUAL:
            told["manual"] += 1
        elif not automation:
            untold.append(one.commit.sha)
    known = Known(told["marked"], told["declared"], 0, told["manual"], len(untold))
    return known, sorted(untold), attested
