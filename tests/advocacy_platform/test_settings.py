import os
import subprocess
import sys

import pytest
from django.db import connection

from advocacy_platform import sentry

PRODUCTION = {
    "SECRET_KEY": "k3-" + "x9Qf7Lm2" * 8,
    "IDENTITY_KEY": "i7-" + "p4Rt8Wz1" * 5,
    "BASE_URL": "https://love.example.com",
    "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/postgres?sslmode=prefer",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def run(tmp_path, *command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """A process with production's variables, changed as told, and nothing of ours around it."""
    told = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **PRODUCTION, **environment}
    told = {name: value for name, value in told.items() if value is not None}
    return subprocess.run([sys.executable, *command], env=told, capture_output=True, text=True)


def value(tmp_path, expression: str, **environment: str | None) -> str:
    """What a setting is in a process of its own."""
    told = run(tmp_path, "-c", f"from advocacy_platform import settings; print({expression})", **environment)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": None}, "Set SECRET_KEY to at least 50 random characters of your own."),
        ({"SECRET_KEY": "short"}, "Set SECRET_KEY to at least 50 random characters of your own."),
        ({"SECRET_KEY": "insecure-development-key"}, "Set SECRET_KEY to at least 50 random characters of your own."),
        ({"IDENTITY_KEY": None}, "Set IDENTITY_KEY to at least 32 random characters, kept for as long as the data."),
        ({"IDENTITY_KEY": "short"}, "Set IDENTITY_KEY to at least 32 random characters, kept for as long as the data."),
        ({"ALLOWED_HOSTS": "*"}, "Set ALLOWED_HOSTS to exact host names, without wildcards."),
        ({"ALLOWED_HOSTS": ".example.com"}, "Set ALLOWED_HOSTS to exact host names, without wildcards."),
        ({"BASE_URL": "http://love.example.com"}, "Set BASE_URL to the https:// address that people type."),
        ({"BASE_URL": None}, "Set BASE_URL to the https:// address that people type."),
        ({"SECURE_COOKIES": "false"}, "Remove SECURE_COOKIES=false: a session must not travel in the clear."),
    ],
)
def test_refuses_to_start_unsafely(tmp_path, environment, sentence):
    told = run(tmp_path, "-c", "import advocacy_platform.settings", **environment)

    assert told.returncode == 1
    assert told.stderr.strip().splitlines()[-1].endswith(f"This site is not safe to start with DEBUG off. {sentence}")


def test_names_all_that_is_missing_at_once(tmp_path):
    told = run(tmp_path, "-c", "import advocacy_platform.settings", SECRET_KEY=None, IDENTITY_KEY=None, BASE_URL=None)

    assert [name in told.stderr for name in ("Set SECRET_KEY", "Set IDENTITY_KEY", "Set BASE_URL")] == [True] * 3


def test_starts_without_any_variable_for_a_developer(tmp_path):
    bare = dict.fromkeys(PRODUCTION)

    assert value(tmp_path, "settings.DEBUG, settings.BASE_URL", **bare, DEBUG="1") == "True http://localhost:8000"


@pytest.mark.parametrize("database", ["postgres://postgres@127.0.0.1:5432/postgres", None])
def test_passes_the_deployment_checks(tmp_path, database):
    told = run(
        tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", DATABASE_URL=database, SENTRY_DSN=None
    )

    assert told.returncode == 0, told.stderr
    assert "System check identified no issues" in told.stdout


def test_binds_its_cookies_to_the_host_in_production(tmp_path):
    names = "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME"

    assert value(tmp_path, names) == "__Host-session __Host-csrf"
    assert value(tmp_path, "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE") == "True True"
    assert value(tmp_path, "settings.SECURE_HSTS_SECONDS, settings.SECURE_SSL_REDIRECT") == "31536000 True"


def test_keeps_the_sandbox_apart(tmp_path):
    bare = {**dict.fromkeys(PRODUCTION), "DEBUG": "1"}
    parts = "settings.SESSION_COOKIE_NAME, settings.BASE_URL, settings.DATA_DIR.name"

    assert value(tmp_path, parts, **bare, SANDBOX="1") == (f"session_sandbox http://localhost:8001 {tmp_path.name}")
    names = "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME"
    assert value(tmp_path, names, SANDBOX="1") == "__Host-session_sandbox __Host-csrf_sandbox"


def test_keeps_what_the_database_url_says_about_tls(tmp_path):
    assert value(tmp_path, "settings.DATABASES['default']['OPTIONS']['sslmode']") == "prefer"


def test_trusts_no_proxy_unless_told(tmp_path):
    header = "getattr(settings, 'SECURE_PROXY_SSL_HEADER', None)"

    assert value(tmp_path, header) == "None"
    assert value(tmp_path, header, TRUSTED_PROXIES="1") == "('HTTP_X_FORWARDED_PROTO', 'https')"


@pytest.mark.services
@pytest.mark.parametrize(("process", "seconds"), [("web", "10s"), ("worker", "100s"), ("command", "0")])
def test_limits_statements_by_the_kind_of_process(tmp_path, process, seconds):
    show = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "names = 'statement_timeout lock_timeout idle_in_transaction_session_timeout'.split()\n"
        "with connection.cursor() as cursor:\n"
        "    print(*[cursor.execute(f'SHOW {name}').fetchone()[0] for name in names])\n"
        "connection.close_pool()\n"
    )

    told = run(
        tmp_path,
        "-c",
        show,
        ADVOCACY_PROCESS=process,
        DJANGO_SETTINGS_MODULE="advocacy_platform.settings",
        DATABASE_URL=os.environ["DATABASE_URL"],
    )

    assert told.stdout.split() == [seconds, "5s", "1min"], told.stderr


@pytest.mark.embedded
def test_opens_sqlite_as_a_server_would(db):
    with connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 20000,
    }
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_tells_sentry_about_errors_and_not_about_people():
    event = {
        "message": "dan@example.com was refused",
        "user": {"ip_address": "203.0.113.7", "email": "dan@example.com"},
        "request": {
            "url": "https://love.example.com/home/?email=dan@example.com",
            "method": "POST",
            "query_string": "email=dan@example.com",
            "headers": {"X-Forwarded-For": "203.0.113.7"},
            "cookies": {"__Host-session": "s"},
            "env": {"REMOTE_ADDR": "203.0.113.7"},
        },
        "exception": {"values": [{"type": "IntegrityError", "value": "Key (email)=(dan@example.com) exists"}]},
    }

    told = sentry.scrub(event, {})

    assert told == {
        "message": "[address] was refused",
        "request": {"url": "https://love.example.com/home/", "method": "POST"},
        "exception": {"values": [{"type": "IntegrityError", "value": "Key (email)=([address]) exists"}]},
    }


def test_sends_sentry_no_variables_and_no_bodies(tmp_path):
    """Against a receiver that keeps what it gets, with an error of a view that knows an address."""
    script = (
        "import django; django.setup()\n"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "import sentry_sdk\n"
        "from sentry_sdk.transport import Transport\n"
        "got = []\n"
        "class Keep(Transport):\n"
        "    def capture_envelope(self, envelope): got.append(envelope.serialize().decode())\n"
        "client = sentry_sdk.get_client(); client.transport.kill(); client.transport = Keep()\n"
        "from django.test import Client\n"
        "from advocacy_platform import urls\n"
        "from django.urls import path\n"
        "def broken(request):\n"
        "    address = 'dan@' + 'example.com'\n"
        "    raise ValueError(f'no mail to {address}')\n"
        "urls.urlpatterns.insert(0, path('broken/', broken))\n"
        "Client(raise_request_exception=False).post('/broken/?email=dan@example.com', {'p': 'dan@example.com'},\n"
        "    secure=True, headers={'host': 'love.example.com'}, REMOTE_ADDR='203.0.113.7')\n"
        "print(len(got), 'ValueError' in got[0], 'dan@' in got[0], '203.0.113.7' in got[0], 'Cookie' in got[0])\n"
    )

    told = run(
        tmp_path,
        "-c",
        script,
        DEBUG="1",
        SENTRY_DSN="http://key@127.0.0.1:1/1",
        DATABASE_URL=None,
        DJANGO_SETTINGS_MODULE="advocacy_platform.settings",
    )

    assert told.stdout.split() == ["1", "True", "False", "False", "False"], told.stderr


def test_refuses_a_sandbox_that_could_write_to_people(tmp_path):
    told = run(tmp_path, "-c", "import advocacy_platform.settings", SANDBOX="1", EMAIL_URL="smtp://127.0.0.1:25")

    assert told.returncode == 1
    assert "The sandbox writes to nobody. Remove EMAIL_URL and EMAIL_BACKEND." in told.stderr
