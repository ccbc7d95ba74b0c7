"""Test scenarios as Gherkin: written, and checked by the official parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

KEYWORD = re.compile(r"^(given|when|then|and|but|\*)\s+", re.IGNORECASE)
INDENT = "    "
SEVERAL_AREAS = "Lessons from incidents"
NO_AREA = "Lessons without an area"


@dataclass(frozen=True)
class Written:
    """A scenario as it is exported: `notes` become comments, the name comes from `number`."""

    number: int | None
    title: str
    given: str
    when: str
    then: str
    area: str = ""
    area_slug: str = ""
    kind_slugs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tags(self) -> str:
        names = [f"TS-{self.number}"] if self.number else []
        names += [f"area-{self.area_slug}"] if self.area_slug else []
        return " ".join(f"@{name}" for name in [*names, *(f"kind-{slug}" for slug in self.kind_slugs)])


def feature(scenarios: Sequence[Written]) -> str:
    """One feature, named for its area when there is only one."""
    areas = {scenario.area for scenario in scenarios}
    name = next(iter(areas)) or NO_AREA if len(areas) == 1 else SEVERAL_AREAS
    return "\n".join([f"Feature: {_line(name)}", *_scenarios(scenarios)]) + "\n"


def _scenarios(scenarios: Iterable[Written]) -> Iterator[str]:
    for scenario in scenarios:
        yield ""
        yield from (f"  # {_line(note)}" for note in scenario.notes)
        if scenario.tags:
            yield f"  {scenario.tags}"
        yield f"  Scenario: {_line(scenario.title)}"
        for keyword, text in (("Given", scenario.given), ("When", scenario.when), ("Then", scenario.then)):
            yield from steps(keyword, text)


def steps(keyword: str, text: str) -> Iterator[str]:
    """Each line a step: the first with the keyword, the rest with And or But; tables and quoted text stay."""
    fence = ""
    first = True
    for line in text.splitlines():
        bare = line.strip()
        if fence or bare[:3] in ('"""', "```"):
            yield f"{INDENT}  {bare}"
            if not fence:
                fence = bare[:3]
            elif bare == fence:
                fence = ""
        elif bare.startswith("|"):
            yield f"{INDENT}  {bare}"
        elif bare:
            said = KEYWORD.match(bare)
            words = KEYWORD.sub("", bare)
            other = "But" if said and said[1].lower() == "but" else "And"
            yield f"{INDENT}{keyword if first else other} {words}"
            first = False


def parts(line: str) -> tuple[str, str]:
    """A written step as keyword and words; a line of a table or quoted text has no keyword."""
    if line.startswith(f"{INDENT} "):
        return "", line.strip()
    word, _, words = line.strip().partition(" ")
    return word, words


def _line(text: str) -> str:
    return " ".join(text.split())


def faults(scenario: Written) -> list[tuple[str, str]]:
    """What keeps it from being Gherkin: the part (title, given, when, then) and the reason."""
    found = [
        (part, "One step at least is needed here.")
        for part in ("given", "when", "then")
        if not any(re.match(rf"{INDENT}\w", line) for line in steps("Given", getattr(scenario, part)))
    ]
    if not _line(scenario.title):
        found.append(("title", "A title is needed."))
    if found:
        return found
    for part in ("given", "when", "then"):
        # Alone with its part, so that the parser's complaint lands on the field that it is about.
        body = "\n".join(["Feature: f", "  Scenario: s", *steps("Given", getattr(scenario, part))])
        found += [(part, reason) for reason in complaints(body)]
    if not found:
        found += [("title", reason) for reason in complaints(feature([scenario]))]
    return found


def so_far(words: dict[str, str]) -> dict[str, Any]:
    """Half a scenario: what is wrong with the parts that are there, what is missing, else how it reads.

    `words` has title, given, when and then.
    """
    begun = [part for part in words if words[part].strip()]
    scenario = Written(None, words["title"], words["given"], words["when"], words["then"])
    found = [(part, reason) for part, reason in faults(scenario) if part in begun]
    return {
        "faults": found,
        "missing": [part for part in words if part not in begun],
        "preview": "" if found or len(begun) < len(words) else feature([scenario]),
    }


def complaints(text: str) -> list[str]:
    try:
        Parser().parse(text)
    except CompositeParserException as error:
        return [_reason(one) for one in error.errors]
    except ParserError as error:
        return [_reason(error)]
    return []


def _reason(error: Exception) -> str:
    """Without the parser's own line number, which counts lines that nobody wrote."""
    said = re.sub(r"^\(\d+:\d+\): ", "", str(error).strip().splitlines()[-1])
    return f"This is not Gherkin: {said}"
