"""Every page, light and dark, at phone width, held against WCAG 2.2 AA by axe-core."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
PUBLIC = [
    "/",
    "/patterns/",
    "/agreement/",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/signup/",
    "/accounts/signup/passkey/",
    "/accounts/password/reset/",
    "/nowhere/",
]
MEMBERS = [
    "/home/",
    "/account/profile/",
    "/account/privacy/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/social/connections/",
    "/accounts/logout/",
]
STAFF = [
    "/manage/",
    "/manage/staff/",
    "/manage/stuck/",
    "/manage/audit/",
    "/manage/brand/",
    "/manage/agreement/",
    "/manage/mail/",
]


def findings(page, address):
    """What axe-core finds on one page in both colour schemes, and whether the page is wider than a phone."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(address)
        for violation in Axe().run(page, options=RULES).response["violations"]:
            targets = [node["html"][:160] for node in violation["nodes"]]
            found.append((address, scheme, violation["id"], targets))
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append((address, "wider than the screen"))
    return found


@pytest.fixture
def phone(browser):
    """A page as wide as a small phone."""
    return browser.new_context(viewport={"width": 360, "height": 780}).new_page()


def test_visitors_pages_are_accessible(phone, site):
    assert [found for path in PUBLIC for found in findings(phone, site + path)] == []


def test_members_pages_are_accessible(phone, site, person):
    sign_in(phone, site, person("cleo"))

    assert [found for path in MEMBERS for found in findings(phone, site + path)] == []


def test_staff_pages_are_accessible(phone, site, person):
    sign_in(phone, site, person("ada"))

    assert [found for path in STAFF for found in findings(phone, site + path)] == []
