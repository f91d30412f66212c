"""Every way in, in a real browser."""

import re

import pytest
from allauth.mfa.models import Authenticator

from advocates.models import Advocate
from tests.browser.conftest import findings, newest_code, reauthenticate, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def authenticator(page):
    """A passkey device that says yes, as a phone's fingerprint reader would."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def test_signs_up_with_the_code(page, site):
    page.goto(site)
    page.get_by_role("link", name=re.compile("Join")).first.click()
    page.get_by_label("Name").fill("Nora Berg")
    page.get_by_label("Email").fill("nora@example.com")
    page.get_by_label("Password").fill("a long walk by the sea")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Join|Create")).click()

    page.get_by_label(re.compile("Code", re.IGNORECASE)).fill(newest_code("nora@example.com"))
    page.get_by_role("button", name=re.compile("Confirm|Continue")).click()

    page.wait_for_url("**/home/")
    assert "Nora" in page.get_by_role("main").inner_text()
    assert Advocate.objects.get(user__email="nora@example.com").display_name == "Nora Berg"


def test_signs_in_with_totp(page, site, person):
    sign_in(page, site, person("ada"))

    page.goto(f"{site}/manage/")
    assert page.url == f"{site}/manage/"


def test_signs_in_by_emailed_code(page, site, person):
    page.goto(f"{site}/accounts/login/code/")
    page.get_by_label("Email").fill(person("cleo").email)
    page.get_by_role("button", name=re.compile("code", re.IGNORECASE)).click()

    page.get_by_label(re.compile("Code", re.IGNORECASE)).fill(newest_code(person("cleo").email))
    page.get_by_role("button", name=re.compile("Sign in|Continue|Confirm")).first.click()

    page.wait_for_url("**/home/")
    assert "Cleo" in page.get_by_role("main").inner_text()


def test_adds_a_passkey_and_signs_in_with_it(page, site, person, authenticator):
    sign_in(page, site, person("cleo"))
    reauthenticate(page, site, person("cleo"))
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("Cleo's phone")
    page.get_by_role("button", name=re.compile("Add|Create")).click()
    page.wait_for_url(re.compile("2fa"))
    page.context.clear_cookies()

    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()

    page.wait_for_url("**/home/")
    assert "Cleo" in page.get_by_role("main").inner_text()
    passkey = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk
    for path in ("reauthenticate/", "", f"keys/{passkey}/edit/", f"keys/{passkey}/remove/"):
        if path == "":
            reauthenticate(page, site, person("cleo"))
        page.goto(f"{site}/accounts/2fa/webauthn/{path}")
        assert page.url == f"{site}/accounts/2fa/webauthn/{path}"
        assert findings(page) == []


def test_joins_without_javascript(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("Name").fill("Nora Berg")
    page.get_by_label("Email").fill("nora@example.com")
    page.get_by_label("Password").fill("a long walk by the sea")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Join|Create")).click()
    page.get_by_label(re.compile("Code", re.IGNORECASE)).fill(newest_code("nora@example.com"))
    page.get_by_role("button", name=re.compile("Confirm|Continue")).click()

    page.wait_for_url("**/home/")
    context.close()
