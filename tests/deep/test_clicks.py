import os
import signal
import sys
from uuid import uuid4

import pytest
from django.db import connection, connections

from benchmarks import kill
from benchmarks.redirect import request
from referrals.models import Click, LinkDay, ProgramDay, SpoolMark
from referrals.visits import loading
from referrals.visits.spool import line
from tests.factories import NOON, make_advocate, make_link, make_program

pytestmark = pytest.mark.deep


@pytest.fixture
def link(transactional_db):
    return make_link(make_program(), make_advocate("ben"), "BEN42")


def killed_after(statements, spool):
    """Load in another process that is killed before its nth statement, or before it deletes a file; was it?"""
    connections.close_all()
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = [statements]

    def step():
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(execute, *args):
        step()
        return execute(*args)

    sys.addaudithook(lambda event, args: step() if event == "os.remove" else None)
    with connection.execute_wrapper(count):
        loading.load(spool, NOON)
    os._exit(0)


def test_counts_every_visit_once_wherever_the_loader_is_killed(link, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "CHUNK", 500)
    millis = int(NOON.timestamp() * 1000)
    files = [[line(uuid4().bytes, link.pk, millis, "", "", is_first=True) for _ in range(15)] for _ in range(2)]
    number = 0
    while True:
        for model in (Click, LinkDay, ProgramDay, SpoolMark):
            model.objects.all().delete()
        for name, lines in zip("ab", files, strict=True):
            (tmp_path / f"{name}.clicks").write_bytes(b"".join(lines))
        was_killed = killed_after(number, tmp_path)
        loading.load(tmp_path, NOON)

        assert Click.objects.count() == 30
        assert LinkDay.objects.values_list("raw", "qualified").get() == (30, 30)
        assert ProgramDay.objects.values_list("raw", "qualified").get() == (30, 30)
        assert list(tmp_path.iterdir()) == []
        assert not SpoolMark.objects.exists()
        if not was_killed:
            break
        number += 1

    assert number > 20


def test_records_every_visit_that_was_answered_through_kills(link, machine):
    answered = kill.storm(machine.environment, request("BEN42", host="localhost"), kills=8)

    assert len(answered) > 100
    assert kill.recorded(answered) == len(answered)
    day = LinkDay.objects.get()
    assert day.raw == day.qualified == Click.objects.count() >= len(answered)
