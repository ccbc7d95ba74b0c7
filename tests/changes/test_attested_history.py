"""A real history with git-ai notes, read without them: no attested AI commit of it counts as manual."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from changes import gitnotes, origin
from changes.attestation import Attestation, parse_note
from changes.gitlog import Clone
from changes.services.rules import current_rules
from changes.services.weighing import find_evidence
from changes.wiring import landed_change

pytestmark = pytest.mark.django_db
WHERE = os.environ.get("GIT_AI_CLONE", "")


def attested_by_ai(clone: Clone) -> dict[str, Attestation]:
    """The notes on plain commits of the history that name AI lines."""
    plain = {sha for sha, parents in clone.parents("HEAD") if len(parents) < 2}
    by_blob: dict[str, list[str]] = defaultdict(list)
    for sha, blob in gitnotes.noted(clone, gitnotes.notes_tip(clone)).items():
        if sha in plain:
            by_blob[blob].append(sha)
    found = {}
    for blob, text in gitnotes.texts(clone, list(by_blob)):
        assert text is not None
        found.update(dict.fromkeys(by_blob[blob], parse_note(text)))
    return {sha: one for sha, one in found.items() if one.names_ai}


@pytest.mark.skipif(
    not WHERE, reason="GIT_AI_CLONE is unset: a real history with git-ai notes is NOT tested in this run"
)
def test_no_attested_ai_commit_of_a_real_history_is_manual_when_its_note_is_hidden() -> None:
    clone, rules = Clone(Path(WHERE)), current_rules()
    attested = attested_by_ai(clone)
    assert attested, "no commit there has a note with AI lines"
    verdicts: Counter[str] = Counter()
    for one in clone.commits(sorted(attested)):
        evidence = find_evidence(landed_change(one.commit, is_merge=False), rules)
        verdicts[origin.weigh(evidence).origin] += 1
    assert verdicts.total() == len(attested)
    assert verdicts[origin.MANUAL] == 0, verdicts
