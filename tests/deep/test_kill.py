import json
import os
import signal
from pathlib import Path

import pytest
import redis

from advocacy_platform import embedded
from spine import clock, due
from tests.chores.models import Chore, Completion
from tests.waiting import wait_until

pytestmark = pytest.mark.deep


def done():
    return sorted(Completion.objects.values_list("chore_id", flat=True))


def test_does_the_work_of_a_killed_worker_once_when_its_lease_has_ended(machine, tmp_path):
    stall = tmp_path / "stall"
    stuck = Chore.objects.create(due_at=clock.now(), stall=str(stall))
    beside = Chore.objects.create(due_at=clock.now())
    machine.start_worker()
    machine.start_beat()
    holder = wait_until(lambda: stall.exists() and int(stall.read_text() or 0))

    os.kill(holder, signal.SIGKILL)
    later = Chore.objects.create(due_at=clock.now())
    wait_until(lambda: done() == [later.pk])
    clock.move_forward(due.LEASE)
    wait_until(lambda: len(done()) == 3)

    assert done() == [stuck.pk, beside.pk, later.pk]
    assert list(Chore.objects.order_by("pk").values_list("lease", "due_at")) == [(2, None), (2, None), (1, None)]


def test_does_the_work_of_a_machine_that_lost_power(machine, tmp_path):
    stall = tmp_path / "stall"
    stuck = Chore.objects.create(due_at=clock.now(), stall=str(stall))
    worker, beat = machine.start_worker(), machine.start_beat()
    wait_until(stall.exists)

    machine.kill(worker)
    machine.kill(beat)
    clock.move_forward(due.LEASE)
    machine.start_worker()
    machine.start_beat()
    wait_until(done)

    assert done() == [stuck.pk]


def test_loses_nothing_with_an_emptied_broker(machine):
    chores = []
    machine.start_worker()
    machine.start_beat()
    broker = redis.Redis(unix_socket_path=str(embedded.socket_path(machine.folder)))

    for _ in range(10):
        chores += [Chore.objects.create(due_at=clock.now()).pk for _ in range(5)]
        broker.flushall()
    wait_until(lambda: len(done()) == len(chores))

    assert done() == chores
    broker.close()


def test_logs_json_with_the_task_id(machine):
    Chore.objects.create(due_at=clock.now())
    machine.start_worker()
    machine.start_beat()

    wait_until(lambda: "chores.finish took 1" in machine.log)

    line = next(line for line in machine.log.splitlines() if "chores.finish took 1" in line)
    assert len(json.loads(line)["task_id"]) == 36


def test_keeps_the_broker_to_this_user(machine):
    socket = embedded.socket_path(machine.folder)

    modes = [oct(Path(path).stat().st_mode & 0o777) for path in (socket, socket.parent, machine.folder / "valkey")]

    assert modes == ["0o700", "0o700", "0o700"]
