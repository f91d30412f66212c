import json
import os
import subprocess
import sys

from advocacy_platform import logs

SCRIPT = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from django.urls import path
from advocacy_platform import urls
from tests.factories import make_advocate

def broken(request):
    address = request.user.email
    raise ValueError(f"no mail to {address}")

urls.urlpatterns.insert(0, path("broken/", broken))
headers = {"host": "localhost", "x-forwarded-for": "203.0.113.7"}
client = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.7", headers=headers)
advocate = make_advocate("dan")
client.force_login(advocate.user)
client.get("/health/live")
client.get("/broken/?email=dan@example.com")
client.post("/staff/invitation/" + "t0ken-" * 8 + "/")
print(advocate.user.public_id)
"""


def test_writes_json_that_tells_the_request_and_not_the_person(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "DEBUG": "1",
        "LOG_JSON": "1",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }

    told = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)

    assert told.returncode == 0, told.stderr
    lines = [json.loads(line) for line in told.stderr.splitlines()]
    ours = [line for line in lines if line.get("request_id")]
    assert [line["event"] for line in ours[:3]] == [
        "request_started",
        "request_failed",
        "Internal Server Error: /broken/",
    ]
    assert len({line["request_id"] for line in ours[:3]}) == 1
    assert ours[0]["request"] == "GET /broken/"
    assert ours[1]["user_id"] == told.stdout.strip()
    assert "ValueError: no mail to [address]" in ours[1]["exception"]
    assert "Gone: /staff/invitation/[token]/" in [line["event"] for line in lines]
    assert "t0ken" not in told.stderr
    assert "dan@" not in told.stderr
    assert "203.0.113.7" not in told.stderr


def test_makes_addresses_unreadable():
    assert logs.without_addresses("to <dan.o+x@mail.example.co.uk>, eve@example.com") == "to <[address]>, [address]"
    assert logs.without_addresses("redis://127.0.0.1:6379 at 12:00") == "redis://127.0.0.1:6379 at 12:00"


def test_keeps_the_keys_of_doors_out():
    token = "a" * 43

    assert logs.without_secrets(f"GET /staff/invitation/{token}/?next=/home/") == "GET /staff/invitation/[token]/"
    assert logs.without_secrets("GET /people/0b8a5a5e-58a5-4c5e-9d3b-000000000001/") == (
        "GET /people/0b8a5a5e-58a5-4c5e-9d3b-000000000001/"
    )


def test_reads_a_long_line_at_once():
    line = "a" * 200_000 + "@"

    assert logs.without_addresses(line) == line
