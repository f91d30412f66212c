import os
import socket
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from advocacy_platform import embedded
from advocacy_platform.sources import Sources
from advocacy_platform.supervisor import AlreadyRunning, Child, sole
from tests.waiting import wait_until


def test_refuses_a_second_supervisor_of_one_data_folder(tmp_path):
    with sole(tmp_path), pytest.raises(AlreadyRunning), sole(tmp_path):
        pass


def test_says_that_the_site_runs_already(settings, tmp_path):
    settings.DATA_DIR = tmp_path

    with sole(tmp_path), pytest.raises(CommandError, match=f"The site in {tmp_path} is running already"):
        call_command("serve")


def test_says_that_the_port_is_in_use(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} is in use"):
            call_command("serve", port=port)

    assert list(tmp_path.iterdir()) == [tmp_path / "serve.lock"]


def test_lets_the_next_supervisor_in_when_the_last_copy_of_the_lock_is_closed(tmp_path):
    with sole(tmp_path) as lock:
        copy = os.dup(lock)

    with pytest.raises(AlreadyRunning), sole(tmp_path):
        pass
    os.close(copy)
    with sole(tmp_path):
        pass


def test_starts_what_ends_at_once_again_slower_and_slower():
    child = Child("short-lived", [sys.executable, "-c", ""])
    child.start()
    seen = [child.process.pid]

    def has_come_back():
        child.revive()
        return child.process.pid != seen[-1] and seen.append(child.process.pid) is None

    for _ in range(3):
        wait_until(has_come_back)
    child.kill()

    assert child.delay == 0.8
    assert len(set(seen)) == 4


def test_keeps_the_brokers_socket_in_the_data_folder():
    assert embedded.socket_path(Path("/srv/site")) == Path("/srv/site/valkey/valkey.sock")
    assert embedded.url(Path("/srv/site")) == "redis+socket:///srv/site/valkey/valkey.sock"


def test_moves_the_brokers_socket_out_of_a_folder_that_is_too_deep():
    deep = Path("/srv") / ("deep" * 30)

    path = embedded.socket_path(deep)

    assert len(os.fsencode(path)) <= 100
    assert path == embedded.socket_path(deep)
    assert path != embedded.socket_path(deep / "er")


def test_keeps_the_brokers_folders_private(tmp_path):
    command = embedded.command(tmp_path)

    assert (tmp_path / "valkey").stat().st_mode & 0o777 == 0o700
    assert command[command.index("--port") + 1] == "0"
    assert command[command.index("--unixsocketperm") + 1] == "700"
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_takes_the_broker_from_the_wheel_where_no_server_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    server = Path(embedded.command(tmp_path)[0])

    assert server.name == "valkey-server"
    assert Path(sys.prefix) in server.parents


def test_says_that_a_broker_does_not_answer(tmp_path):
    with pytest.raises(embedded.ServerSilent):
        embedded.wait(tmp_path, seconds=0.1)


def test_notices_a_changed_source_file(tmp_path):
    module = tmp_path / "room" / "module.py"
    module.parent.mkdir()
    module.write_text("before = True")
    sources = Sources(tmp_path)

    assert not sources.changed()
    (module.parent / "added.html").write_text("<p>")

    assert wait_until(sources.changed)
    assert not sources.changed()
