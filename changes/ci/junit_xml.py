"""JUnit XML read as it streams by: cases counted, those kept that name a test scenario.

There is no one format. Elements are counted, since the attributes of suites count other things in each tool
(subtests in pytest, reruns in Surefire, packages in gotestsum). Nothing is built up: memory does not grow
with the file. A document type is refused, and with it every entity; so is what nests or stretches absurdly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Final
from xml.parsers import expat

from changes.facts import TestCaseFact
from intake.sources import Unprocessable, instant

MOST_DEPTH = 64
LONGEST_TOKEN = 1024 * 1024  # one tag with its attributes, or one comment
LONGEST_TEXT = 2000
MOST_SCENARIOS = 20  # of one case

# `TS-42`, `TS_42`; in lower case only as a word of a name (`test_ts_42_refund`): "requests_42" is none.
SCENARIO = re.compile(r"(?:(?<![A-Z0-9])TS[-_]|(?<![A-Za-z0-9])ts_)0*([1-9]\d{0,8})(?![0-9])")
PASSED, FLAKY, SKIPPED, FAILED, ERROR = range(5)  # the worst outcome of a case counts
OUTCOMES: Final = ("passed", "flaky", "skipped", "failed", "error")
MARKS: Final = {
    "error": ERROR,
    "failure": FAILED,
    "skipped": SKIPPED,
    "flakyError": FLAKY,
    "flakyFailure": FLAKY,
}
BEHAVE = "@scenario.begin"  # behave tells tags in the output of a case


@dataclass(slots=True)
class Tally:
    """How many cases there were, by outcome; whole once the report has been read to its end."""

    by_outcome: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    suite_errors: int = 0
    ran_at: datetime | None = None

    def counts(self) -> dict[str, int]:
        passed, flaky, skipped, failed, error = self.by_outcome
        return {
            "passed": passed,
            "flaky": flaky,
            "skipped": skipped,
            "failed": failed + error,
            "suite_errors": self.suite_errors,
        }


def scenarios_in(*texts: str) -> list[str]:
    """The scenarios that texts name, each once, as `TS-42`."""
    found: dict[str, None] = {}
    for text in texts:
        if "TS" in text or "ts_" in text:
            for number in SCENARIO.findall(text):
                found[f"TS-{number}"] = None
    return list(found)


def read(pieces: Iterable[bytes], tally: Tally) -> Iterator[TestCaseFact]:
    """What is to be kept of a report, while `tally` counts all of it; the counts stand at the end.

    Raises: Unprocessable.
    """
    reader = _Reader(tally)
    parser = reader.parser
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - max(parser.CurrentByteIndex, 0) > LONGEST_TOKEN:
                raise Unprocessable(
                    f"Line {parser.CurrentLineNumber}: a tag of more than {LONGEST_TOKEN} bytes"
                )
            if reader.kept:
                yield from reader.kept
                reader.kept.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unprocessable(f"The body is not XML: {error}") from error
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or cannot serve
        raise Unprocessable(f"The encoding cannot be read: {error}") from error
    yield from reader.kept


class _Reader:
    """The handlers of the parser; called for every element, so that they do little."""

    def __init__(self, tally: Tally) -> None:
        self.kept: list[TestCaseFact] = []
        self._tally = tally
        self._counts = tally.by_outcome
        self._depth = 0
        self._suites: list[str] = []
        self._case: dict[str, str] | None = None
        self._outcome = PASSED
        self._said: list[str] = []  # of a case: properties and tags
        self._message = ""
        self._text: list[str] | None = None
        self._text_size = 0
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse_type
        parser.EntityDeclHandler = self._refuse_type
        parser.ExternalEntityRefHandler = self._refuse_type  # type: ignore[assignment]

    def _refuse_type(self, *_: object) -> None:
        raise Unprocessable("A document type or an entity is declared: no test report needs one")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 or self._depth > MOST_DEPTH:
            self._refuse_place(tag)
        if tag == "testcase":
            self._case, self._outcome, self._message = attributes, PASSED, ""
            if self._said:
                self._said = []
        elif tag in ("testsuite", "testsuites"):
            self._start_suite(tag, attributes)
        elif (mark := MARKS.get(tag)) is not None:
            self._start_mark(mark, attributes)
        elif self._case is not None and tag in ("property", "system-out"):
            self._start_said(tag, attributes)

    def _refuse_place(self, tag: str) -> None:
        if self._depth > MOST_DEPTH:
            raise Unprocessable(f"Elements stand more than {MOST_DEPTH} deep")
        if tag not in ("testsuites", "testsuite"):
            raise Unprocessable(f"The root is {tag[:40]!r}, not testsuites or testsuite")

    def _start_suite(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testsuite":
            self._suites.append(attributes.get("name", ""))
        if self._tally.ran_at is None and (stamp := attributes.get("timestamp")):
            self._tally.ran_at = _moment(stamp)

    def _start_mark(self, mark: int, attributes: dict[str, str]) -> None:
        if self._case is None and mark < FAILED:
            return
        if mark > self._outcome or self._case is None:
            self._outcome = mark
            self._message = attributes.get("message", "")[:LONGEST_TEXT]
            if not self._message:
                self._listen()

    def _start_said(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "property":
            self._said += [attributes.get("name", ""), attributes.get("value", "")]
        if tag == "system-out" or "value" not in attributes:
            self._listen()

    def _listen(self) -> None:
        self._text, self._text_size = [], 0
        self.parser.CharacterDataHandler = self._hear

    def _hear(self, text: str) -> None:
        if self._text is not None and self._text_size < LONGEST_TEXT:
            self._text.append(text)
            self._text_size += len(text)
        else:
            self.parser.CharacterDataHandler = None

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "testcase":
            self._end_case()
        elif tag == "testsuite":
            self._suites.pop()
        elif self._text is not None:
            self._end_text(tag)
        elif self._case is None and MARKS.get(tag, PASSED) >= FAILED:
            self._end_suite_error()

    def _end_text(self, tag: str) -> None:
        text = "".join(self._text or ())[:LONGEST_TEXT].strip()
        self._text, self.parser.CharacterDataHandler = None, None
        if tag in MARKS:
            self._message = text
            if self._case is None:
                self._end_suite_error()
        elif tag == "property" or text.startswith(BEHAVE):
            self._said.append(_tags(text) if tag == "system-out" else text)

    def _end_case(self) -> None:
        case, outcome = self._case, self._outcome
        self._case = None
        self._counts[outcome] += 1
        if case is None:
            return
        name, group = case.get("name", ""), case.get("classname", "")
        # Looked at before anything is called: most cases of most reports name no scenario.
        if "TS" in name or "ts_" in name or "TS" in group or "ts_" in group or self._said:
            if scenarios := scenarios_in(name, group, *self._said):
                self._keep(tuple(scenarios[:MOST_SCENARIOS]), case)

    def _keep(self, scenarios: tuple[str, ...], case: dict[str, str]) -> None:
        name, group = case.get("name", ""), case.get("classname", "")
        told = f"{group}::{name}" if group and group != name else name
        self.kept.append(
            TestCaseFact(
                scenarios,
                self._suite(),
                told[:500],
                OUTCOMES[self._outcome],
                _seconds(case.get("time", "")),
                self._message,
            )
        )

    def _end_suite_error(self) -> None:
        self._tally.suite_errors += 1
        name = self._suites[-1] if self._suites else ""
        self.kept.append(
            TestCaseFact((), self._suite(), name[:500], OUTCOMES[self._outcome], None, self._message)
        )
        self._outcome, self._message = PASSED, ""

    def _suite(self) -> str:
        return " / ".join(filter(None, self._suites))[:300]


def _tags(output: str) -> str:
    """Only the line of tags: a step may quote anything."""
    return " ".join(line for line in output.splitlines()[1:4] if line.lstrip().startswith("@"))


def _seconds(text: str) -> float | None:
    try:
        found = float(text.replace(",", ""))
    except ValueError:
        return None
    return found if isfinite(found) and found >= 0 else None


def _moment(stamp: str) -> datetime | None:
    """None for what is no time, and for the year 1 of Go."""
    try:
        found = instant(stamp)
    except Unprocessable:
        return None
    return found if found and found > datetime(1990, 1, 1, tzinfo=UTC) else None


def ran_at(told: datetime | None, tally: Tally, received_at: datetime) -> datetime:
    """Never after receipt: a clock that is ahead, or a time without its zone, must not outrun others."""
    return min(told or tally.ran_at or received_at, received_at)
