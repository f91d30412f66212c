import contextlib
import os
import signal
import subprocess
import sys

import pytest
from django.db import connection

from advocacy_platform import embedded


def database_url():
    """The test's own database, as another process finds it."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


class Machine:
    """A broker, and workers on the test's own database, with a clock that can be moved."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "SANDBOX": "1",
            "LOG_JSON": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }
        self._running = []

    @property
    def log(self):
        return (self.folder / "log").read_text()

    def start_broker(self):
        self._start(embedded.command(self.folder))
        embedded.wait(self.folder, seconds=20)

    def start_worker(self):
        options = ("-Q", "default", "-c", "1", "--without-gossip", "--without-mingle")
        return self._start([sys.executable, "-m", "celery", "-A", "advocacy_platform", "--quiet", "worker", *options])

    def start_beat(self):
        return self._start([sys.executable, "-m", "celery", "-A", "advocacy_platform", "--quiet", "beat"])

    def kill(self, process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in reversed(self._running):
            self.kill(process)

    def _start(self, command):
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self._running.append(process)
        return process


@pytest.fixture
def machine(transactional_db, tmp_path, settings):
    """A broker that runs, and the makings of workers; in the sandbox, where time can be moved."""
    settings.SANDBOX = True
    machine = Machine(tmp_path)
    try:
        if not settings.REDIS_URL:
            machine.start_broker()
        yield machine
    finally:
        machine.stop()
