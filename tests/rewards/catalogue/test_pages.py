import json
from html import unescape

import pytest
from django.urls import reverse

from rewards.catalogue import redemptions
from rewards.models import Item, Redemption
from spine import clock
from tests.factories import make_key, make_program, make_reward
from tests.pictures import encoded, sent
from tests.rewards.catalogue.shelf import ACTOR, HOME, balances, everything, fulfil, make_item, take

CATALOGUE = reverse("rewards:catalogue")
REDEMPTIONS = reverse("rewards:redemptions")
TOKEN = "9f0c2a54-6c8a-4f0e-9d9e-0b1f5f0f8a11"


def text(answer):
    return " ".join(unescape(answer.content.decode()).split())


def page(item):
    return reverse("rewards:item", args=[item.public_id])


@pytest.fixture
def rich(cleo):
    """Cleo, who can afford a few things."""
    make_reward(cleo.person, 3000, unit="PTS", at=clock.now())
    return cleo


def test_shows_what_there_is_and_what_one_lacks(rich, cleo_client):
    make_item(name="Cheap", price=500)
    make_item(name="Dear", price=3250)
    make_item(name="Secret", offered_at=None)

    said = text(cleo_client.get(CATALOGUE))

    assert said.index("Cheap") < said.index("Dear")
    assert "250 points more to go" in said
    assert said.count("You can have it") == 1
    assert "Secret" not in said


def test_says_what_will_be_there_where_nothing_is(cleo_client, cleo):
    assert "Nothing here yet" in text(cleo_client.get(CATALOGUE))
    assert "Nothing taken yet" in text(cleo_client.get(REDEMPTIONS))


def test_takes_an_item_and_tells_how_far_it_has_come(rich, cleo_client):
    item = make_item("discount_code", name="10 % off", codes=["SAVE10"])
    assert "You pay 1,000 points from your balance now" in text(cleo_client.get(page(item)))

    answer = cleo_client.post(page(item), {"token": TOKEN})

    taken = Redemption.objects.get()
    where = reverse("rewards:redemption", args=[taken.public_id])
    assert (answer.status_code, answer.url) == (302, where)
    assert "Asked for" in text(cleo_client.get(where))
    fulfil(clock.now())
    said = text(cleo_client.get(where))
    assert "SAVE10" in said
    assert "It works once." in said
    assert "10 % off" in text(cleo_client.get(REDEMPTIONS))
    # The same form sent again.
    assert cleo_client.post(page(item), {"token": TOKEN}).url == where
    assert Redemption.objects.count() == 1


def test_keeps_what_was_typed_where_something_is_missing(rich, cleo_client):
    item = make_item("goods", needs_address=True, countries=["IT", "DE"])
    before = everything()

    answer = cleo_client.post(page(item), {"token": TOKEN, "name": "Cleo", "street": "Via Roma 1", "country": "FR"})

    assert answer.status_code == 422
    said = text(answer)
    assert "Via Roma 1" in said
    assert "France" not in said
    assert everything() == before


def test_says_why_it_can_not_be_had(rich, cleo_client):
    item = make_item(price=3001)
    before = everything()

    shown, refused = cleo_client.get(page(item)), cleo_client.post(page(item), {"token": TOKEN})

    assert "1 point more to go" in text(shown)
    assert refused.status_code == 409
    assert everything() == before
    assert cleo_client.get(page(make_item(offered_at=None))).status_code == 404


def test_calls_off_what_nobody_is_on(rich, cleo_client):
    taken = take(rich, make_item(), at=clock.now())
    where = reverse("rewards:call_off_redemption", args=[taken.public_id])
    assert cleo_client.get(where).status_code == 405

    cleo_client.post(where)

    assert balances(rich) == {"available": 3000}
    assert cleo_client.post(where).status_code == 409


def test_nobody_sees_what_others_took(rich, dan_client, dan, client):
    taken = take(rich, make_item("goods", needs_address=True), at=clock.now(), address=HOME)
    before = everything()

    for where in (f"{REDEMPTIONS}{taken.public_id}/", f"{REDEMPTIONS}{taken.public_id}/call-off/"):
        assert dan_client.post(where).status_code in (404, 405)
        assert dan_client.get(where).status_code in (404, 405)
        assert client.post(where).status_code in (302, 405)
    assert everything() == before


def test_asks_the_database_as_often_for_many_as_for_few(rich, cleo_client, django_assert_max_num_queries):
    for number in range(12):
        make_item(name=f"Item {number}")
        make_item("discount_code", codes=[f"CODE{number}"])
        take(rich, make_item(price=1), at=clock.now(), token=f"{number}")

    with django_assert_max_num_queries(12):
        cleo_client.get(CATALOGUE)
    with django_assert_max_num_queries(8):
        cleo_client.get(REDEMPTIONS)


def test_the_staff_add_an_item_and_offer_it(ada_client, ada):
    told = {
        "kind": "goods", "name": "Beans", "words": "250 g.", "unit": "PTS", "price": "1200", "currency": "usd",
        "cost": "4.50", "stock": "20", "countries": ["DE", "AT"], "needs_address": "on",
        "picture": sent(encoded()),
    }  # fmt: skip

    answer = ada_client.post(reverse("rewards:add_item"), told)

    item = Item.objects.get()
    where = reverse("rewards:change_item", args=[item.public_id])
    assert (answer.status_code, answer.url) == (302, where)
    assert (item.price, item.cost, item.stock, item.countries, item.currency) == (1200, 450, 20, ["DE", "AT"], "USD")
    assert item.picture.name.endswith(".webp")
    assert not item.is_offered
    assert 'value="4.50"' in ada_client.get(where).content.decode()
    ada_client.post(reverse("rewards:offer_item", args=[item.public_id]))
    item.refresh_from_db()
    assert item.is_offered
    ada_client.post(where, {**told, "picture": "", "price": "1300"})
    changed = Item.objects.get()
    assert (changed.price, changed.picture.name) == (1300, item.picture.name)
    ada_client.post(reverse("rewards:withdraw_item", args=[item.public_id]))
    assert not Item.objects.get().is_offered


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"price": "12.5"}, "Points are a whole number, such as 250."),
        ({"price": "0"}, "it takes an amount above nothing."),
        ({"unit": "credit:USD", "price": "1.999"}, "is not an exact amount of USD"),
        ({"currency": "ABC"}, "is not a currency"),
        ({"price": "1_0"}, "Points are a whole number, such as 250."),
        ({"kind": "discount_code"}, "a code comes out of a pool."),
        ({"kind": "store_credit"}, "store credit has a value."),
        ({"has_open_amount": "on"}, "only of store credit people choose how much."),
        ({"needs_address": "on"}, "only goods are sent by post."),
        ({"picture": sent(b"no picture")}, "can't be read as a picture"),
        ({"price": "9" * 24}, "Points are a whole number, such as 250."),
    ],
)
def test_says_what_is_wrong_with_an_item_and_keeps_what_was_typed(ada_client, ada, changed, said):
    told = {"kind": "perk", "name": "A tasting", "unit": "PTS", "price": "100", "currency": "USD"}

    answer = ada_client.post(reverse("rewards:add_item"), {**told, **changed})

    assert answer.status_code == 422
    assert said in text(answer)
    assert "A tasting" in text(answer)
    assert not Item.objects.exists()


def test_an_item_is_for_a_tier_that_there_is(ada_client, ada):
    scheme = make_program().scheme
    told = {"kind": "perk", "name": "A tasting", "unit": "PTS", "price": "100", "currency": "USD"}

    answer = ada_client.post(reverse("rewards:add_item"), {**told, "scheme": scheme.pk, "tier": "Gold"})

    assert answer.status_code == 422
    assert "that program has no tier of this name." in text(answer)
    assert not Item.objects.exists()


def test_store_credit_is_offered_once_a_shop_books_it(ada_client, ada, settings):
    settings.STORE_CREDIT_URL = ""
    item = make_item("store_credit", offered_at=None)

    answer = ada_client.post(reverse("rewards:offer_item", args=[item.public_id]), follow=True)

    assert "no shop is connected that books store credit" in text(answer)
    assert Item.objects.get().offered_at is None


def test_the_staff_hand_out_what_waits(rich, ada_client, ada):
    taken = take(rich, make_item("goods", needs_address=True), at=clock.now(), address=HOME)
    fulfil(clock.now())
    queue, one = reverse("rewards:manage_redemptions"), reverse("rewards:manage_redemption", args=[taken.public_id])
    assert "A bag of beans" in text(ada_client.get(queue))
    assert "00100 Roma" in text(ada_client.get(one))

    sheet = ada_client.post(reverse("rewards:take_up_redemptions"))
    lines = b"".join(sheet).decode().splitlines()
    assert lines[0].startswith("Reference,What,For,Name")
    assert "Cleo Marchetti,Via Roma 1,00100,Roma,IT" in lines[1]
    assert "on a list" in text(ada_client.get(queue))
    ada_client.post(f"{one}arrived/", {"words": "Parcel 12 34"})
    fulfil(clock.now())

    taken.refresh_from_db()
    assert (taken.state, taken.result) == ("arrived", "Parcel 12 34")
    assert "Nothing waits for you" in text(ada_client.get(queue))
    assert "A bag of beans" in text(ada_client.get(f"{queue}?state=arrived"))
    assert ada_client.post(f"{one}failed/", {"reason": "late"}).status_code == 409
    assert ada_client.post(f"{one}failed/", {"reason": ""}).status_code == 422


@pytest.mark.parametrize(
    "name", ["manage_catalogue", "add_item", "manage_redemptions", "take_up_redemptions", "change_item", "offer_item"]
)
def test_nobody_else_reaches_the_staff_side(dan_client, dan, name):
    item = make_item(offered_at=None)
    where = reverse(f"rewards:{name}", args=[item.public_id] if name in ("change_item", "offer_item") else [])

    assert dan_client.get(where).status_code in (403, 404, 405)
    assert dan_client.post(where).status_code in (403, 404, 405)

    assert Item.objects.get().offered_at is None


def test_systems_read_the_catalogue_and_take_something(rich, client):
    item = make_item("discount_code", codes=["ONE"])
    _key, reader = make_key("rewards:read")
    _key, token = make_key("rewards:read", "redemptions:write")
    asked = {"advocate": str(rich.person.pk), "item": str(item.public_id)}

    def call(method, path, key=token, **more):
        return client.generic(
            method, f"/api/v1/{path}", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}", **more
        )  # fmt: skip

    listed = call("GET", "catalogue").json()["results"]
    assert [(row["name"], row["price"], row["left"]) for row in listed] == [("A bag of beans", 1000, None)]
    assert call("POST", "redemptions", reader, data=json.dumps(asked)).status_code == 403
    made = call("POST", "redemptions", data=json.dumps(asked), HTTP_IDEMPOTENCY_KEY="k-1")
    again = call("POST", "redemptions", data=json.dumps(asked), HTTP_IDEMPOTENCY_KEY="k-1")
    assert (made.status_code, made.json()["state"]) == (201, "requested")
    assert again.json() == made.json()
    fulfil(clock.now())
    one = call("GET", f"redemptions/{made.json()['id']}").json()
    assert (one["state"], one["result"], one["version"]) == ("arrived", "ONE", 2)
    assert len(call("GET", f"redemptions?advocate={rich.person.pk}&state=arrived").json()["results"]) == 1
    sold_out = call("POST", "redemptions", data=json.dumps(asked))
    assert (sold_out.status_code, sold_out.json()["code"]) == (409, "sold_out")
    for bad, code in (
        ({"amount": -1}, 400),
        ({"more": 1}, 400),
        ({"address": {"name": ""}}, 400),
        ({"item": "x"}, 400),
    ):
        assert call("POST", "redemptions", data=json.dumps({**asked, **bad})).status_code in (code, 422)
    assert Redemption.objects.count() == 1


def test_says_that_something_is_called_off_at_the_shop_and_comes_back_or_not(rich, cleo_client, shop):
    shop.accepts_only = True
    taken = take(rich, make_item("store_credit"), at=clock.now())
    fulfil(clock.now())

    redemptions.call_off(taken, ACTOR, clock.now())

    where = reverse("rewards:redemption", args=[taken.public_id])
    assert "You called it off. We try to stop it" in text(cleo_client.get(where))
    fulfil(clock.now())
    assert "What it took is back in your balance." in text(cleo_client.get(where))
