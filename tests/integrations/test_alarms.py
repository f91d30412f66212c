from datetime import timedelta

import pytest
import time_machine

from brand.models import Message
from integrations import alarms
from integrations.models import Pull
from integrations.pulling import asking
from tests.factories import NOON
from tests.integrations.payloads import shopify_order
from tests.integrations.signing import ACTOR, deliver, make_connection, post

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(ada):
    return make_connection("shopify")


def knock(times, at=NOON):
    with time_machine.travel(at, tick=False):
        for _time in range(times):
            post("shop", b"{}", {})


def test_writes_once_a_day_to_whoever_keeps_the_shops(shop, ada):
    knock(3)

    assert [alarms.warn(NOON + MINUTE), alarms.warn(NOON + 2 * MINUTE)] == [1, 0]

    letter = Message.objects.get()
    assert (letter.to, letter.subject) == (ada.user.email, "Messages of Shop are turned away")
    assert "3 messages of Shop were turned away" in letter.text
    assert "This message carries no signature that we know." in letter.text
    assert "/manage/shops/shop/" in letter.text


def test_takes_a_stranger_who_knocks_for_no_alarm(shop):
    knock(2)

    assert alarms.warn(NOON + MINUTE) == 0
    assert not Message.objects.exists()


def test_is_quiet_once_something_fits_again(shop):
    knock(3)
    with time_machine.travel(NOON + MINUTE, tick=False):
        deliver(*shop, shopify_order(), topic="orders/create")

    assert alarms.warn(NOON + 2 * MINUTE) == 0


def test_writes_again_on_the_next_day(shop):
    knock(3)
    alarms.warn(NOON + MINUTE)
    knock(3, NOON + timedelta(days=1))

    assert alarms.warn(NOON + timedelta(days=1) + MINUTE) == 1
    assert Message.objects.count() == 2


def test_forgets_what_was_long_ago(shop):
    knock(3)

    assert alarms.warn(NOON + timedelta(hours=1)) == 0


def test_writes_daily_while_a_shop_does_not_say_what_changed(shop, ada):
    row = asking.allow(shop[0], "https://shop.example", ["shpat_0123456789abcdef0123456789abcdef"], ACTOR, NOON)
    Pull.objects.filter(pk=row.pk).update(reason="token_refused", failing_since=NOON)
    day = timedelta(days=1)

    counts = [alarms.warn(NOON + wait) for wait in (day, day + MINUTE, day + 2 * MINUTE, 2 * day)]

    assert counts == [0, 1, 0, 1]
    letter = Message.objects.earliest("pk")
    assert letter.subject == "Shop does not say what changed"
    assert "It does not take our token." in letter.text
