"""The processes that `up` keeps alive."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from runner import processes

log = logging.getLogger(__name__)
QUICK_DEATH_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30


class Child:
    """One process and what it started itself: a process group, started, restarted and ended whole."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0
        self._due = 0.0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the others in order
            preexec_fn=processes.dying_with_this_process(signal.SIGTERM),
        )

    def keep(self) -> None:
        """Start it again if it ended; one that dies at once is given longer and longer pauses."""
        if self.alive:
            return
        if self._process is not None:
            self._bury(self._process)
        if time.monotonic() >= self._due:
            self.start()

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        self.signal(signal.SIGKILL)  # whatever it left behind
        quick = time.monotonic() - self._started < QUICK_DEATH_SECONDS
        self._pause = min(max(self._pause * 2, 1.0), LONGEST_PAUSE_SECONDS) if quick else 0.0
        self._due = time.monotonic() + self._pause
        self._process = None
        status = process.returncode
        log.warning(
            "The %s ended with status %s; starting it again in %.0f s", self.name, status, self._pause
        )

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                log.debug("The %s has ended already", self.name)

    def wait(self, deadline: float) -> None:
        """Until it ended by itself, or killed when the time is over."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("The %s did not end in time and is killed", self.name)
        self.signal(signal.SIGKILL)
        self._process.wait()


def end(children: Sequence[Child], *, seconds: float) -> None:
    """All at the same time; what they have at hand is finished within the time given."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    for child in children:
        child.wait(deadline)
