from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from advocacy_platform import expiry, schedule
from advocacy_platform.celery import app
from advocacy_platform.schedule import SWEEPS, Sweep
from tests.factories import NOON


@pytest.mark.parametrize("name", SWEEPS)
def test_routes_every_sweep_to_a_queue_that_workers_read(name):
    queue = app.amqp.router.route({}, name)["queue"].name

    assert queue == SWEEPS[name].queue
    assert queue in {known.name for known in settings.CELERY_TASK_QUEUES}


@pytest.mark.parametrize("name", SWEEPS)
def test_sends_every_sweep_so_that_no_pile_awaits_a_worker(name):
    entry = app.conf.beat_schedule[name]

    assert entry == {"task": name, "schedule": SWEEPS[name].every, "options": {"expires": SWEEPS[name].every}}
    assert name in app.tasks


def test_comes_by_at_least_hourly_so_that_a_lost_beat_file_costs_little():
    assert max(sweep.every for sweep in SWEEPS.values()) <= schedule.HOUR


def test_takes_batches_until_nothing_is_due():
    batches = [3, 2, 0, 7]
    sweep = Sweep(lambda at: batches.pop(0), every=1, queue="default")

    taken = sweep.run()

    assert taken == 5
    assert batches == [7]


def test_asks_the_time_anew_for_each_batch():
    asked = []
    sweep = Sweep(lambda at: asked.append(at) or len(asked) < 3, every=1, queue="default")

    sweep.run()

    assert len(set(asked)) == 3


def test_leaves_the_rest_to_the_next_round(monkeypatch):
    monkeypatch.setattr(schedule, "ROUND_SECONDS", 0)
    sweep = Sweep(lambda at: 1, every=1, queue="default")

    assert sweep.run() == 1


def test_purges_sessions_that_have_ended(db):
    now = timezone.now()
    Session.objects.create(session_key="ended", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="alive", expire_date=now + timedelta(minutes=1))

    assert expiry.purge_sessions(NOON) == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["alive"]


def test_purges_cached_values_that_have_expired(db):
    cache.set("expired", 1, timeout=60)
    cache.set("alive", 1, timeout=3600)
    with connection.cursor() as cursor:
        past = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(minutes=5))
        cursor.execute("UPDATE cache SET expires = %s WHERE cache_key = ':1:expired'", [past])

    assert expiry.purge_cache(NOON) == 1
    assert cache.get("alive") == 1


def test_keeps_cached_values_that_never_expire(db):
    cache.set("forever", 1, timeout=None)

    assert expiry.purge_cache(NOON) == 0
    assert cache.get("forever") == 1
