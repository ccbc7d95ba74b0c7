"""The plugin for pytest: marks and tags arrive in the JUnit XML, and from there at the scenario."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from changes.ci import junit_xml
from intake.packing import pieces

pytest_plugins = ["pytester"]
Run = Callable[..., pytest.RunResult]
PLUGIN = Path(__file__).parents[2] / "plugins" / "pytest-hindcast"
MARKED = """
import pytest

@pytest.mark.scenario("TS-7")
class TestTill:
    @pytest.mark.scenario("TS-42", "TS-7")
    @pytest.mark.parametrize("n", [1, 2])
    def test_rounds(self, n):
        assert n == 1

    def test_refunds(self):
        pytest.skip("not now")

def test_other():
    pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    pytester.syspathinsert(PLUGIN)

    def go(*options: str) -> pytest.RunResult:
        alone = (
            "--disable-plugin-autoload",
            "--strict-markers",
            "-p",
            "pytest_hindcast",
            "-p",
            "no:cacheprovider",
        )
        return pytester.runpytest_inprocess(*alone, *options)

    return go


def told(report: Path) -> dict[str, tuple[str, ...]]:
    cases = junit_xml.read(pieces(report.read_bytes()), junit_xml.Tally())
    return {f"{case.name.rpartition('::')[2]} {case.outcome}": case.scenarios for case in cases}


def test_marks_are_told_in_the_report(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_till=MARKED)
    result = run("--junit-xml=out.xml")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    assert told(pytester.path / "out.xml") == {
        "test_rounds[1] passed": ("TS-42", "TS-7"),
        "test_rounds[2] failed": ("TS-42", "TS-7"),
        "test_refunds skipped": ("TS-7",),
    }


def test_tags_of_pytest_bdd_are_told_in_the_report(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makefile(".feature", till="Feature: Till\n  @TS-42\n  Scenario: Rounds\n    Given a cart\n")
    pytester.makepyfile(
        test_till="from pytest_bdd import given, scenarios\n"
        'scenarios("till.feature")\n'
        '@given("a cart")\ndef cart(): pass\n'
    )
    result = run("-p", "pytest_bdd.plugin", "--junit-xml=out.xml")
    result.assert_outcomes(passed=1)
    assert told(pytester.path / "out.xml") == {"test_rounds passed": ("TS-42",)}


@pytest.mark.parametrize("tag", ["TS-0", "ts-42", "TS_42"])
def test_a_misspelt_tag_of_pytest_bdd_stops_the_collection(
    pytester: pytest.Pytester, run: Run, tag: str
) -> None:
    pytester.makefile(".feature", till=f"Feature: Till\n  @{tag}\n  Scenario: Rounds\n    Given a cart\n")
    pytester.makepyfile(test_till='from pytest_bdd import scenarios\nscenarios("till.feature")\n')
    result = run("-p", "pytest_bdd.plugin")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*'{tag}' is no test scenario*"])


@pytest.mark.parametrize("arguments", ['"TS-4x"', '"ts-42"', "42", '"TS-042"', "", 'name="TS-42"'])
def test_a_wrong_mark_stops_the_collection(pytester: pytest.Pytester, run: Run, arguments: str) -> None:
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.scenario({arguments})\ndef test_a(): raise SystemExit('it ran')\n"
    )
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*TS-42*"])


def test_scenarios_are_listed_and_nothing_runs(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_till=MARKED)
    result = run("--scenarios")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes()
    result.stdout.fnmatch_lines(
        ["TS-7 *::test_rounds[[]1]", "TS-7 *", "TS-7 *::test_refunds", "TS-42 *", "TS-42 *::test_rounds[[]2]"]
    )


def test_the_plugin_needs_nothing_of_this_project() -> None:
    text = (PLUGIN / "pytest_hindcast.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"__future__", "collections.abc", "re", "typing", "pytest"}
