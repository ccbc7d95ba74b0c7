"""Holds our functions against a file of reference cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import inf, isinf
from pathlib import Path
from typing import Any

from analytics import stats

# Functions that answer with one bare value: the name that the case files give it.
NAMES = {
    "evidence": "evidence",
    "cell_evidence": "evidence",
    "evidence_expectation": "expectation",
    "e_benjamini_hochberg": "selected",
    "hidden_cells": "hidden",
    "noticeable_ratio": "ratio",
    "cell_state": "state",
}
DATES = {"as_of", "deployed", "started", "date"}


@dataclass(frozen=True)
class Verdict:
    case: str
    required: bool
    # None: the case asks for an alternative method that we do not have.
    passed: bool | None
    detail: str = ""


def audit(path: Path) -> Iterator[Verdict]:
    """One verdict for each case of the file.

    Raises: ValueError when the file is not a file of cases.
    """
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise ValueError(f"{path} holds no list of cases")
    for case in content["cases"]:
        if not isinstance(case, dict) or not {"id", "function", "inputs", "expected"} <= case.keys():
            raise ValueError(f"a case has an id, a function, inputs and what is expected: {str(case)[:80]}")
    return (_judge(case) for case in content["cases"])


def _judge(case: dict[str, Any]) -> Verdict:
    name, required = case["id"], bool(case.get("required", True))
    function = getattr(stats, case["function"], None) if case["function"] in stats.__all__ else None
    if function is None:
        return Verdict(name, required, False if required else None, f"no function {case['function']}")
    got = _plain(case["function"], function(**_read(case["inputs"])))
    tolerance = case.get("tolerance", {})
    wrong = [
        f"{key}: expected {expected!r}, got {got.get(key)!r}"
        for key, expected in case["expected"].items()
        if key not in got or not _agrees(expected, got[key], tolerance)
    ]
    return Verdict(name, required, not wrong, "; ".join(wrong))


def _read(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _read(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    if isinstance(value, str) and key in DATES:
        return date.fromisoformat(value)
    return inf if value == "inf" else value


def _plain(function: str, result: Any) -> dict[str, Any]:
    if function in NAMES:
        return {NAMES[function]: result}
    return dict(result) if isinstance(result, dict) else dict(result._asdict())


def _agrees(expected: Any, got: Any, tolerance: dict[str, float]) -> bool:
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(
            k in got and _agrees(v, got[k], tolerance) for k, v in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) == len(got) and all(
            _agrees(a, b, tolerance) for a, b in zip(expected, got, strict=True)
        )
    if expected == "inf":
        return isinstance(got, float) and isinf(got)
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return bool(expected == got)
    if not isinstance(got, int | float):
        return False
    return abs(got - expected) <= tolerance.get("abs", 0) + tolerance.get("rel", 0) * abs(expected)
