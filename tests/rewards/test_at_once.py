import threading

import pytest
from django.db import connection

from rewards import awards, granting, proof, releasing, sealing
from rewards.models import Occasion, Reward, Transfer
from tests.factories import NOON, make_advocate
from tests.rewards.living import DAY, open_program, order

LATER = NOON + 14 * DAY


def together(*calls):
    """Run the calls at the same instant, each on a connection of its own, and raise what any of them raised."""
    gate, failures = threading.Barrier(len(calls)), []

    def run(call):
        try:
            gate.wait()
            call()
        except Exception as failure:  # noqa: BLE001 - told to the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def until_idle(*sweeps):
    """A worker that goes on until nothing is due."""

    def work():
        while sum(sweep(LATER) for sweep in sweeps):
            pass

    return work


@pytest.mark.django_db(transaction=True)
def test_gives_each_reward_once_however_many_workers_sweep():
    ben = make_advocate("ben")
    open_program(ben)
    for number in range(12):
        order(f"10{number}")
    Occasion.objects.update(due_at=NOON)

    together(*[until_idle(awards.award_due, releasing.release_due, granting.grant_due) for _ in range(5)])
    together(*[until_idle(sealing.seal) for _ in range(3)])

    assert Reward.objects.count() == 12
    assert set(Reward.objects.values_list("available", "version")) == {(1000, 2)}
    assert Transfer.objects.count() == 24
    assert [str(finding) for finding in proof.verify()] == []
