"""Granian in front of an application, and the processor time that it has used."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parent.parent


class Server:
    """One granian and its workers, on a port of its own and, where there are several, on one processor."""

    def __init__(
        self, application: str, *, workers: int = 1, threads: int = 8, environment: Mapping[str, str] = {}
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(self.port), "--no-ws"]
        command += ["--workers", str(workers), "--blocking-threads", str(threads), "--log-level", "error"]
        self._command = [*command, "--respawn-failed-workers", application]
        self._environment = {**os.environ, "ADVOCACY_PROCESS": "web", **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, probe: str = "/") -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(self._command, env=self._environment, cwd=ROOT, start_new_session=True)
        ends = time.monotonic() + 60
        while not self._answers(probe):
            if time.monotonic() > ends or self._process.poll() is not None:
                raise RuntimeError(f"{self._command[-1]} does not answer")
            time.sleep(0.05)

    def processes(self) -> list[int]:
        """The ids of all its processes."""
        assert self._process
        found = [self._process.pid]
        for pid in found:
            found += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found

    def pin(self, processor: int) -> None:
        """Keep all of its threads on one processor."""
        for pid in self.processes():
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {processor})

    def seconds(self) -> float:
        """Processor time used so far, its own and the kernel's for it."""
        return sum(_ticks(pid) for pid in self.processes()) / TICKS

    def kill(self) -> None:
        """End it without notice, as a machine that runs out of memory does."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        assert self._process
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def _answers(self, probe: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", probe)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server for as long as it is needed."""
    server.start("/health/live")
    try:
        yield server
    finally:
        server.stop()


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
