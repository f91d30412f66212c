"""Connecting each kind of shop as its owner would: from an empty page, by what it says, to a list that is green."""

import json
import os
import re
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from advocacy_platform.schedule import SWEEPS
from referrals.models import Link
from tests.browser.conftest import findings, sign_in
from tests.integrations import payloads
from tests.integrations.signing import SECRETS, headers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def post(address, vendor, secret, told, topic):
    """Send a message as the shop's software does."""
    body = json.dumps(told).encode()
    sent = {"Content-Type": "application/json", **headers(vendor, secret, body, timezone.now(), topic=topic)}
    with urllib.request.urlopen(urllib.request.Request(address, body, sent)) as answer:
        assert answer.status == 200


def settle():
    for name in ("integrations.read", "referrals.decide"):
        SWEEPS[name].run()


def messages(vendor, code, at):
    """An order that somebody recommended, and a part of it paid back, each with its topic."""
    seconds, instant = int(at.timestamp()), at.isoformat()
    if vendor == "stripe":
        session = payloads.stripe_session(created=seconds, metadata={"advocacy_code": code})
        refund = payloads.stripe_refund(created=seconds + 1)
        return [
            (payloads.stripe_event("checkout.session.completed", session), ""),
            (payloads.stripe_event("refund.created", refund), ""),
        ]
    if vendor == "shopify":
        attributes = [{"name": "advocacy_code", "value": code}]
        order = payloads.shopify_order(created_at=instant, updated_at=instant, note_attributes=attributes)
        transaction = payloads.shopify_transaction("10.00", processed_at=instant)
        refund = payloads.shopify_refund(created_at=instant, transactions=[transaction])
        return [(order, "orders/create"), (refund, "refunds/create")]
    if vendor == "woocommerce":
        told = instant.partition("+")[0]
        meta = [{"key": "advocacy_code", "value": code}]
        order = payloads.woo_order(date_created_gmt=told, date_modified_gmt=told, date_paid_gmt=told, meta_data=meta)
        refunds = [{"id": 1, "total": "-10.00"}]
        return [(order, "order.created"), ({**order, "refunds": refunds}, "order.updated")]
    line = {"id": "1", "kind": "goods", "amount": 5000}
    order = payloads.generic(
        "order", id="1001", currency="USD", placed_at=instant, lines=[line], customer={"id": "c-9"},
        touches={"code": code},
    )  # fmt: skip
    refund = payloads.generic("refund", id="r-1", order="1001", amount=1000, at=instant, status="succeeded")
    return [(order, ""), (refund, "")]


@pytest.mark.parametrize(
    ("vendor", "choice"),
    [("stripe", "Stripe:"), ("shopify", "Shopify"), ("woocommerce", "WooCommerce"), ("generic", "A shop of your own")],
)
def test_connects_a_shop_from_an_empty_page_to_a_green_list(page, site, person, settings, vendor, choice):
    settings.BASE_URL = site
    code, at = Link.objects.first().code, timezone.now() - timedelta(minutes=1)
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, site, person("ada"))
    found = []

    page.goto(f"{site}/manage/sources/connect/")
    page.get_by_label("Name").fill("Harbour Street")
    page.get_by_role("button", name="Connect").click()
    found += findings(page)
    page.get_by_role("radio", name=re.compile(f"^{choice}")).check()
    page.get_by_role("button", name="Go on").click()
    _keep(page, f"set-up-{vendor}")
    address = page.get_by_role("textbox", name="The address for its messages").input_value()
    found += findings(page)
    page.get_by_role("link", name=re.compile("the secret$")).click()
    found += findings(page)
    if vendor in SECRETS:
        secret = SECRETS[vendor]
        page.get_by_label("The secret").fill(secret)
        page.get_by_role("button", name="Keep it").click()
    else:
        page.get_by_role("button", name="Make a secret").click()
        secret = page.get_by_role("textbox", name="The secret").input_value()
        found += findings(page)
        page.goto(f"{site}/manage/shops/harbour-street/")
    page.get_by_role("button", name="Send a test").click()
    settle()
    page.reload()
    page.get_by_text("The signature fits, and we understood all of it.").wait_for()
    found += findings(page)

    for told, topic in messages(vendor, code, at):
        post(address, vendor, secret, told, topic)
    settle()

    page.goto(f"{site}/manage/shops/harbour-street/")
    found += findings(page)
    _keep(page, f"shop-{vendor}")
    points = page.get_by_role("heading", name="From the first message").locator("..").get_by_role("listitem")
    assert [text.startswith("Done:") for text in points.all_inner_texts()] == [True] * 5
    page.get_by_role("row").nth(1).get_by_role("link").click()
    found += findings(page)
    _keep(page, f"delivery-{vendor}")
    page.get_by_role("button", name="Read it once more").click()
    page.get_by_text("It is read once more.").wait_for()
    assert found == []


def _keep(page, name):
    """A picture to look at, where somebody asked for pictures."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
