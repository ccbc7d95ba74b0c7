"""A reading of notes that stops anywhere and is run again ends like one that did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from changes.models import AttestedLines, Change, HistoryRun, Repository
from changes.services import attested, attesting
from tests.changes.clones import Repo, picture, run
from tests.changes.test_attestation import note
from tests.changes.test_attestations import KNOWN, SESSION_KEY, annotate

pytestmark = pytest.mark.django_db


class Stopped(Exception):
    """What a test throws in."""


def rows() -> list[tuple[Any, ...]]:
    found = AttestedLines.objects.order_by("change__title", "path_class", "contributor")
    return list(found.values_list("change__title", "format", "path_class", "contributor", "model", "lines"))


@pytest.mark.parametrize("stopped_at", ["_save_lines", "_save_evidence", "reweigh"])
@pytest.mark.parametrize("call", [1, 2])
def test_the_rows_are_the_same_when_a_reading_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: str, call: int
) -> None:
    monkeypatch.setattr(attesting, "BATCH", 2)
    repo = Repo(tmp_path / "till")
    for number in range(4):
        sha = repo.commit(f"Sums {number}", f"app{number}.py", lines=4)
        annotate(repo, sha, note(f"app{number}.py\n  {SESSION_KEY} 1-3\n", **KNOWN))
    run(repo.path)
    expected = picture(), rows()
    assert {line[0] for line in rows()} == {f"Sums {number}" for number in range(4)}
    Change.objects.all().delete()
    Repository.objects.update(imported_to="", notes_read_to="")
    HistoryRun.objects.all().delete()
    real, calls = getattr(attested, stopped_at), []

    def failing(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            raise Stopped
        return real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(attested, stopped_at, failing)
        with pytest.raises(Stopped):
            run(repo.path)
    assert rows() != expected[1]
    run(repo.path)
    assert (picture(), rows()) == expected
