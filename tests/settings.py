"""The site's settings, with what only a test may change."""

import os
import tempfile

# A folder of this run's own: runs beside each other share neither a database nor an upload.
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="advocacy-test-"))
os.environ.setdefault("DEBUG", "1")

from advocacy_platform.settings import *  # noqa: F403
from advocacy_platform.settings import DATA_DIR, DATABASES, INSTALLED_APPS, MIDDLEWARE

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# In memory SQLite has no WAL, so the tests' database is a file (pytest-xdist adds the worker's name).
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_advocacy")}
    # A database cannot be dropped while a pool keeps idle connections to it.
    DATABASES["default"]["OPTIONS"].pop("pool")
INSTALLED_APPS = [*INSTALLED_APPS, "zeal", "tests.chores"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
# allauth asks for the same address several times within one request, and looks one by one whether a person's few
# sessions still stand.
ZEAL_ALLOWLIST = [
    {"model": "account.EmailAddress", "field": "*"},
    {"model": "mfa.Authenticator", "field": "*"},
    {"model": "sessions.Session", "field": "*"},
    {"model": "advocates.User", "field": "get()"},
]
