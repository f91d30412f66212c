"""Keeps a handful of processes alive, and ends all of them in order."""

import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

logger = logging.getLogger(__name__)

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A sweep lasts at most 20 s; whoever is not done by then is killed, and the leases of its rows run out.
PATIENCE = 25.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class AlreadyRunning(Exception):
    """Another supervisor works on this data folder."""


@contextmanager
def sole(folder: Path) -> Iterator[int]:
    """Be the only supervisor of a data folder; the open lock is handed out, and holds until its last copy is closed.

    Raises AlreadyRunning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            raise AlreadyRunning from taken
        yield lock.fileno()


@dataclass
class Child:
    """One process that is started again when it ends: slower and slower, as long as it does not live for 10 s."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    # Whether a changed source file asks for a new process.
    is_ours: bool = True
    keeps_open: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    # How long it rests before it is started again, and until when; 0 while it is not resting.
    delay: float = 0.0
    rests_until: float = 0.0

    def start(self) -> None:
        """Start the process at the head of a group of its own, so that a Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(  # noqa: S603 - commands of ours
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            pass_fds=self.keeps_open,
            process_group=0,
            # Safe, since the supervisor has one thread.
            preexec_fn=_end_with_parent,
        )
        self.started = time.monotonic()
        self.rests_until = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def revive(self) -> None:
        """Start the process again if it has ended and rested for long enough."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.rests_until:
            self.kill()
            self.delay = 0.2 if now - self.started > 10 else min(2 * max(self.delay, 0.1), 10.0)
            self.rests_until = now + self.delay
            logger.warning("%s ended (%s) and is started again", self.name, self.process.returncode)
        elif now >= self.rests_until:
            self.start()

    def ask_to_end(self) -> None:
        """Let the process finish what it does."""
        if self.process and self.is_alive:
            self.process.terminate()

    def kill(self) -> None:
        """End whatever is left of the process and of those that it started."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.process.wait()


class Supervisor:
    """Starts its children, revives them, and ends them in order once SIGINT, SIGTERM or SIGHUP has asked for it."""

    def __init__(self, *, changed: Callable[[], bool] = lambda: False) -> None:
        self.children: list[Child] = []
        self._changed = changed
        self._stops = 0
        for number in STOPS:
            signal.signal(number, self._stop)

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has asked to stop."""
        return self._stops > 0

    def start(self, child: Child) -> None:
        """Start a child and look after it from now on."""
        child.start()
        self.children.append(child)

    def watch(self) -> None:
        """Return once a signal has asked to stop."""
        while not self._stops:
            self.revive()
            if self._changed():
                logger.warning("a source file has changed: web, workers and beat start again")
                self._restart([child for child in self.children if child.is_ours])
            time.sleep(0.2)

    def revive(self) -> None:
        """Start again who has ended."""
        for child in self.children:
            child.revive()

    def stop(self) -> None:
        """End our own processes together, then what they lean on."""
        self._end([child for child in self.children if child.is_ours])
        self._end([child for child in self.children if not child.is_ours])

    def _restart(self, children: Sequence[Child]) -> None:
        self._end(children)
        if not self._stops:
            for child in children:
                child.start()

    def _end(self, children: Sequence[Child]) -> None:
        for child in children:
            child.ask_to_end()
        ends = time.monotonic() + PATIENCE
        while any(child.is_alive for child in children) and time.monotonic() < ends and self._stops < 2:
            time.sleep(0.05)
        for child in children:
            child.kill()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """A second signal says that whoever sent the first is tired of waiting."""
        self._stops += 1


def _end_with_parent() -> None:
    """A supervisor that is killed takes its children along (on Linux; elsewhere the next start finds them)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
