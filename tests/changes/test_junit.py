"""Reports of test runs as their tools write them, and as attackers do."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changes.ci import junit_xml
from changes.ci.junit_xml import Tally, scenarios_in
from changes.facts import TestCaseFact
from intake.packing import pieces
from intake.sources import Unprocessable
from tests.intake.letters import PAYLOADS

OWN = PAYLOADS / "junit"
# passed, flaky, skipped, failed (errors among them), errors of suites
OF_SAMPLES = {
    "pytest": (6, 0, 2, 2, 0),
    "jest": (1, 0, 1, 4, 0),
    "surefire-flaky": (0, 1, 0, 0, 0),
    "testcase-properties": (1, 0, 0, 1, 0),
    "nested-testsuites": (2, 0, 0, 0, 1),
    "go-gotestsum": (42, 0, 5, 13, 0),
    "go-gotestsum-attributes": (1, 0, 0, 0, 0),
    "go-junit-report-subtests": (6, 0, 1, 4, 0),
}


def read(body: bytes) -> tuple[Tally, list[TestCaseFact]]:
    tally = Tally()
    return tally, list(junit_xml.read(pieces(body), tally))


def counted(body: bytes) -> tuple[int, ...]:
    return tuple(read(body)[0].counts().values())


def suite(inner: str, head: str = "") -> bytes:
    return f'{head}<testsuite name="s">{inner}</testsuite>'.encode()


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_cases_are_counted_in_samples_of_tools(samples: Path, name: str) -> None:
    body = (samples / "payloads" / "junit" / f"{name}.xml").read_bytes()
    assert counted(body) == OF_SAMPLES[name]


def test_a_property_of_a_sample_names_a_scenario_when_it_holds_one(samples: Path) -> None:
    folder = samples / "payloads" / "junit"
    for name, told in (("pytest", b'value="1"'), ("go-gotestsum-attributes", b'value="world"')):
        body = (folder / f"{name}.xml").read_bytes()
        assert told in body
        assert read(body)[1] == []
        [case] = read(body.replace(told, b'value="TS-42"'))[1]
        assert case.scenarios == ("TS-42",)


def test_pytest_cases_are_tied_by_property_and_name() -> None:
    tally, cases = read((OWN / "pytest.xml").read_bytes())
    assert tally.counts() == {"passed": 2, "flaky": 0, "skipped": 2, "failed": 2, "suite_errors": 0}
    assert tally.ran_at == datetime(2026, 3, 2, 9, 15, 30, 250000, UTC)
    assert [(case.scenarios, case.outcome, case.message) for case in cases] == [
        (("TS-42",), "passed", ""),
        (("TS-7",), "failed", "assert 10 == 11"),
        (("TS-8",), "skipped", "known"),
    ]
    assert cases[0].name == "tests.till.test_rounding::test_total_is_rounded_once"
    assert cases[0].seconds == 0.012


def test_surefire_retries_are_flaky_when_it_passed_in_the_end() -> None:
    tally, cases = read((OWN / "surefire.xml").read_bytes())
    assert tuple(tally.counts().values()) == (0, 1, 0, 1, 0)
    assert [(case.scenarios, case.outcome) for case in cases] == [
        (("TS-42",), "flaky"),
        (("TS-43", "TS-44"), "failed"),
    ]
    assert cases[0].seconds == 1204.5
    assert cases[1].message == "expected 3"


def test_errors_of_suites_are_kept_when_no_case_holds_them() -> None:
    tally, cases = read((OWN / "nested.xml").read_bytes())
    assert tuple(tally.counts().values()) == (1, 0, 0, 1, 2)
    assert tally.ran_at is None
    assert [(case.scenarios, case.suite, case.outcome, case.message) for case in cases] == [
        ((), "all / till / provider", "error", "could not connect"),
        ((), "all / till / provider", "failed", "and left"),
    ]


def test_behave_tags_are_read_and_its_steps_are_not() -> None:
    [case] = read((OWN / "behave.xml").read_bytes())[1]
    assert case.scenarios == ("TS-42",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("TS-42", ["TS-42"]),
        ("@TS-42 @TS-7", ["TS-42", "TS-7"]),
        ("test_ts_42_refund", ["TS-42"]),
        ("ts_42", ["TS-42"]),
        ("shouldRefundTS_42Twice", ["TS-42"]),
        ("Refund [TS-042]", ["TS-42"]),
        ("TS-42 and TS_42", ["TS-42"]),
        ("requests_404", []),
        ("TESTS-42", []),
        ("tests-42 ts-42", []),
        ("assets_7", []),
        ("TS-0 TS- TS_x", []),
        ("TS-1234567890", []),
    ],
)
def test_scenarios_are_found_in_names(text: str, named: list[str]) -> None:
    assert scenarios_in(text) == named


ENTITY = '<!DOCTYPE a [<!ENTITY x "{}">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(f'<!ENTITY a{n} "&a;&a;&a;&a;">' for n in range(9)) + "]>"
REFUSED = {
    "entity expansion": (suite('<testcase name="&x;"/>', ENTITY.format("y")), "document type"),
    "many laughs": (suite('<testcase name="&a8;"/>', LAUGHS), "document type"),
    "external entity": (
        suite("<testcase>&x;</testcase>", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hosts">]>'),
        "document type",
    ),
    "external type": (suite("", '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">'), "document type"),
    "empty type": (suite("", "<!DOCTYPE testsuite>"), "document type"),
    "deep nesting": (b"<testsuite>" * 5000, "deep"),
    "deep cases": (b"<testsuite>" + b"<testcase>" * 5000, "deep"),
    "huge attribute": (suite(f'<testcase name="{"x" * 3_000_000}"/>'), "a tag of more than"),
    "huge comment": (suite(f"<!-- {'x' * 3_000_000} -->"), "a tag of more than"),
    "many attributes": (
        suite("<testcase " + " ".join(f'a{n}="{n}"' for n in range(200_000)) + "/>"),
        "a tag of more than",
    ),
    "cut off": (suite('<testcase name="a"/>')[:-5], "not XML"),
    "cut off in a tag": (suite('<testcase name="a"/>')[:25], "not XML"),
    "nothing": (b"", "not XML"),
    "two roots": (suite("") * 2, "not XML"),
    "another root": (b"<html><testcase name='a'/></html>", "root"),
    "a bare case": (b"<testcase name='a'/>", "root"),
    "Latin-1 called UTF-8": ('<testsuite name="é"/>'.encode("latin-1"), "not XML"),
    "an unknown encoding": (suite("", '<?xml version="1.0" encoding="x-none"?>'), "encoding"),
    "a multi-byte encoding": (suite("", '<?xml version="1.0" encoding="shift_jis"?>'), "encoding"),
    "a control character": (suite('<testcase name="&#0;"/>'), "not XML"),
    "half a surrogate": (suite('<testcase name="&#xD800;"/>'), "not XML"),
    "an undeclared entity": (suite('<testcase name="&x;"/>'), "not XML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_report_is_refused_with_its_reason_when_it_is(name: str) -> None:
    body, reason = REFUSED[name]
    with pytest.raises(Unprocessable, match=reason):
        read(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_report_is_read_in_the_encoding_that_it_says(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><testsuite><testcase name="é TS-1"/></testsuite>'
    [case] = read(text.encode(encoding))[1]
    assert case.name == "é TS-1"


def test_long_texts_are_cut_when_a_case_quotes_its_output() -> None:
    out = f"<system-out>{'x' * 500_000}</system-out><failure>{'y' * 500_000}</failure>"
    [case] = read(suite(f'<testcase name="TS-1 {"z" * 2000}">{out}</testcase>'))[1]
    assert len(case.message) == junit_xml.LONGEST_TEXT
    assert len(case.name) == 500


def endless(cases: int) -> Iterator[bytes]:
    yield b"<testsuite>"
    for number in range(cases):
        yield b'<testcase classname="a.b" name="test_%d" time="0.1"><failure>no</failure></testcase>' % number
    yield b"</testsuite>"


def test_memory_does_not_grow_with_the_report() -> None:
    peaks = []
    for cases in (1_000, 20_000):
        tracemalloc.start()
        tally = Tally()
        assert list(junit_xml.read(endless(cases), tally)) == []
        assert tally.counts()["failed"] == cases
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 50_000
