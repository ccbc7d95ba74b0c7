"""Our statistics against the reference cases, and properties that hold for any numbers."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats import (
    adjusted_rate_ratio,
    failure_sums,
    ratios_if_assisted,
    shrunken_rates,
    wilson_interval,
)
from analytics.stats.audit import Verdict, audit
from analytics.stats.shapes import Stratum

CASES = Path(__file__).parent.parent / "oracles" / "statistics.json"
VERDICTS = list(audit(CASES))


def test_every_required_case_is_there() -> None:
    assert sum(v.required for v in VERDICTS) >= 118


@pytest.mark.parametrize("verdict", [v for v in VERDICTS if v.required], ids=lambda v: v.case)
def test_required_case_passes(verdict: Verdict) -> None:
    assert verdict.passed, verdict.detail


def test_command_closes_with_its_counts() -> None:
    out = StringIO()
    call_command("audit_statistics", str(CASES), stdout=out)
    assert out.getvalue().splitlines()[-1] == "118 passed, 0 failed"


def test_command_fails_when_a_case_fails(tmp_path: Path) -> None:
    content = json.loads(CASES.read_text())
    case = next(c for c in content["cases"] if c["function"] == "wilson_interval")
    case["expected"]["low"] = 0.5
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"cases": [case]}))
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("audit_statistics", str(broken), stdout=out, stderr=err)
    assert exit_.value.code == 1
    assert out.getvalue().splitlines()[-1] == "0 passed, 1 failed"
    assert case["id"] in err.getvalue()


@pytest.mark.parametrize(
    "content", ['{"a":', "[]", '{"cases": [1]}', '{"cases": [{"id": "x"}]}', "[" * 100_000]
)
def test_command_says_why_when_a_file_holds_no_cases(content: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content)
    with pytest.raises(CommandError, match="Cannot read cases"):
        call_command("audit_statistics", str(file))


@given(n=st.integers(1, 10_000), share=st.floats(0, 1))
def test_interval_holds_the_rate_and_narrows_with_n(n: int, share: float) -> None:
    low, high = wilson_interval(n * share, n)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    wide = wilson_interval(n * share, n)
    narrow = wilson_interval(4 * n * share, 4 * n)
    assert narrow.high - narrow.low <= wide.high - wide.low + 1e-12


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0.1, 3)), min_size=1, max_size=6))
def test_one_incident_is_one_failure_when_several_changes_share_it(links: list[tuple[int, float]]) -> None:
    changes = [{"id": str(i), "kind": "k", "area": "a"} for i in range(6)]
    incident = {
        "id": "i",
        "links": [{"change": str(c), "weight": w, "confidence": "confirmed"} for c, w in links],
    }
    assert failure_sums(changes, [incident])["k|a"]["x"] == pytest.approx(1)  # type: ignore[arg-type,list-item]


def test_smoothed_rates_lie_between_the_cell_and_its_area() -> None:
    matrix = {
        "payments": {
            "manual": {"failures": 9.0, "changes": 100},
            "generation": {"failures": 0.0, "changes": 5},
        },
        "search": {
            "manual": {"failures": 1.0, "changes": 50},
            "generation": {"failures": 3.0, "changes": 12},
        },
    }
    shrunken = shrunken_rates(matrix)  # type: ignore[arg-type]
    for area, row in shrunken.cells.items():
        for kind, smoothed in row.items():
            raw = matrix[area][kind]["failures"] / matrix[area][kind]["changes"]
            low, high = sorted([raw, shrunken.area_rate[area]])
            assert low <= smoothed <= high


counts = st.tuples(st.integers(0, 40), st.sampled_from((0, 0.25, 0.5, 1)))


@given(st.lists(st.tuples(counts, counts, counts), max_size=6), st.sampled_from((0.1, 0.25, 0.5)))
def test_moving_a_share_of_the_unknown_gives_the_ratio_of_the_moved(
    drawn: list[tuple[tuple[int, float], ...]], share: float
) -> None:
    """Each stratum: changes and the share that failed, of the kind, of manual and of unknown ones."""
    lines, moved = [], []
    for (n1, p1), (n0, p0), (n, p) in drawn:
        if n0 + n:
            lines.append((n1, n1 * p1, n0 + n, n0 * p0 + n * p, n, n * p))
        moved.append(
            Stratum(
                failures_ai=n1 * p1 + share * n * p,
                changes_ai=n1 + share * n,  # type: ignore[typeddict-item]
                failures_manual=n0 * p0 + n * p - share * n * p,
                changes_manual=n0 + n - share * n,  # type: ignore[typeddict-item]
            )
        )
    [found], expected = ratios_if_assisted(lines, [share]), adjusted_rate_ratio(moved).ratio
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-9))
