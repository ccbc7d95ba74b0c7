"""`manage.py up` as a process, on a database that DATABASE_URL names."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from runner import processes
from runner.management.commands.up import WORKER
from tests.runner.conftest import ROOT

pytestmark = pytest.mark.django_db  # for the migrations; the processes have a database of their own
Environment = Callable[..., dict[str, str]]


def ask(port: int, path: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        connection.close()


def wait_until(question: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def children_of(pid: int) -> dict[str, int]:
    """Direct children by what they are."""
    found = {}
    for entry in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        line = Path(f"/proc/{entry}/cmdline").read_bytes().decode()
        found["web" if "gunicorn" in line else "worker"] = int(entry)
    return found


def group_is_empty(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def up(database_url: str, environment: Environment, port: int) -> Iterator[subprocess.Popen[str]]:
    surroundings = environment(DATABASE_URL=database_url, PORT=str(port), DEMO="0")
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as process:
        yield process
        process.kill()


def test_it_keeps_its_children_alive_and_takes_them_along(
    up: subprocess.Popen[str], port: int, data_dir: Path
) -> None:
    wait_until(lambda: ask(port, "/readyz")[0] == 200)
    assert ask(port, "/readyz")[1]["embedded"] is False
    assert not (data_dir / "pg").exists()

    before = children_of(up.pid)
    os.kill(before["worker"], signal.SIGKILL)
    wait_until(lambda: children_of(up.pid).get("worker", before["worker"]) != before["worker"])
    after = children_of(up.pid)
    wait_until(lambda: group_is_empty(before["worker"]))  # its scheduler too
    assert after["web"] == before["web"]

    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    wait_until(lambda: all(group_is_empty(pid) for pid in after.values()))
    assert up.stdout is not None
    assert f"Hindcast runs at http://127.0.0.1:{port}/" in up.stdout.read()


def test_a_worker_tells_other_workers_nothing() -> None:
    """Each word would be an error of PostgreSQL: its queues know no broadcast."""
    assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} <= set(WORKER.split())


def test_nothing_stays_behind_when_it_is_killed(up: subprocess.Popen[str], port: int) -> None:
    wait_until(lambda: ask(port, "/healthz")[0] == 200)
    wait_until(lambda: len(children_of(up.pid)) == 2)
    children = children_of(up.pid)
    up.kill()
    wait_until(lambda: all(group_is_empty(pid) for pid in children.values()))


def test_a_second_one_is_refused_on_the_same_data(data_dir: Path, settings: Settings) -> None:
    settings.DATA_DIR = data_dir
    first = processes.Lock(data_dir / "up.lock")
    first.acquire()
    with pytest.raises(CommandError, match="already runs on"):
        call_command("up")
    first.release()


def test_a_taken_port_is_named(data_dir: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.management.commands.up.PORT_SECONDS", 0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.DATA_DIR, settings.PORT = data_dir, other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {settings.PORT} on 127.0.0.1 is in use"):
            call_command("up")


def test_a_command_uses_the_given_server_when_one_is_named(
    database_url: str, environment: Environment, data_dir: Path
) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "broker"]
    surroundings = environment(DATABASE_URL=database_url)
    for answer in ("The queue's tables are made.", "The queue's tables are there."):
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == answer
    assert not (data_dir / "pg").exists()


def test_a_dump_holds_the_tables_and_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "hindcast.sql"
    call_command("dump", str(file))
    assert "CREATE TABLE public.runner_heartbeat" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="exists and is not written over"):
        call_command("dump", str(file))
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("dump", str(tmp_path / "none" / "hindcast.sql"))
