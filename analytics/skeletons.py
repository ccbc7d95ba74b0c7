"""Test scenarios as files to begin a test with: a pytest module, step functions, Markdown. Pure.

What is not written yet is skipped, never passed: a skeleton must not make a lesson look covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from analytics.feature_files import INDENT, Written, parts, steps

LONGEST_NAME = 70
PARTS = (("Given", "given"), ("When", "when"), ("Then", "then"))


def written_steps(scenario: Written) -> Iterator[str]:
    """Its lines as in a feature file, indented as there."""
    for keyword, part in PARTS:
        yield from steps(keyword, getattr(scenario, part))


def pytest_module(scenarios: Sequence[Written]) -> str:
    """One function a scenario, tied to it by its mark."""
    lines = [
        '"""Test scenarios from incidents. Fill one in and take its skip away."""',
        "",
        "import pytest",
    ]
    for scenario in scenarios:
        name = f"TS-{scenario.number}"
        lines += [
            "",
            "",
            f'@pytest.mark.scenario("{name}")',
            f"def {function_name(scenario)}() -> None:",
            *(f"    # {_one_line(note)}" for note in scenario.notes),
            *(f"    # {_one_line(line)}" for line in written_steps(scenario)),
            f'    pytest.skip("{name} is not written yet")',
        ]
    return "\n".join(lines) + "\n"


def function_name(scenario: Written) -> str:
    plain = unicodedata.normalize("NFKD", scenario.title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    name = "_".join(["test", "ts", str(scenario.number), *words])
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME].rsplit("_", 1)[0]


def bdd_steps(scenarios: Sequence[Written], feature_file: str) -> str:
    """A step function for each different step, for pytest-bdd; `feature_file` lies beside it."""
    lines = [
        f'"""Steps of {feature_file}. Fill them in and take the skips away."""',
        "",
        "import pytest",
        "from pytest_bdd import given, scenarios, then, when",
        "",
        f'scenarios("{feature_file}")',
    ]
    for number, (keyword, words) in enumerate(_different_steps(scenarios), 1):
        lines += [
            "",
            "",
            f"@{keyword}({_quoted(words)})",
            f"def {_step_name(keyword, words, number)}() -> None:",
            '    pytest.skip("This step is not written yet")',
        ]
    return "\n".join(lines) + "\n"


def _different_steps(scenarios: Iterable[Written]) -> list[tuple[str, str]]:
    """Keyword and words; And and But stand for the keyword before them."""
    found: dict[tuple[str, str], None] = {}
    for scenario in scenarios:
        for keyword, part in PARTS:
            for line in steps(keyword, getattr(scenario, part)):
                word, words = parts(line)
                if word and words:
                    found[keyword.lower(), words] = None
    return list(found)


def _step_name(keyword: str, words: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = "_".join([keyword, *re.findall(r"[a-z0-9]+", plain)][:8])
    return f"{name[:LONGEST_NAME]}_{number}"


def _quoted(text: str) -> str:
    # Null bytes end a source file; no other character does.
    return '"' + text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"') + '"'


def markdown(scenarios: Sequence[Written]) -> str:
    """For a wiki or a pull request: a heading, the steps as a list, where the lesson came from."""
    lines = ["# Test scenarios", ""]
    for scenario in scenarios:
        lines += [f"## TS-{scenario.number}: {_plain(scenario.title)}", ""]
        about = [part for part in (scenario.area, ", ".join(scenario.kind_slugs)) if part]
        lines += [f"*{' · '.join(_plain(part) for part in about)}*", ""] if about else []
        lines += [*_listed_steps(scenario), ""]
        lines += [f"> {_plain(note)}" for note in scenario.notes]
        lines += [""] if scenario.notes else []
    return "\n".join(lines).rstrip() + "\n"


def _listed_steps(scenario: Written) -> Iterator[str]:
    """Tables and quoted text stand as a block under their step."""
    block: list[str] = []
    for line in written_steps(scenario):
        word, words = parts(line)
        if not word:
            block.append(line.removeprefix(INDENT))
            continue
        yield from _fenced(block)
        block = []
        yield f"- **{word}** {_plain(words)}"
    yield from _fenced(block)


def _fenced(block: Sequence[str]) -> Iterator[str]:
    if block:
        # Longer than any fence within.
        fence = "`" * (2 + max([1, *(len(run) for line in block for run in re.findall("`+", line))]))
        yield f"  {fence}"
        yield from (f"  {line.strip()}" for line in block)
        yield f"  {fence}"


def _plain(text: str) -> str:
    """Words that Markdown must not read as more than words."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())
