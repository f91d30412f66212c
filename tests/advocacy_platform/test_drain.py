import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from advocacy_platform.schedule import SWEEPS, Sweep
from spine import events
from spine.models import Event
from tests.chores import chores
from tests.chores.models import Chore, Completion
from tests.factories import NOON


@pytest.fixture(autouse=True)
def _no_backup(settings):
    """A backup reads the file beside the connection, and not a test's open transaction."""
    settings.BACKUP_DAILY = False


def test_does_one_round_of_every_sweep(db, capsys):
    events.record("order.placed", person=None, subject=("order", "1"), at=NOON, key="order:1")

    call_command("drain")

    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == list(SWEEPS)
    assert "events.number: 1" in said
    assert Event.objects.get(name="order.placed").position == 1


def test_goes_on_after_a_sweep_that_fails(db, capsys, monkeypatch):
    monkeypatch.setitem(SWEEPS, "broken.first", Sweep(lambda at: 1 // 0, every=1, queue="default"))
    monkeypatch.setitem(SWEEPS, "sound.last", Sweep(lambda at: 0, every=1, queue="default"))

    with pytest.raises(CommandError, match=r"Failed: broken\.first\."):
        call_command("drain")

    said = capsys.readouterr()
    assert "sound.last: 0" in said.out
    assert "broken.first: ZeroDivisionError" in said.err


def test_takes_each_row_once_with_two_at_the_same_time(transactional_db):
    Chore.objects.bulk_create(Chore(due_at=NOON) for _ in range(60))
    sweep = Sweep(chores.finish, every=1, queue="default")
    together = threading.Barrier(2)

    def drain():
        together.wait(timeout=30)
        sweep.run()
        connection.close()

    drains = [threading.Thread(target=drain) for _ in range(2)]
    for thread in drains:
        thread.start()
    for thread in drains:
        thread.join(timeout=60)

    done = sorted(Completion.objects.values_list("chore_id", flat=True))
    assert done == sorted(Chore.objects.values_list("pk", flat=True))
    assert Chore.objects.filter(due_at=None).count() == 60


@pytest.mark.embedded
def test_never_finds_sqlite_locked_with_two_hundred_writers(transactional_db):
    together = threading.Barrier(200)
    failures = []

    def write(number):
        together.wait(timeout=60)
        try:
            events.record("order.placed", person=None, subject=("order", str(number)), at=NOON, key=f"order:{number}")
        except DatabaseError as failure:
            failures.append(failure)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)

    assert failures == []
    assert Event.objects.count() == 200
