"""An embedded PostgreSQL, supervised: started, waited on, restarted when it dies, stopped with its starter.

Used only where DATABASE_URL is unset. The data lies in `DATA_DIR/pg`; for root, in the system's state
directory when the service account could not reach it there. Nothing listens on the network.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from runner import binaries, processes
from runner.binaries import Account, Binaries, PostgresError
from runner.server_settings import SETTINGS, THROWAWAY

NAME = "hindcast"
PORT = 5432
START_SECONDS = 120  # after a crash the write-ahead log is replayed first
RETRY_SECONDS = 10
LONGEST_SOCKET_DIR = 85  # bytes; the kernel takes 107 for the whole path with PostgreSQL's file name

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    data: Path
    socket_dir: Path
    log: Path

    @property
    def settings(self) -> dict[str, object]:
        """Django's settings for the database here."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": NAME,
            "USER": NAME,
            "PASSWORD": "",
            "HOST": str(self.socket_dir),
            "PORT": str(PORT),
        }

    def url(self, database: str = NAME) -> str:
        """As DATABASE_URL names it."""
        return f"postgres://{NAME}@{quote(str(self.socket_dir), safe='')}:{PORT}/{database}"

    @property
    def version(self) -> int | None:
        """The major version that wrote the data; None when there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text().split(".")[0])
        except FileNotFoundError:
            return None
        except PermissionError:
            raise PostgresError(
                f"{self.data} belongs to another account. Run as that account or as root."
            ) from None

    def connect(self, database: str = NAME) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_dir),
            port=PORT,
            user=NAME,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def answers(self) -> bool:
        try:
            with self.connect("postgres") as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == self.data


def place(data_dir: Path) -> Place:
    """Where the database of `data_dir` lies. Data that exists decides; starts nothing."""
    data_dir = data_dir.resolve()
    data = data_dir / "pg"
    if os.geteuid() == 0 and not (data / "PG_VERSION").exists():
        far = binaries.STATE_DIR / _mark(data_dir) / "pg"
        data_dir.mkdir(parents=True, exist_ok=True)
        if (far / "PG_VERSION").exists() or not binaries.traversable(data_dir):
            data = far
    return Place(data, _socket_dir(data), data_dir / "postgres.log")


def connection_settings(data_dir: Path) -> dict[str, object]:
    return place(data_dir).settings


def _mark(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _socket_dir(data: Path) -> Path:
    """In the data directory; not where the path is too long or has libpq's list sign, the comma."""
    if len(os.fsencode(data)) <= LONGEST_SOCKET_DIR and "," not in str(data):
        return data
    return Path("/tmp") / f"hindcast-{_mark(data)}"  # noqa: S108  made 0700 and its owner checked


class Server:
    """One PostgreSQL on one data directory, alive between `start` and `stop` whatever kills it meanwhile."""

    def __init__(self, where: Place, *, extra: dict[str, str] | None = None) -> None:
        self.place = where
        self._settings = {**SETTINGS, "unix_socket_directories": f'"{where.socket_dir}"', **(extra or {})}
        self._process: subprocess.Popen[bytes]
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self._account: Account
        self._binaries: Binaries

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, say: Callable[[str], None] = log.debug) -> None:
        exists = self.place.version is not None
        owner = self.place.data.stat().st_uid if exists else None
        self._account = binaries.account(owner=owner)
        self._binaries = binaries.runnable(binaries.find(self.place.version), self._account)
        if not exists:
            say(f"Making a database in {self.place.data}")
            self._initialise()
        self._make_socket_dir()
        self._launch()
        self._make_database()
        threading.Thread(target=self._watch, name="postgres", daemon=True).start()

    def stop(self) -> None:
        with self._spawning:
            self._stopping.set()
        if hasattr(self, "_process"):
            self._end(self._process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)  # "fast": connections are closed, everything is written
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # the write-ahead log is replayed at the next start
            process.wait()

    def _initialise(self) -> None:
        """Into a folder beside the final one, then renamed: a first start cut short leaves no half."""
        fresh = self.place.data.with_name(f"{self.place.data.name}.new")
        if self._account.drop:
            binaries.make_open(fresh.parent)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        command = [
            self._binaries.program("initdb"),
            "-D",
            str(fresh),
            "-U",
            NAME,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        builtin = ["--locale-provider=builtin"] if self._binaries.major >= 17 else []
        done = subprocess.run(
            [*command, *builtin, "--locale=C.UTF-8", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd="/",
            env=binaries.clean_environment(),
            **self._account.popen,
        )
        if done.returncode:
            raise PostgresError(f"PostgreSQL could not make its data directory:\n{done.stderr.strip()}")
        fresh.rename(self.place.data)

    def _make_socket_dir(self) -> None:
        folder = self.place.socket_dir
        if folder == self.place.data:
            return
        try:
            folder.mkdir(mode=0o700)
            self._account.own(folder)
        except FileExistsError:
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != self._account.uid or found.st_mode & 0o077:
                raise PostgresError(
                    f"{folder} exists and is not private to {self._account.name}. Remove it."
                ) from None

    def _launch(self) -> None:
        """Raises: PostgresError, when it does not answer in time, with the end of its log."""
        begun = time.monotonic()
        while True:
            size = self.place.log.stat().st_size if self.place.log.exists() else 0
            with self._spawning:
                if self._stopping.is_set():
                    return
                self._process = self._spawn()
            while self._process.poll() is None and time.monotonic() < begun + START_SECONDS:
                if self.place.answers():
                    return
                time.sleep(0.02)
            if self._stopping.is_set():
                return
            written = self._log_since(size)
            # Backends of a killed postmaster take a moment to notice and let go of memory and lock file.
            passing = "pre-existing shared memory" in written or "lock file" in written
            if not passing or time.monotonic() > begun + RETRY_SECONDS:
                self._end(self._process)
                raise PostgresError(f"PostgreSQL did not start:\n{written.strip()[-2000:]}")
            time.sleep(0.2)

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = binaries.clean_environment()
        stranger = self._retire_predecessor()
        if stranger:
            environment["PG_GRANDPARENT_PID"] = str(stranger)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        output = os.open(self.place.log, flags, 0o600)
        try:
            return subprocess.Popen(
                [self._binaries.program("postgres"), "-D", str(self.place.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in order
                preexec_fn=processes.dying_with_this_process(signal.SIGINT),
                **self._account.popen,
            )
        finally:
            os.close(output)

    def _retire_predecessor(self) -> int | None:
        """Stop a server whose starter is gone. Returns a pid in the lock file that is somebody else's by now.

        PostgreSQL refuses to start while that pid exists, whoever has it after a reboot or in a new
        container; its parent's and grandparent's it overlooks, so we name the stranger as such.
        """
        try:
            pid = int((self.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        except PermissionError:
            return pid
        if not self._is_ours(pid):
            return pid
        os.kill(pid, signal.SIGINT)
        for _ in range(100):
            if not self._is_ours(pid):
                break
            time.sleep(0.1)
        return None

    def _is_ours(self, pid: int) -> bool:
        try:
            program = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
            return (
                Path(program).name == "postgres" and Path(os.readlink(f"/proc/{pid}/cwd")) == self.place.data
            )
        except OSError:
            return False

    def _log_since(self, size: int) -> str:
        with self.place.log.open("rb") as file:
            file.seek(size)
            return file.read().decode(errors="replace")

    def _make_database(self) -> None:
        with self.place.connect("postgres") as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def _watch(self) -> None:
        """Wait on the child, so that it is reaped, and start it again, in a thread that lives as long."""
        pause = 0.2
        while not self._stopping.is_set():
            status = self._process.wait()
            if self._stopping.is_set():
                return
            log.warning("PostgreSQL ended with status %s; starting it again", status)
            try:
                self._launch()
                pause = 0.2
            except PostgresError:
                log.exception("PostgreSQL did not come back; trying again in %.0f s", pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, 30)


class Busy(PostgresError):
    """Another process runs this data directory's server."""


@contextmanager
def serving(data_dir: Path, say: Callable[[str], None] = log.debug, *, wait: bool = True) -> Iterator[Server]:
    """Run the server for as long as the block lasts; a command that runs it at the moment is waited for."""
    owner = processes.Lock(data_dir / "pg.lock")
    try:
        owner.acquire()
    except processes.Busy:
        if not wait:
            raise Busy(f"Another process serves the database of {data_dir}.") from None
        say("Waiting for another command to finish with the database")
        owner.acquire(wait=True)
    server = Server(place(data_dir))
    try:
        server.start(say)
        yield server
    finally:
        server.stop()
        owner.release()


@contextmanager
def at_hand(data_dir: Path, say: Callable[[str], None] = log.debug) -> Iterator[Place]:
    """For a one-off command: the server that runs, else one for the block, longer if others joined it."""
    users = processes.Lock(data_dir / "pg.users")
    deadline = time.monotonic() + START_SECONDS
    while True:
        users.acquire(shared=True, wait=True)
        here = place(data_dir)
        if here.version is not None and here.answers():
            try:
                yield here
                return
            finally:
                users.release()
        users.release()
        try:
            with serving(data_dir, say, wait=False) as server:
                try:
                    yield server.place
                    return
                finally:
                    users.acquire(wait=True)
        except Busy:  # its starter is still busy making it, or ending
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            users.release()


@contextmanager
def throwaway(*, durable: bool = False) -> Iterator[Server]:
    """A server for tests in a temporary directory, gone after the block; `durable` as in earnest."""
    who = binaries.account()
    home = Path(tempfile.mkdtemp(prefix="hindcast-", dir=_open_temporary_dir(who))).resolve()
    who.own(home)
    server = Server(
        Place(home / "pg", home / "pg", home / "postgres.log"), extra={} if durable else THROWAWAY
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _open_temporary_dir(who: Account) -> str:
    usual = Path(tempfile.gettempdir()).resolve()
    long = len(os.fsencode(usual)) > LONGEST_SOCKET_DIR - 20
    return "/tmp" if long or (who.drop and not binaries.traversable(usual)) else str(usual)  # noqa: S108
