"""The tests' surroundings: a database of their own, no network, a clean cache, others' samples."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from hypothesis import HealthCheck, settings

from runner import postgres
from tests.gate import Gate
from tests.seed import Seed

# Of this repository: @pytest.mark.scenario says which test scenario a test stands for.
pytest_plugins = ["pytest_hindcast"]
GIVEN = os.environ.get("TEST_DATABASE_URL")

# How fast a busy machine draws examples says nothing of what they show.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server | None]:
    """PostgreSQL for as long as the session; None where TEST_DATABASE_URL gives one."""
    if GIVEN:
        yield None
        return
    with postgres.throwaway() as running:
        connections["default"].settings_dict.update(HOST=running.place.settings["HOST"])
        yield running


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    return not GIVEN  # a server of our own takes its databases with it


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, server: postgres.Server | None
) -> None:
    if server:
        Seed(server.place).sow(f"test_{postgres.NAME}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, server: postgres.Server | None) -> Iterator[None]:
    name = str(connections["default"].settings_dict["NAME"])
    if server and name.startswith("test_"):  # else no test of this run asked for the database
        Seed(server.place).keep(name)
    yield
    connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Only sockets of this machine; a test that would call out fails where it does so."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_local(address[0]):
            raise AssertionError(f"A test tried to reach {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder with other people's `payloads/` and `origin/`, read in place and never copied here."""
    where = os.environ.get("SAMPLES_DIR", "")
    if where and (Path(where) / "payloads").is_dir():
        return Path(where).resolve()
    reason = f"SAMPLES_DIR={where!r} holds no payloads/: real samples are NOT tested in this run"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def gate(live_server: Any) -> Gate:
    httpd = live_server.thread.httpd
    made = Gate(httpd.get_app())
    httpd.set_app(made)
    return made


@pytest.fixture
def served(live_server: Any, gate: Gate, transactional_db: None) -> Iterator[str]:
    """The address of the pages. Torn down before the tables are emptied, as it asked for them."""
    gate.open()
    yield live_server.url
    gate.shut()
