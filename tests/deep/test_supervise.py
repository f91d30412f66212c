import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from advocacy_platform import embedded
from tests.waiting import wait_until

pytestmark = pytest.mark.deep
# A word of the command line of each process that a site has.
KINDS = {
    "broker": "valkey.sock",
    "web": "granian",
    "loader": "load_clicks",
    "worker": "money,default",
    "slow worker": "webhooks,mail,media",
    "beat": " beat ",
}


class Site:
    """`manage.py serve` in a folder of its own."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.supervisor = None

    def start(self):
        theirs = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "ADVOCACY_PROCESS"}
        with (self.folder / "out").open("w") as out:
            self.supervisor = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                env={
                    **{name: value for name, value in os.environ.items() if name not in theirs},
                    "DEBUG": "1",
                    "DATA_DIR": str(self.folder),
                    "BASE_URL": f"http://localhost:{self.port}",
                },
                cwd=settings.BASE_DIR,
                stdout=out,
                stderr=out,
            )
        wait_until(lambda: "Ctrl-C stops everything." in self.said, seconds=90)

    @property
    def said(self):
        return (self.folder / "out").read_text()

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def processes(self):
        """Every process of this site but the supervisor: its id and its command line."""
        return {pid: line for pid, line in commands() if pid != self.supervisor.pid and self.is_mine(pid, line)}

    def is_mine(self, pid, line):
        """Redis writes its title over its environment, so it is known by its socket."""
        if str(embedded.socket_path(self.folder)) in line:
            return True
        try:
            return f"DATA_DIR={self.folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def heads(self):
        """The process that the supervisor started for each kind of work."""
        lines = {pid: line for pid, line in self.processes().items() if parent(pid) == self.supervisor.pid}
        return {kind: pid for kind, word in KINDS.items() for pid, line in lines.items() if word in line}


def commands():
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command


def parent(pid):
    listing = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(listing or 0)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.start()
    yield site
    if site.supervisor.poll() is None:
        site.supervisor.terminate()
        site.supervisor.wait(timeout=60)


def test_brings_back_whatever_is_killed_and_stops_at_one_signal(site):
    before = wait_until(lambda: len(site.heads()) == len(KINDS) and site.heads())
    assert site.answers()

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: site.heads().keys() == KINDS.keys() and not set(site.heads().values()) & set(before.values()))
    wait_until(site.answers)
    site.supervisor.send_signal(signal.SIGINT)

    assert site.supervisor.wait(timeout=60) == 0
    assert site.processes() == {}
    assert site.said.endswith("Stopped.\n")


def test_takes_its_children_along_when_it_is_killed_and_starts_again(site):
    wait_until(lambda: len(site.heads()) == len(KINDS))

    site.supervisor.kill()
    site.supervisor.wait()
    wait_until(lambda: site.processes() == {}, seconds=60)
    site.start()

    assert site.answers()
    assert "ada@example.com" in site.said
