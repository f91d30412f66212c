import socket
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from advocacy_platform import health
from customers import privacy
from customers.models import Person
from spine import clock

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def silent_broker():
    """A server that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def refuse(execute, sql, params, many, context):
    """A database that went away."""
    raise OperationalError("the database went away")


def test_is_alive_without_a_database(client):
    answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_is_ready_without_a_broker(db, client):
    with override_settings(CELERY_BROKER_URL=NOBODY):
        answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": True, "broker": False, "oldest_due_seconds": 0}


def test_waits_for_no_silent_broker(db, client, silent_broker):
    began = time.monotonic()

    with override_settings(CELERY_BROKER_URL=silent_broker):
        answer = client.get("/health/ready")

    assert answer.json()["broker"] is False
    assert time.monotonic() - began < 2


def test_tells_how_long_the_oldest_due_row_waits(db, client):
    privacy.request(Person.objects.create(), "export", clock.now() - timedelta(minutes=5))
    privacy.request(Person.objects.create(), "export", clock.now() - timedelta(minutes=10))
    privacy.request(Person.objects.create(), "export", clock.now() + timedelta(minutes=10))

    with override_settings(CELERY_BROKER_URL=NOBODY):
        answer = client.get("/health/ready")

    assert 600 <= answer.json()["oldest_due_seconds"] <= 605


def test_is_not_ready_without_a_database(db, client):
    with connection.execute_wrapper(refuse):
        answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "database": False})


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_answers_a_probe_that_knows_no_host_name(db, client, path):
    with override_settings(SECURE_SSL_REDIRECT=True, CELERY_BROKER_URL=NOBODY):
        answer = client.get(path, headers={"host": "10.1.2.3:8000"})

    assert answer.status_code == 200
    assert not answer.cookies


@pytest.mark.services
def test_sees_the_broker(settings):
    assert health.broker_is_up() is True
