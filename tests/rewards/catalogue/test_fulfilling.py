from datetime import timedelta

import pytest
from django.db import connection

from advocates.suspending import ReasonMissing
from brand.models import Message
from rewards import pools, proof
from rewards.catalogue import by_hand, fulfilling, redemptions
from rewards.models import Item, PoolCode, Redemption, Transfer
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_advocate, make_reward
from tests.rewards.catalogue.shelf import (
    ACTOR,
    HOME,
    MUCH_LATER,
    after_lease,
    balances,
    fulfil,
    make_item,
    take,
)


class Killed(BaseException):
    """A worker that is gone from one statement to the next."""


@pytest.fixture
def rich(cleo):
    """Cleo, who can afford a few things."""
    make_reward(cleo.person, 3000, unit="PTS")
    return cleo


def story():
    found = Event.objects.filter(subject_kind="redemption").order_by("pk")
    return [(event.name.removeprefix("redemption."), event.payload["version"]) for event in found]


def letters():
    return list(Message.objects.filter(key__startswith="redemption-").order_by("pk").values_list("key", flat=True))


def test_hands_out_the_code_that_was_set_aside(rich):
    taken = take(rich, make_item("discount_code", codes=["ONE", "TWO"]))

    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.result, taken.ended_at, taken.due_at) == ("arrived", "ONE", NOON, None)
    assert balances(rich) == {"available": 2000}
    assert Transfer.objects.get(act="deliver").amount == 1000
    assert story() == [("requested", 1), ("arrived", 2)]
    assert letters() == [f"redemption-arrived:{taken.public_id}"]
    assert "Your code: ONE" in Message.objects.get().text
    before = list(Transfer.objects.values())
    fulfil(MUCH_LATER)
    assert list(Transfer.objects.values()) == before


def test_a_pool_that_is_empty_after_all_gives_what_it_took_back(rich):
    item = make_item("discount_code", codes=["ONE"])
    taken = take(rich, item)
    pools.put_back(taken.name)
    PoolCode.objects.update(holder="somebody", taken_at=NOON)

    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.reason) == ("failed", "There is no code left right now.")
    assert balances(rich) == {"available": 3000}
    assert Item.objects.get().taken == 0
    assert "There is no code left right now." in Message.objects.get(key__startswith="redemption-failed").text


def test_the_shop_books_store_credit(rich, shop):
    taken = take(rich, make_item("store_credit", value=750))

    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.result) == ("arrived", "GC-77")
    assert shop.booked == {taken.key: ("USD", 750)}
    assert shop.asked == [("requested", taken.key)]
    assert balances(rich) == {"available": 2000}


def test_what_the_shop_refuses_comes_back_with_its_reason(rich, shop):
    shop.refused.add(None)
    taken = take(rich, make_item("store_credit"))

    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.reason) == ("failed", "no such customer")
    assert balances(rich) == {"available": 3000}


def test_what_the_shop_accepts_is_asked_for_until_it_is_booked(rich, shop):
    shop.accepts_only = True
    taken = take(rich, make_item("store_credit"))
    fulfil()
    taken.refresh_from_db()
    assert (taken.state, taken.due_at) == ("sent", NOON + timedelta(minutes=15))
    shop.accepts_only = False

    fulfil(NOON + timedelta(minutes=15))

    taken.refresh_from_db()
    assert taken.state == "arrived"
    assert story() == [("requested", 1), ("sent", 2), ("arrived", 3)]


@pytest.mark.parametrize("mood", ["mute", "garbled", "other"])
def test_a_reply_that_is_lost_or_says_nothing_is_looked_up_and_never_sent_again(rich, shop, mood):
    shop.moods = [mood]
    taken = take(rich, make_item("store_credit"))

    fulfil()
    taken.refresh_from_db()
    assert (taken.state, taken.outcome) == ("unknown", "")
    assert balances(rich) == {"available": 2000, "in_flight": 1000}
    fulfil(MUCH_LATER)

    taken.refresh_from_db()
    assert taken.state == "arrived"
    assert [kind for kind, _key in shop.asked] == ["requested", "looked_up"]
    assert len(shop.booked) == 1
    assert story() == [("requested", 1), ("unanswered", 2), ("arrived", 3)]


def test_what_never_reached_the_shop_is_sent_again_under_the_same_key(rich, shop):
    shop.moods = ["deaf"]
    taken = take(rich, make_item("store_credit"))

    fulfil()
    fulfil(MUCH_LATER)

    taken.refresh_from_db()
    assert taken.state == "arrived"
    assert shop.asked == [(kind, taken.key) for kind in ("requested", "looked_up", "requested")]
    assert len(shop.booked) == 1


def test_a_shop_that_nobody_connected_leaves_it_for_later(rich, shop, settings):
    taken = take(rich, make_item("store_credit"))
    url, settings.STORE_CREDIT_URL = settings.STORE_CREDIT_URL, ""
    fulfil()
    taken.refresh_from_db()
    assert (taken.state, taken.error) == (
        "unknown", "NotConnected: STORE_CREDIT_URL and STORE_CREDIT_SECRET are not set",
    )  # fmt: skip
    settings.STORE_CREDIT_URL = url

    fulfil(MUCH_LATER)

    taken.refresh_from_db()
    assert taken.state == "arrived"


def test_a_worker_killed_with_the_reply_in_its_hand_hands_out_once(rich, shop, monkeypatch):
    taken = take(rich, make_item("store_credit"))
    answer = fulfilling.errands._call

    def killed(*args):
        answer(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fulfilling.errands, "_call", killed)
        with pytest.raises(Killed):
            fulfil()
    assert shop.booked == {taken.key: ("USD", 500)}
    fulfil(MUCH_LATER)

    taken.refresh_from_db()
    assert (taken.state, taken.result) == ("arrived", "GC-77")
    assert [kind for kind, _key in shop.asked] == ["requested", "looked_up"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["store_credit", "discount_code"])
def test_a_worker_killed_at_any_statement_hands_out_once(shop, kind):
    cleo = make_advocate("cleo")
    number, killed = 0, True
    while killed:
        number += 1
        make_reward(cleo.person, 1000, unit="PTS")
        item = make_item(kind, codes=[f"CODE{number}"] if kind == "discount_code" else ())
        taken = take(cleo, item)
        left = number

        def until_dead(execute, sql, params, many, context):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(until_dead):
                fulfil()
            killed = False
        except Killed:
            connection.close()
        fulfil(after_lease(NOON))
        fulfil(after_lease(after_lease(NOON)))
        taken.refresh_from_db()
        assert taken.state == "arrived", number
        assert letters().count(f"redemption-arrived:{taken.public_id}") == 1
        assert Transfer.objects.filter(act="deliver", entry=f"{taken.name}:ended").count() == 1
        assert [event for event, _version in story()].count("arrived") == number
    assert number > 10
    assert balances(cleo) == {}
    if kind == "store_credit":
        assert len(shop.booked) == number
    assert [str(finding) for finding in proof.verify()] == []


def test_what_people_pack_waits_for_them(rich, eva):
    taken = take(rich, make_item("goods", needs_address=True), address=HOME)

    fulfil()
    taken.refresh_from_db()
    assert (taken.state, taken.due_at) == ("sent", None)
    by_hand.mark_arrived(taken, eva.user, "Parcel 12 34", NOON)
    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.result) == ("arrived", "Parcel 12 34")
    assert story() == [("requested", 1), ("sent", 2), ("arrived", 3)]
    assert AuditEntry.objects.get(verb="redemption.marked_arrived").actor_id == str(eva.user.public_id)
    with pytest.raises(by_hand.NotByHand):
        by_hand.mark_failed(taken, eva.user, "too late", NOON)


def test_what_can_not_be_had_comes_back_in_words_that_its_person_reads(rich, eva):
    taken = take(rich, make_item())
    fulfil()

    with pytest.raises(ReasonMissing):
        by_hand.mark_failed(taken, eva.user, " ", NOON)
    by_hand.mark_failed(taken, eva.user, "The roaster closed.", NOON)
    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.reason) == ("failed", "The roaster closed.")
    assert balances(rich) == {"available": 3000}
    assert "The roaster closed." in Message.objects.get(key=f"redemption-failed:{taken.public_id}").text


def test_nobody_hands_anything_out_to_themselves(eva):
    make_reward(eva.person, 3000, unit="PTS")
    taken = take(eva, make_item())
    fulfil()
    taken.refresh_from_db()

    for mark in (by_hand.mark_arrived, by_hand.mark_failed):
        with pytest.raises(by_hand.OwnRedemption):
            mark(taken, eva.user, "words", NOON)

    assert Redemption.objects.get().outcome == ""


def test_takes_the_list_with_addresses_once_it_is_packed_nothing_is_called_off(rich, eva):
    goods = make_item("goods", needs_address=True)
    packed, called_off = take(rich, goods, address=HOME, token="a"), take(rich, goods, address=HOME, token="b")
    fulfil()
    redemptions.call_off(called_off, ACTOR, NOON)

    rows = by_hand.take_up(eva.user, NOON)
    fulfil()

    assert rows == [
        [str(packed.public_id), "A bag of beans", "Cleo", "Cleo Marchetti", "Via Roma 1", "00100", "Roma", "IT", NOON]
    ]
    with pytest.raises(redemptions.TooLate):
        redemptions.call_off(packed, ACTOR, NOON)
    states = {each.token: (each.state, each.taken_up_at) for each in Redemption.objects.all()}
    assert states == {"a": ("sent", NOON), "b": ("cancelled", None)}
    assert balances(rich) == {"available": 2000, "in_flight": 1000}
    assert Item.objects.get().taken == 1
    assert AuditEntry.objects.get(verb="redemption.taken_up").subject_id == str(packed.public_id)


def test_calls_off_at_the_shop_what_it_has_not_booked(rich, shop):
    shop.accepts_only = True
    taken = take(rich, make_item("store_credit"))
    fulfil()

    redemptions.call_off(taken, ACTOR, NOON)
    fulfil()

    taken.refresh_from_db()
    assert (taken.state, taken.reason) == ("cancelled", "called off")
    assert balances(rich) == {"available": 3000}
    assert shop.booked == {}
    assert letters() == []


def test_what_the_shop_has_booked_is_not_called_off(rich, shop):
    shop.moods = ["mute"]
    taken = take(rich, make_item("store_credit"))
    fulfil()
    redemptions.call_off(taken, ACTOR, NOON)

    fulfil(MUCH_LATER)

    taken.refresh_from_db()
    assert (taken.state, taken.result) == ("arrived", "GC-77")
    assert [kind for kind, _key in shop.asked] == ["requested", "called_off"]


@pytest.mark.parametrize("count", [2, 6])
def test_asks_the_database_as_often_for_each_of_many(rich, django_assert_num_queries, count):
    make_reward(rich.person, 50_000, unit="PTS")
    item = make_item()
    for number in range(count):
        take(rich, item, token=f"{number}")
    fulfil()
    Redemption.objects.update(outcome="arrived", due_at=NOON)

    with django_assert_num_queries(17 * count + 19):
        fulfilling.book_due(NOON)

    assert Redemption.objects.filter(state="arrived").count() == count
