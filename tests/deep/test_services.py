import pytest
import redis
from django.conf import settings

from spine import clock, due
from tests.chores.models import Chore, Completion
from tests.waiting import wait_until

pytestmark = pytest.mark.services


def done():
    return sorted(Completion.objects.values_list("chore_id", flat=True))


def test_does_due_work_once_though_its_worker_is_killed_and_redis_emptied(machine, tmp_path):
    stall = tmp_path / "stall"
    chores = [Chore.objects.create(due_at=clock.now()).pk for _ in range(7)]
    chores.append(Chore.objects.create(due_at=clock.now(), stall=str(stall)).pk)
    worker = machine.start_worker()
    machine.start_beat()
    wait_until(stall.exists)

    machine.kill(worker)
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()
    clock.move_forward(due.LEASE)
    machine.start_worker()
    wait_until(lambda: len(done()) == len(chores))

    assert done() == chores
    assert Chore.objects.filter(due_at=None).count() == len(chores)
