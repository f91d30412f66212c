"""The snippet on a page of a shop, in a real browser."""

import re
from uuid import uuid4

import pytest
from django.utils import timezone

from referrals.visits import tokens
from referrals.visits.tokens import Token

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Shop</title>
<form action="/order"><input type="hidden" name="tokens" data-advocacy-tokens><button>Order</button></form>
<script src="{script}" {attributes}></script>"""


@pytest.fixture
def open_shop(page, live_server, httpserver):
    """Open a page of a shop that loads the snippet; tokens travel in its address as visits bring them."""

    def opened(query="", attributes=""):
        content = PAGE.format(script=f"{live_server.url}/a.js", attributes=attributes)
        httpserver.expect_request(re.compile("/.*")).respond_with_data(content, content_type="text/html")
        page.goto(httpserver.url_for("/shoes") + query)
        return page

    return opened


def a_token():
    return tokens.sign(Token(1, uuid4(), timezone.now()))


def kept(page):
    """What the shop's own server would read from the cookie."""
    return {cookie["name"]: cookie for cookie in page.context.cookies()}.get("_adv")


def test_keeps_a_visit_and_cleans_the_address(open_shop):
    token = a_token()

    page = open_shop(f"?size=42&adv={token}&utm_source=referral#red")

    assert page.evaluate("advocacy.tokens()") == [token]
    assert page.evaluate("location.search + location.hash") == "?size=42&utm_source=referral#red"
    assert page.locator("[data-advocacy-tokens]").input_value() == token
    assert (kept(page)["value"], kept(page)["sameSite"], kept(page)["path"]) == (token, "Lax", "/")
    assert kept(page)["expires"] > timezone.now().timestamp() + 390 * 86_400


def test_still_knows_the_visit_on_the_next_page(open_shop):
    token = a_token()
    open_shop(f"?adv={token}")

    page = open_shop()

    assert page.evaluate("advocacy.tokens()") == [token]
    assert page.locator("[data-advocacy-tokens]").input_value() == token


def test_keeps_the_first_visit_and_the_latest_ones(open_shop):
    visits = [a_token() for _ in range(7)]

    for token in visits:
        page = open_shop(f"?adv={token}")
    page = open_shop(f"?adv={visits[-1]}")

    assert page.evaluate("advocacy.tokens()") == [visits[0], *visits[3:]]
    assert kept(page)["value"] == ".".join([visits[0], *visits[3:]])


@pytest.mark.parametrize("query", ["?adv=", "?adv=<script>", "?adv=%00", "?adv=short", "?advocate=x", "?x=adv=1"])
def test_keeps_nothing_that_is_no_token(open_shop, query):
    page = open_shop(query)

    assert page.evaluate("advocacy.tokens()") == []
    assert kept(page) is None


def test_waits_for_consent_where_the_shop_asks_for_it(open_shop):
    token = a_token()
    page = open_shop(f"?adv={token}", 'data-consent="wait"')
    before = kept(page)

    page.evaluate("advocacy.consent()")

    assert before is None
    assert kept(page)["value"] == token


def test_keeps_nothing_under_global_privacy_control(open_shop, page):
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    token = a_token()

    open_shop(f"?adv={token}")
    page.evaluate("advocacy.consent()")

    assert kept(page) is None
    assert page.evaluate("advocacy.tokens()") == [token]


def test_fills_a_form_that_a_script_adds_later(open_shop, page):
    token = a_token()
    open_shop(f"?adv={token}")

    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        "'<form id=late action=/late><input name=tokens data-advocacy-tokens></form>')"
    )
    with page.expect_navigation(url=re.compile("/late")):
        page.evaluate("document.getElementById('late').requestSubmit()")

    assert f"tokens={token}" in page.url


def test_says_nothing_in_the_console(open_shop, page):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    open_shop(f"?adv={a_token()}")

    assert [text for text in said if "favicon" not in text] == []
