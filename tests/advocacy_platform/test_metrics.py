import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families

from advocacy_platform import metrics
from brand.models import Message
from customers.models import Person, PrivacyRequest
from spine import clock, events
from tests.factories import NOON

NOBODY = "redis://127.0.0.1:1/0"
BEARER = {"authorization": "Bearer s3cret-token"}


@pytest.fixture(autouse=True)
def no_broker(settings):
    settings.CELERY_BROKER_URL = NOBODY
    settings.METRICS_TOKEN = "s3cret-token"


def read(client) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_counts_a_request_under_the_name_of_its_view(db, client):
    before = read(client).get(("advocacy_requests_total", "GET", "302", "home"), 0)

    client.get("/home/")

    found = read(client)
    assert found["advocacy_requests_total", "GET", "302", "home"] == before + 1
    assert found["advocacy_request_seconds_count", "home"] >= 1


def test_keeps_strangers_addresses_out_of_the_labels(db, client):
    client.get("/nothing/cleo@example.com/")
    client.generic("BREW", "/home/")

    text = metrics.text().decode()
    assert "cleo" not in text
    assert "BREW" not in text
    assert 'view="unmatched"' in text


def test_tells_how_the_due_work_stands(db, client):
    now = clock.now()
    PrivacyRequest.objects.create(
        person=Person.objects.create(), kind="export", asked_at=now, due_at=now - timedelta(seconds=90)
    )
    PrivacyRequest.objects.create(person=Person.objects.create(), kind="erase", asked_at=now, dead_at=now)
    Message.objects.create(key="k", to="ben@example.com", subject="s", text="t", created_at=now, state="sent")
    events.record("person.seen", person=None, subject=("person", "p"), at=now - timedelta(seconds=30), key="seen")

    found = read(client)

    assert 90 <= found["advocacy_due_oldest_seconds", "customers.privacyrequest"] < 95
    assert found["advocacy_due_oldest_seconds", "brand.message"] == 0
    assert found["advocacy_dead_rows", "customers.privacyrequest"] == 1
    assert found["advocacy_messages", "sent"] == 1
    assert found["advocacy_messages", "queued"] == 0
    assert 30 <= found["advocacy_events_unnumbered_seconds",] < 35
    assert found["advocacy_broker_up",] == 0
    assert found["advocacy_guards_missing",] == 0


def test_tells_how_far_a_reader_is_behind(db, client):
    for number in range(3):
        events.record("person.seen", person=None, subject=("person", "p"), at=NOON, key=f"seen:{number}")
    events.number(NOON)
    events.read("webhooks", lambda batch, at: None, at=NOON, batch=1)

    assert read(client)["advocacy_reader_lag_events", "webhooks"] == 2


@pytest.mark.parametrize("told", ["", "Bearer ", "Bearer s3cret", "Bearer s3cret-token ", "s3cret-token", "Bearer é"])
def test_tells_nobody_without_the_token(db, client, told):
    answer = client.get("/metrics", headers={"authorization": told})

    assert (answer.status_code, answer.content) == (401, b"")


def test_has_no_such_page_without_a_token(db, client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404


def test_answers_a_scraper_that_knows_no_host_name(db, client):
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = client.get("/metrics", headers={**BEARER, "host": "web:8000"})

    assert answer.status_code == 200


def test_adds_up_what_all_processes_counted(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    count = "import django; django.setup(); from advocacy_platform import metrics as m;"
    count += "m.REQUESTS.labels('home', 'GET', 200).inc(2)"
    tell = "import django; django.setup(); from advocacy_platform import metrics as m;"
    tell += "m.Standing.collect = lambda self: (); print(m.text().decode())"
    for _process in range(2):
        subprocess.run([sys.executable, "-c", count], env=environment, check=True)

    told = subprocess.run([sys.executable, "-c", tell], env=environment, check=True, capture_output=True, text=True)

    assert 'advocacy_requests_total{method="GET",status="200",view="home"} 4.0' in told.stdout
