"""The embedded server against everything that kills, blocks or misleads it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from runner import binaries, postgres

SUPERVISOR = """
import sys, time
from pathlib import Path
from runner import postgres
with postgres.serving(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(600)
"""
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up privileges")


def eventually(question: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def write_until_cut_off(place: postgres.Place) -> int:
    """How many rows the server acknowledged before it died."""
    acknowledged = 0
    try:
        with place.connect() as connection:
            while True:
                connection.execute("INSERT INTO letters VALUES (%s)", [acknowledged + 1])
                acknowledged += 1
    except psycopg.OperationalError:
        return acknowledged


def test_the_server_ends_and_starts_again_when_its_supervisor_is_killed(
    data_dir: Path, environment: Callable[..., dict[str, str]]
) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        assert runs(pid)
        supervisor.kill()
    with postgres.serving(data_dir, wait=False) as server:
        assert server.place.answers()
        assert not runs(pid)


def test_acknowledged_rows_are_there_when_the_postmaster_is_killed(data_dir: Path) -> None:
    with postgres.serving(data_dir) as server:
        with server.place.connect() as connection:
            connection.execute("CREATE TABLE letters (id bigint PRIMARY KEY)")
        killer = threading.Timer(0.5, os.kill, (server.pid, signal.SIGKILL))
        killer.start()
        acknowledged = write_until_cut_off(server.place)
        assert eventually(server.place.answers)
        with server.place.connect() as connection:
            row = connection.execute("SELECT count(*), max(id) FROM letters").fetchone()
    assert acknowledged > 0
    assert row is not None
    # The last one may have been written without the answer having reached us.
    assert row[0] == row[1]
    assert row[1] in (acknowledged, acknowledged + 1)


def test_a_second_server_is_refused_when_one_serves_the_same_data(data_dir: Path) -> None:
    with postgres.serving(data_dir) as server, pytest.raises(postgres.Busy, match="Another process serves"):
        with postgres.serving(data_dir, wait=False):
            pytest.fail(f"two servers on {server.place.data}")


def test_it_starts_when_the_lock_file_names_a_stranger(data_dir: Path) -> None:
    with postgres.serving(data_dir) as server:
        lock_file = (server.place.data / "postmaster.pid").read_text()
    account = binaries.account(owner=server.place.data.stat().st_uid)
    stranger = subprocess.Popen(["sleep", "60"], **account.popen)
    try:
        stale = server.place.data / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lock_file.split("\n")[1:]]))
        account.own(stale)
        with postgres.serving(data_dir) as server:
            assert server.place.answers()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_it_says_what_is_missing_when_another_major_wrote_the_data(data_dir: Path) -> None:
    (data_dir / "pg").mkdir()
    (data_dir / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(binaries.PostgresError, match="written by PostgreSQL 9, but only these versions"):
        with postgres.serving(data_dir):
            pytest.fail("started on data of another version")


def test_it_serves_when_the_path_is_too_long_for_a_socket(data_dir: Path) -> None:
    deep = data_dir / ("long" * 20) / ("longer" * 10)
    deep.mkdir(parents=True)
    with postgres.serving(deep) as server:
        folder = server.place.socket_dir
        assert server.place.answers()
        assert folder != server.place.data
        assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_a_command_shares_the_server_when_another_runs_it(data_dir: Path) -> None:
    with postgres.at_hand(data_dir) as own:
        with postgres.at_hand(data_dir) as shared:
            assert shared == own
        assert own.answers()
    assert not own.answers()


def test_the_server_stays_when_its_starter_leaves_before_a_guest(data_dir: Path) -> None:
    leave = threading.Event()
    started = threading.Event()

    def start() -> None:
        with postgres.at_hand(data_dir):
            started.set()
            leave.wait(30)

    starter = threading.Thread(target=start)
    starter.start()
    assert started.wait(30)
    with postgres.at_hand(data_dir) as shared:
        leave.set()
        starter.join(0.5)
        assert shared.answers()
    starter.join(20)
    assert not shared.answers()


@only_root
def test_nothing_is_opened_up_when_root_keeps_the_data_in_a_closed_folder(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "STATE_DIR", data_dir / "state")
    closed = data_dir / "home"
    closed.mkdir(mode=0o700)
    with postgres.serving(closed / "var") as server:
        assert server.place.data.is_relative_to(data_dir / "state")
        assert server.place.data.stat().st_uid != 0
        assert server.place.data.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_mode & 0o777 == 0o700
    assert postgres.place(closed / "var") == server.place


@only_root
def test_the_programs_are_copied_when_the_account_cannot_reach_them(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "STATE_DIR", data_dir / "state")
    monkeypatch.setattr(binaries, "traversable", lambda path: False)
    account = binaries.account()
    copied = binaries.runnable(binaries.find(), account)
    assert copied.bin.is_relative_to(data_dir / "state")
    done = subprocess.run([copied.program("initdb"), "--version"], check=False, **account.popen)
    assert done.returncode == 0
    assert binaries.runnable(binaries.find(), account) == copied


@pytest.mark.skipif(
    not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")), reason="no system PostgreSQL here"
)
def test_the_system_s_programs_serve_when_the_wheel_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda package: None)
    with postgres.throwaway() as server, server.place.connect() as connection:
        row = connection.execute("SELECT datcollate FROM pg_database WHERE datname = 'hindcast'").fetchone()
    assert binaries.find().bin.is_relative_to("/usr/lib/postgresql")
    assert row == ("C.UTF-8",)
