import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from advocacy_platform import privacy
from advocates import suspending
from advocates.staff import party
from rewards import proof, releasing
from rewards.catalogue import items, redemptions
from rewards.catalogue.addresses import Address, BadAddress
from rewards.ledger import BadAmount, InsufficientBalance
from rewards.models import Item, PoolCode, Redemption, Reward, Transfer
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_advocate, make_reward
from tests.rewards.catalogue.shelf import ACTOR, HOME, balances, everything, fulfil, make_item, take

DAY = timedelta(days=1)


def give(advocate, amount=1500, unit="PTS", **fields):
    return make_reward(advocate.person, amount, unit=unit, **fields)


def test_takes_what_an_item_costs_out_of_what_expires_the_soonest(cleo):
    late = give(cleo, 800, expires_at=NOON + 60 * DAY)
    soon = give(cleo, 700, expires_at=NOON + DAY)
    never = give(cleo, 500)
    item = make_item(stock=3)

    taken = take(cleo, item)

    assert (taken.state, taken.amount, taken.unit, taken.due_at) == ("requested", 1000, "PTS", NOON)
    moved = Transfer.objects.filter(entry=f"{taken.name}:taken").order_by("number").values_list("reward", "amount")
    assert list(moved) == [(soon.pk, 700), (late.pk, 300)]
    assert balances(cleo) == {"available": 1000, "in_flight": 1000}
    assert Reward.objects.get(pk=never.pk).available == 500
    item.refresh_from_db()
    assert (item.taken, item.left) == (1, 2)
    event = Event.objects.get(name="redemption.requested")
    assert (event.person, event.payload) == (
        cleo.person.pk,
        {"version": 1, "item": str(item.public_id), "unit": "PTS", "amount": 1000},
    )
    assert AuditEntry.objects.filter(verb="redemption.requested", actor_id="test").count() == 1


def test_takes_once_whatever_is_sent_twice(cleo):
    give(cleo, 5000)
    item = make_item()

    first, second = take(cleo, item, token="one"), take(cleo, item, token="one")

    assert first.pk == second.pk
    assert balances(cleo) == {"available": 4000, "in_flight": 1000}
    assert Item.objects.get().taken == 1


def test_lets_people_choose_how_much_store_credit(cleo, shop):
    give(cleo, 5000, "credit:USD")
    item = make_item("store_credit", unit="credit:USD", price=500, has_open_amount=True, value=None)

    taken = take(cleo, item, amount=1234)

    assert (taken.amount, taken.value, taken.currency) == (1234, 1234, "USD")
    assert balances(cleo, "credit:USD") == {"available": 3766, "in_flight": 1234}


OPEN = {"kind": "store_credit", "unit": "credit:USD", "has_open_amount": True}


@pytest.mark.parametrize(
    ("fields", "wish", "refusal"),
    [
        ({"price": 1501}, {}, InsufficientBalance),
        ({"unit": "credit:USD"}, {}, InsufficientBalance),
        ({"offered_at": None}, {}, items.NotOffered),
        ({"withdrawn_at": NOON}, {}, items.NotOffered),
        ({"stock": 0}, {}, items.SoldOut),
        ({"kind": "discount_code"}, {}, items.SoldOut),
        ({"countries": ["DE"]}, {}, items.NoCountry),
        ({"kind": "goods", "needs_address": True}, {}, redemptions.AddressMissing),
        ({"kind": "goods", "needs_address": True, "countries": ["DE"]}, {"address": HOME}, items.OtherCountry),
        ({}, {"amount": 1}, BadAmount),
        ({}, {"amount": -1000}, BadAmount),
        ({}, {"amount": 10**30}, BadAmount),
        (OPEN, {"amount": 0}, BadAmount),
        (OPEN, {"amount": True}, BadAmount),
        (OPEN, {"amount": 999}, redemptions.BelowPrice),
        (OPEN, {"amount": 10**30}, InsufficientBalance),
    ],
)  # fmt: skip
def test_refuses_and_changes_nothing(cleo, fields, wish, refusal):
    give(cleo)
    item = make_item(**fields)
    before = everything()

    with pytest.raises(refusal):
        take(cleo, item, **wish)

    assert everything() == before


def test_refuses_people_who_are_suspended_or_live_elsewhere(cleo, ben):
    give(cleo)
    give(ben)
    item = make_item(countries=["DE"])
    suspending.suspend(cleo.person, ACTOR, "a look first", NOON)
    type(ben).objects.filter(pk=ben.pk).update(country="FR")
    before = everything()

    with pytest.raises(suspending.Suspended):
        take(cleo, item)
    with pytest.raises(items.OtherCountry):
        take(ben, item)

    assert everything() == before


@pytest.mark.parametrize(
    "changed", [{"name": " "}, {"town": ""}, {"country": "XX"}, {"street": "a" * 201}, {"town": "\0"}]
)
def test_knows_an_address_that_nothing_could_be_sent_to(changed):
    told = {"name": "Cleo", "street": "Via Roma 1", "postcode": "", "town": "Roma", "country": "IT"}
    assert Address(**told).lines == ["Cleo", "Via Roma 1", "Roma", "Italy"]

    with pytest.raises(BadAddress):
        Address(**{**told, **changed})


def test_sets_a_code_aside_and_gives_it_free_when_it_is_called_off(cleo):
    give(cleo)
    item = make_item("discount_code", codes=["ONE", "TWO"])

    taken = take(cleo, item)
    assert PoolCode.objects.get(holder=taken.name).text == "ONE"
    redemptions.call_off(taken, ACTOR, NOON)

    taken.refresh_from_db()
    assert (taken.state, taken.ended_at, taken.due_at) == ("cancelled", NOON, None)
    assert PoolCode.objects.filter(holder="", taken_at=None).count() == 2
    assert balances(cleo) == {"available": 1500}
    assert Item.objects.get().taken == 0
    assert [event.name for event in Event.objects.filter(subject_kind="redemption").order_by("pk")] == [
        "redemption.requested",
        "redemption.cancelled",
    ]
    fulfil()
    assert balances(cleo) == {"available": 1500}
    with pytest.raises(redemptions.TooLate):
        redemptions.call_off(taken, ACTOR, NOON)


def test_what_came_back_after_it_should_have_expired_expires(cleo):
    reward = give(cleo, 1500, expires_at=NOON + DAY)
    taken = take(cleo, make_item())
    releasing.release_due(NOON + 2 * DAY)
    Reward.objects.filter(pk=reward.pk).update(due_at=NOON + DAY)
    while releasing.release_due(NOON + 2 * DAY):
        pass
    assert balances(cleo) == {"in_flight": 1000}

    redemptions.call_off(taken, ACTOR, NOON + 2 * DAY)
    while releasing.release_due(NOON + 2 * DAY):
        pass

    reward.refresh_from_db()
    assert (reward.expired, reward.available, reward.in_flight) == (1500, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_for_the_last_points_take_them_once(together):
    cleo = make_advocate("cleo")
    give(cleo, 1500)
    item = make_item(stock=5)

    answers = together([lambda: take(cleo, item, token="one"), lambda: take(cleo, item, token="two")])

    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(answer) for answer in refused] == [InsufficientBalance]
    assert balances(cleo) == {"available": 500, "in_flight": 1000}
    assert (Redemption.objects.count(), Item.objects.get().taken) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["perk", "discount_code"])
def test_two_at_once_for_the_last_item_take_it_once(together, kind):
    people = [make_advocate("cleo"), make_advocate("ben")]
    for advocate in people:
        give(advocate, 1500)
    item = make_item("discount_code", codes=["LAST"]) if kind == "discount_code" else make_item(stock=1)

    answers = together([lambda: take(people[0], item), lambda: take(people[1], item)])

    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [(type(answer), str(answer.detail)) for answer in refused] == [
        (items.SoldOut, "There is none left right now.")
    ]
    assert sorted(balances(advocate)["available"] for advocate in people) == [500, 1500]
    assert (Redemption.objects.count(), Item.objects.get().taken) == (1, 1)
    assert [str(finding) for finding in proof.verify()] == []


@pytest.mark.django_db(transaction=True)
def test_of_expiry_and_a_redemption_exactly_one_wins(together):
    cleo = make_advocate("cleo")
    reward = give(cleo, 1000, expires_at=NOON + DAY, due_at=NOON + DAY)
    item = make_item()

    together([lambda: take(cleo, item), lambda: releasing.release_due(NOON + DAY)])

    reward.refresh_from_db()
    assert (reward.in_flight, reward.expired) in [(1000, 0), (0, 1000)]
    assert Redemption.objects.count() == (1 if reward.in_flight else 0)


@pytest.mark.parametrize(
    "broken",
    [
        {"price": 0},
        {"cost": -1},
        {"kind": "discount_code"},
        {"has_open_amount": True},
        {"kind": "store_credit", "value": None},
        {"value": 5},
    ],
)
def test_the_database_refuses_an_item_that_contradicts_itself(db, broken):
    item = make_item()

    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(**broken)
    for name, value in broken.items():
        setattr(item, name, value)
    with pytest.raises(items.BadItem):
        items.save(item, None, ACTOR, NOON)


def test_there_are_never_fewer_of_an_item_than_are_taken(cleo):
    give(cleo, 5000)
    item = make_item(stock=5)
    take(cleo, item, token="one")
    take(cleo, item, token="two")
    item.stock = 1

    with pytest.raises(items.BadItem) as refusal:
        items.save(item, None, ACTOR, NOON)
    assert str(refusal.value.detail) == "This can't be offered: more are taken already than there would be."
    item.stock = 2
    items.save(item, None, ACTOR, NOON)

    item.refresh_from_db()
    assert (item.stock, item.taken) == (2, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(taken=3)


def test_whoever_is_erased_is_sent_nothing_and_leaves_no_address(cleo):
    give(cleo, 5000)
    goods = make_item("goods", needs_address=True)
    packed = take(cleo, goods, address=HOME, token="packed")
    fulfil()
    waiting = take(cleo, goods, address=HOME, token="waiting")

    privacy.erase(cleo.person, party(cleo.user), NOON)

    packed.refresh_from_db()
    waiting.refresh_from_db()
    assert (packed.state, waiting.state) == ("sent", "cancelled")
    assert (packed.address, waiting.address, waiting.token) == ("", "", waiting.token)
    assert [str(finding) for finding in proof.verify()] == []


def test_people_take_away_what_they_took(cleo):
    give(cleo, 5000)
    take(cleo, make_item("goods", needs_address=True), address=HOME)

    told = json.loads(json.dumps(privacy.export(cleo.person)["rewards"], default=str))

    row = told["redemptions"][0]
    assert (row["item__name"], row["amount"], row["state"]) == ("A bag of beans", 1000, "requested")
    assert row["address"] == ["Cleo Marchetti", "Via Roma 1", "00100 Roma", "Italy"]
