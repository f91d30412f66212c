from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy_platform import silence
from brand.models import Message
from customers.models import Source
from customers.orders import record_order
from customers.told import LineFact, OrderFact
from spine import clock
from spine.models import AuditEntry
from tests.conftest import sign_in
from tests.factories import NOON, make_source, make_staff

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def order(source, at):
    record_order(OrderFact(source, f"{at}", "USD", at, (LineFact("1", "goods", 1),)), at)


def fall_silent(source, at=NOON):
    for n in range(1, 8):
        order(source, at - n * DAY - HOUR)


@pytest.fixture
def mona(db):
    """Mona, a moderator, who does not look after shops."""
    return make_staff("mona", "moderator")


def test_teaches_what_to_do_while_no_shop_is_connected(ada_client):
    page = ada_client.get("/manage/sources/").content.decode()

    assert "No shop is connected" in page
    assert "/manage/sources/connect/" in page


def test_lists_shops_with_what_is_known_of_them(ada_client):
    make_source("shop")
    make_source("trial", is_test=True, no_past_customers_at=NOON)
    make_source("old", past_customers_imported_at=NOON)
    fall_silent("old", clock.now())

    page = ada_client.get("/manage/sources/").content.decode()

    for told in ("Not said yet", "None yet", "Not heard yet", "Test shop", "There were none", "Silent"):
        assert told in page
    assert "/manage/sources/old/imported/" not in page
    assert "/manage/sources/trial/none/" not in page


def test_costs_the_same_for_twice_as_many_shops(ada_client):
    costs = []
    for n in range(2):
        for each in range(5):
            make_source(f"shop-{n}-{each}")
        with CaptureQueriesContext(connection) as queries:
            assert ada_client.get("/manage/sources/").status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_connects_a_shop(ada, ada_client):
    response = ada_client.post("/manage/sources/connect/", {"name": "Harbour Street"}, follow=True)

    assert "Its facts name it as “harbour-street”." in response.content.decode()
    assert Source.objects.get().name == "Harbour Street"
    entry = AuditEntry.objects.get(verb="source.connected")
    assert (entry.actor_id, entry.subject_id) == (str(ada.user.public_id), "harbour-street")


@pytest.mark.parametrize(("name", "status"), [("", 200), ("x" * 101, 200), ("SHOP", 409)])
def test_refuses_a_name_that_can_not_be(ada_client, name, status):
    make_source("shop")

    response = ada_client.post("/manage/sources/connect/", {"name": name})

    assert response.status_code == status
    assert 'aria-invalid="true"' in response.content.decode()
    assert Source.objects.count() == 1


@pytest.mark.parametrize(
    ("act", "column"), [("imported", "past_customers_imported_at"), ("none", "no_past_customers_at")]
)
def test_asks_before_it_notes_what_is_known_of_past_customers(ada_client, act, column):
    make_source("shop")

    asked = ada_client.get(f"/manage/sources/shop/{act}/")
    assert asked.status_code == 200
    assert getattr(Source.objects.get(), column) is None

    noted = ada_client.post(f"/manage/sources/shop/{act}/", follow=True)
    again = ada_client.post(f"/manage/sources/shop/{act}/")

    assert noted.redirect_chain == [("/manage/sources/", 302)]
    assert getattr(Source.objects.get(), column) is not None
    assert again.status_code == 409
    assert AuditEntry.objects.filter(verb="source.confirmed").count() == 1


@pytest.mark.parametrize("place", ["", "connect/", "shop/imported/", "shop/none/"])
def test_keeps_whoever_does_not_look_after_shops_out(mona, dan_client, client, place):
    make_source("shop")
    address = f"/manage/sources/{place}"

    assert sign_in(mona).post(address).status_code in (403, 405)
    assert sign_in(mona).get(address).status_code == 403
    assert dan_client.get(address).status_code in (302, 404)
    assert client.get(address).status_code == 302
    assert (Source.objects.get().name, AuditEntry.objects.count()) == ("Shop", 0)


@pytest.mark.parametrize("act", ["imported", "none"])
def test_finds_no_shop_that_is_not_connected(ada_client, act):
    assert ada_client.post(f"/manage/sources/nowhere/{act}/").status_code == 404


# --- Silence


def test_writes_once_for_each_silence_to_whoever_looks_after_shops(ada, mona):
    make_source("shop")
    fall_silent("shop")
    keeper = make_staff("kim", "program manager")

    first = silence.warn(NOON)
    again = silence.warn(NOON) + silence.warn(NOON + DAY)

    assert (first, again) == (2, 0)
    letters = Message.objects.order_by("to")
    assert [letter.to for letter in letters] == [ada.user.email, keeper.user.email]
    assert letters[0].subject == "Nothing from Shop for a day"
    assert "/manage/sources/" in letters[0].text


def test_writes_again_when_the_shop_falls_silent_again(ada):
    make_source("shop")
    fall_silent("shop")
    silence.warn(NOON)

    order("shop", NOON)

    assert silence.warn(NOON + HOUR) == 0
    assert silence.warn(NOON + DAY + HOUR) == 1


def test_writes_to_nobody_while_every_shop_speaks(ada):
    make_source("shop")
    order("shop", NOON - 2 * DAY)

    assert silence.warn(NOON) == 0
    assert Message.objects.count() == 0
