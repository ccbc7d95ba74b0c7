"""`@pytest.mark.scenario("TS-42")`: which test scenarios a test stands for, told in the JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Optional

import pytest

SCENARIO = re.compile(r"TS-[1-9][0-9]{0,8}")
# A tag that was surely meant to name one, in whatever spelling.
MEANT = re.compile(r"ts[-_ ]?[0-9]", re.IGNORECASE)
PROPERTY = "scenario"
LINE = 'scenario(name, ...): the test scenarios that this test stands for, as in scenario("TS-42")'


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hindcast")
    group.addoption("--scenarios", action="store_true", help="list test scenarios with their tests, run none")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", LINE)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> Optional[bool]:  # noqa: UP045
    """pytest-bdd asks for each tag of a scenario; others than ours stay with it."""
    if not MEANT.match(tag):
        return None
    pytest.mark.scenario(tag)(function)
    return True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Raises: pytest.UsageError naming every mark that names no scenario."""
    faults = [fault for item in items for fault in _faults(item)]
    if faults:
        raise pytest.UsageError("\n".join(faults))
    for item in items:
        known = {value for name, value in item.user_properties if name == PROPERTY}
        item.user_properties += [(PROPERTY, name) for name in scenarios_of(item) if name not in known]


def scenarios_of(item: pytest.Item) -> list[str]:
    """Each once, those of the function before those of its class and module."""
    return list(dict.fromkeys(str(name) for mark in item.iter_markers(PROPERTY) for name in mark.args))


def _faults(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers(PROPERTY):
        if mark.kwargs or not mark.args:
            yield f'{item.nodeid}: scenario takes names, as in scenario("TS-42")'
        for name in mark.args:
            if not isinstance(name, str) or not SCENARIO.fullmatch(name):
                yield f"{item.nodeid}: {name!r} is no test scenario; write it as TS-42"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Optional[bool]:  # noqa: UP045
    if not session.config.getoption("--scenarios") or session.testsfailed:
        return None
    found: dict[str, list[str]] = {}
    for item in session.items:
        for name in scenarios_of(item):
            found.setdefault(name, []).append(item.nodeid)
    writer = session.config.get_terminal_writer()
    for name in sorted(found, key=lambda name: int(name[3:])):
        for nodeid in found[name]:
            writer.line(f"{name:<8} {nodeid}")
    return True
