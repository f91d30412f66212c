"""The main job, from joining to reading why, in a real browser and with a shop that stands in for the brand's own."""

import re

import pytest
from django.utils import timezone

from advocacy_platform.schedule import SWEEPS
from customers.models import Order, Source
from referrals.models import Conversion, Program
from referrals.visits.landings import LANDINGS, LOST
from referrals.visits.spool import SPOOL
from rewards import proof
from tests.browser.conftest import findings, newest_code, sign_in
from tests.browser.shop import opened
from tests.factories import make_key

# A headless browser calls itself one, and is rightly taken for a machine.
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile"
    " Safari/537.36"
)
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(site, settings, tmp_path):
    """A shop to which the demo's program leads, and which tells the platform of its orders."""
    settings.BASE_URL = site
    settings.DATA_DIR = tmp_path
    SPOOL.close()
    LANDINGS.forget()
    LOST.forget()
    _key, token = make_key("facts:write", at=timezone.now())
    with opened(site, token, Source.objects.get().key, timezone.now) as shop:
        Program.objects.update(destination=shop.url)
        yield shop
    SPOOL.close()


def sweep() -> None:
    """What the machines do within seconds."""
    for name in ("referrals.decide", "events.number", "referrals.counts", "referrals.story", "referrals.notices"):
        SWEEPS[name].run()


def settle() -> None:
    """What the machines do until nothing is left to be done."""
    sweep()
    names = ("rewards.award", "rewards.release", "rewards.fulfil", "rewards.seal", "events.number", "rewards.letters")
    for name in names:
        SWEEPS[name].run()


def join(page, site: str) -> str:
    """Join as Nora; the link on her first page."""
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("Name").fill("Nora Berg")
    page.get_by_label("Email").fill("nora@example.com")
    page.get_by_label("Password").fill("a long walk by the sea")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Join|Create")).click()
    page.get_by_label(re.compile("Code", re.IGNORECASE)).fill(newest_code("nora@example.com"))
    page.get_by_role("button", name=re.compile("Confirm|Continue")).click()
    page.wait_for_url("**/home/")
    return page.get_by_role("textbox", name=re.compile("Your link")).input_value()


def buy(page, link: str) -> str:
    """Follow a link as a friend, take the code and order with it; the code."""
    page.goto(link)
    assert findings(page) == []
    page.get_by_label("Your email").fill("dan@example.net")
    page.get_by_role("button", name="Show me my code").click()
    code = page.get_by_role("textbox", name="Your discount code").input_value()
    page.get_by_role("link", name="Go to the shop").click()
    page.get_by_label("Email").fill("dan@example.net")
    page.get_by_label("Discount code").fill(code)
    page.get_by_role("button", name="Buy").click()
    page.get_by_role("heading", name=re.compile("created")).wait_for()
    return code


def test_credits_the_advocate_whose_link_a_friend_followed_and_says_why(page, browser, site, shop, person):
    link = join(page, site)
    friend = browser.new_context(user_agent=PHONE)
    code = buy(friend.new_page(), link)
    friend.close()
    sweep()

    order = Order.objects.get(key="1001")
    conversion = Conversion.objects.get(order=order)
    kinds = set(order.touches.values_list("kind", flat=True))
    assert (conversion.state, conversion.reason, conversion.counted) == ("credited", "credited", 4500)
    assert kinds == {"link", "coupon"}
    assert code.startswith("WELCOME-")

    page.goto(f"{site}/home/")
    page.get_by_text(re.compile("Why")).first.click()
    told = page.get_by_role("main").inner_text()
    assert "ordered" in told
    assert "$15" in told
    assert "Your recommendation was the one that counted." in told
    assert "dan@example.net" not in page.content()
    assert findings(page) == []

    page.context.clear_cookies()
    sign_in(page, site, person("ada"))
    page.goto(f"{site}/manage/conversions/")
    page.get_by_role("main").get_by_role("link", name=re.compile("1001")).first.click()
    told = page.get_by_role("main").inner_text()
    assert "Nora Berg" in told
    assert "This touch won under the precedence of the terms." in told
    assert findings(page) == []


def test_earns_redeems_and_gives_back_its_share(page, browser, site, shop, person):
    """From joining to a redeemed reward, and a refund that takes its share back."""
    link = join(page, site)
    friend = browser.new_context(user_agent=PHONE)
    buy(friend.new_page(), link)
    friend.close()
    settle()
    page.goto(f"{site}/rewards/")
    assert "$15 on its way" in page.get_by_role("main").inner_text()

    staff = browser.new_context().new_page()
    sign_in(staff, site, person("ada"))
    staff.goto(f"{site}/manage/rewards/transfers/")
    staff.get_by_role("main").get_by_role("link", name="Promised").first.click()
    staff.get_by_label("Why").first.fill("She asked so kindly.")
    staff.get_by_role("button", name="Release").click()
    assert "Released." in staff.get_by_role("main").inner_text()
    settle()

    page.goto(f"{site}/rewards/catalogue/")
    page.get_by_role("link", name="Free shipping, once").click()
    page.get_by_role("button", name="Take it").click()
    settle()
    page.reload()
    assert page.get_by_role("textbox", name="Your code").input_value().startswith("SHIP-")
    assert findings(page) == []
    page.goto(f"{site}/rewards/")
    assert "$10" in page.get_by_role("main").inner_text()

    # $45 of the order count; a third of them goes back, and so does a third of the reward.
    order = shop.orders[0]["id"]
    shop.tell(
        f"orders/{shop.source}/{order}/refunds", {"id": "r-1", "amount": 1633, "at": timezone.now().isoformat(),
                                                  "status": "succeeded", "lines": [{"id": "1", "amount": 1500}]}
    )  # fmt: skip
    settle()
    page.goto(f"{site}/rewards/")
    told = page.get_by_role("main").inner_text()
    assert "$5 of it went back" in told
    assert "Free to use\n\n$5\n" in told
    page.goto(f"{site}/notices/")
    assert "$5 went back: the order was paid back, wholly or in part." in page.get_by_role("main").inner_text()
    assert findings(page) == []
    assert [str(finding) for finding in proof.verify()] == []


def test_hands_one_code_to_each_mailbox_and_sends_everybody_on(page, browser, site, shop):
    link = join(page, site)
    friend = browser.new_context(java_script_enabled=False)
    visitor = friend.new_page()

    codes = []
    for spelling in ("dan@example.net", "Dan+coffee@example.net", "mia@example.net"):
        visitor.goto(link)
        visitor.get_by_label("Your email").fill(spelling)
        visitor.get_by_role("button", name="Show me my code").click()
        codes.append(visitor.get_by_role("textbox", name="Your discount code").input_value())

    assert codes[0] == codes[1] != codes[2]
    visitor.get_by_role("link", name="Go to the shop").click()
    assert visitor.url.startswith(shop.url)
    friend.close()
