import os
import re
import selectors
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import QueueNotFound
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_structlog.celery.steps import DjangoStructLogInitStep

from advocacy_platform.celery import DelayTooLong, app
from spine.nudges import nudge


def run(script, **environment):
    """Run a script in a process of its own, as this project would."""
    clean = {name: value for name, value in os.environ.items() if name != "ADVOCACY_PROCESS"}
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env={**clean, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment},
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_ends_every_task_well_before_the_broker_hands_it_out_again():
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (100, 120)
    assert app.conf.broker_transport_options["visibility_timeout"] == 300
    assert app.conf.result_backend_transport_options["visibility_timeout"] == 300
    assert app.conf.visibility_timeout == 300


def test_loses_no_task_with_its_worker():
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1


def test_speaks_json_and_keeps_no_results():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result is True
    assert app.conf.result_backend is None


def test_binds_the_task_id_to_what_a_task_logs():
    assert DjangoStructLogInitStep in app.steps["worker"]


def test_refuses_a_queue_that_nobody_reads():
    with pytest.raises(QueueNotFound):
        app.send_task("events.number", queue="elsewhere")


def test_refuses_to_keep_a_long_delay_in_the_broker():
    with pytest.raises(DelayTooLong):
        app.send_task("events.number", countdown=61)
    with pytest.raises(DelayTooLong):
        app.send_task("events.number", eta=timezone.now() + timedelta(minutes=2))


def test_publishes_in_one_place():
    publishing = re.compile(r"\.(delay|delay_on_commit|apply_async|send_task)\(|\b(countdown|eta)=")
    rooms = ["advocacy_platform", "referrals", "rewards", "advocates", "customers", "brand", "spine"]
    sources = [path for room in rooms for path in (settings.BASE_DIR / room).rglob("*.py")]

    found = {str(path.relative_to(settings.BASE_DIR)) for path in sources if publishing.search(path.read_text())}

    assert found == {"spine/nudges.py", "advocacy_platform/celery.py"}


def test_knows_a_worker_from_a_web_process():
    say = "; from django.conf import settings; print(settings.PROCESS)"
    worker = run("import advocacy_platform.celery" + say)
    web = run("import advocacy_platform.wsgi" + say)

    assert worker.communicate(timeout=60)[0].strip() == "worker"
    assert web.communicate(timeout=60)[0].strip() == "web"


def test_nudges_after_the_commit_only(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        nudge("events.number")

    assert len(callbacks) == 1


def test_nudges_without_waiting_for_a_broker_that_is_a_black_hole(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        script = (
            "import django; django.setup();"
            "from spine.nudges import nudge; nudge('events.number');"
            "print('went on', flush=True); input()"
        )
        nudging = run(
            script,
            DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
            REDIS_URL=f"redis://127.0.0.1:{hole.getsockname()[1]}/0",
        )
        hole.settimeout(60)
        publisher, _ = hole.accept()

        said = nudging.stdout.readline().strip()

        # The publisher still holds its connection and waits for an answer that will never come.
        assert said == "went on"
        assert is_open(publisher)
        publisher.close()
        nudging.communicate("\n", timeout=60)


def is_open(connection):
    """Whether the other side waits for an answer: it has said something, and has not hung up."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        assert selector.select(timeout=60)
    try:
        while connection.recv(4096, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return True
    return False


def test_writes_beats_file_into_the_data_folder():
    assert Path(app.conf.beat_schedule_filename).parent == settings.DATA_DIR


def test_looks_for_garbage_less_often_in_a_worker():
    code = "import gc; from celery.signals import worker_init; import advocacy_platform.celery as c;"
    code += "worker_init.send(c.app); print(gc.get_threshold()[0], gc.get_freeze_count() > 0)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)

    assert told.stdout.split() == ["20000", "True"]
