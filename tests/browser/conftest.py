"""A real Chromium in front of a live server."""

import os
import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page

from advocacy_platform import demo
from brand.models import Message

# Playwright keeps an event loop in the test's thread, which makes Django wary of the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": STANDARD}}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; a container's root may not use its sandbox."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox"] if _is_root() else []}


@pytest.fixture(scope="session", autouse=True)
def _last_sessions_end(django_db_setup, django_db_blocker):
    """A page that was left early leaves its request's thread, and that its connection, to end when they like."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def site(live_server, settings):
    """The demo brand on a live server; the address to visit."""
    settings.DEBUG = False
    settings.SANDBOX = True
    demo.load(timezone.now())
    # No model stands behind the cache's table, so a test's end does not empty it.
    cache.clear()
    settings.SANDBOX = False
    return live_server.url


@pytest.fixture
def person():
    """One of the demo's people by name."""
    return {person.email.partition("@")[0]: person for person in demo.people()}.__getitem__


def newest_code(to: str) -> str:
    """The code in the newest message to this address."""
    text = Message.objects.filter(to=to).latest("pk").text
    return re.search(r"^\s*([0-9A-Z]{4}-[0-9A-Z]{4})\s*$", text, re.MULTILINE)[1]


def totp_code(secret: str) -> str:
    """What an authenticator app shows for this secret."""
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))


def sign_in(page: Page, site: str, person: demo.DemoPerson) -> None:
    """Sign in by password and, for staff, the second factor."""
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if person.totp_secret:
        page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(totp_code(person.totp_secret))
        page.get_by_role("button", name=re.compile("Sign in|Continue|Confirm")).first.click()
    page.wait_for_url(re.compile("/home/|/manage/"))


def reauthenticate(page: Page, site: str, person: demo.DemoPerson) -> None:
    """Prove again that it is still the same person, as changing how one signs in demands."""
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.locator("[name=password]").fill(person.password)
    page.locator("main form").first.get_by_role("button").first.click()
    page.wait_for_url("**/2fa/webauthn/add/")


def findings(page: Page) -> list[object]:
    """What axe-core finds on the page that is open, in both colour schemes, and whether it is wider than a phone."""
    found: list[object] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found.extend(
            (page.url, scheme, violation["id"], [node["html"][:160] for node in violation["nodes"]])
            for violation in Axe().run(page, options=RULES).response["violations"]
        )
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append((page.url, "wider than the screen"))
    return found


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there():
    assert Path(CHROMIUM).exists(), f"Chromium is not at {CHROMIUM}: apt-get install chromium, or set CHROMIUM."
