import threading
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from customers.models import Person
from rewards import ledger, lots
from rewards.ledger import BadAmount, InsufficientBalance, Move, Owner
from rewards.models import Account, Reward, Scheme, Transfer
from tests.factories import LONG_AGO, NOON, make_occasion, make_reward

OWNED = ("on_hold", "available", "in_flight", "owed")


@pytest.fixture
def person(db):
    return Person.objects.create()


@pytest.fixture
def scheme(db):
    return Scheme.objects.create(name="Scheme", created_at=LONG_AGO)


def balances(person):
    found = Account.objects.filter(person=person).values_list("kind", "balance")
    return {kind: balance for kind, balance in found if balance}


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Account, Transfer, Reward)]


def test_promises_and_releases(person):
    reward = make_reward(person, 1500)

    assert balances(person) == {"available": 1500}
    assert [
        (each.act, each.source.kind, each.target.kind, each.amount) for each in Transfer.objects.order_by("pk")
    ] == [
        ("promise", "issued", "on_hold", 1500),
        ("release", "on_hold", "available", 1500),
    ]
    reward.refresh_from_db()
    assert (reward.available, reward.reversed, reward.state, reward.version) == (1500, 0, "available", 2)


def test_writes_an_entry_once(person):
    reward = make_reward(person, 1500, available=False)
    move = Move("release:once", "release", reward, "on_hold", "available", 1500)
    ledger.hold([Owner.of(reward)]).post([move], NOON)
    before = everything()

    again = Reward.objects.get()
    posted = ledger.hold([Owner.of(again)]).post(
        [Move("release:once", "release", again, "on_hold", "available", 1500)], NOON
    )

    assert posted == []
    assert everything() == before


def test_refuses_more_than_there_is(person):
    reward = make_reward(person, 1500)
    before = everything()

    with pytest.raises(InsufficientBalance), transaction.atomic():
        ledger.hold([Owner.of(reward)]).post([Move("x", "redeem", reward, "available", "in_flight", 1501)], NOON)

    assert everything() == before


def test_takes_no_amount_of_another_reward(person, scheme):
    small, _large = make_reward(person, 100, scheme=scheme), make_reward(person, 900, scheme=scheme)
    before = everything()

    with pytest.raises(InsufficientBalance), transaction.atomic():
        ledger.hold([Owner.of(small)]).post([Move("x", "redeem", small, "available", "in_flight", 500)], NOON)

    assert everything() == before


@pytest.mark.parametrize("amount", [0, -1, 1.5, float("nan"), 10**30, True, "5", None])
def test_refuses_what_is_no_amount(person, amount):
    reward = make_reward(person, 1500)
    before = everything()

    with pytest.raises(BadAmount), transaction.atomic():
        ledger.hold([Owner.of(reward)]).post([Move("x", "redeem", reward, "available", "in_flight", amount)], NOON)

    assert everything() == before


def test_the_database_refuses_a_balance_below_nothing(person):
    make_reward(person, 1500)

    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(kind="available").update(balance=-1)


def test_the_database_refuses_a_reward_that_is_nowhere(person):
    make_reward(person, 1500)

    with pytest.raises(IntegrityError), transaction.atomic():
        Reward.objects.update(available=1499)


@pytest.mark.parametrize("change", [{"amount": 2}, {"entry": "other"}, {"unit": "PTS"}])
def test_the_database_refuses_to_change_a_transfer(person, change):
    make_reward(person, 1500)

    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.all().delete()

    assert sorted(Transfer.objects.values_list("amount", "unit")) == [(1500, "credit:USD")] * 2


def test_the_database_refuses_the_same_entry_twice(person):
    reward = make_reward(person, 1500)
    first = Transfer.objects.first()

    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            entry=first.entry,
            number=1,
            act="promise",
            reward=reward,
            source=first.source,
            target=first.target,
            unit=first.unit,
            amount=1,
            at=NOON,
        )


def test_books_many_in_a_constant_number_of_statements(person, scheme, django_assert_max_num_queries):
    occasion = make_occasion(scheme, person)
    rewards = [
        Reward(
            key=f"many:{number}",
            occasion=occasion,
            scheme=scheme,
            person=person,
            unit="PTS",
            amount=5,
            reversed=5,
            side="advocate",
            promised_at=NOON,
            hold_until=NOON,
        )
        for number in range(300)
    ]
    Reward.objects.bulk_create(rewards)
    moves = [Move(f"promise:{each.key}", "promise", each, "issued", "on_hold", 5) for each in rewards]

    with django_assert_max_num_queries(10):
        ledger.hold(Owner.of(each) for each in rewards).post(moves, NOON)

    assert balances(person) == {"on_hold": 1500}
    assert set(Reward.objects.values_list("on_hold", "version", "state")) == {(5, 1, "promised")}


def test_takes_the_lots_that_expire_soonest(person):
    for days, amount in ((None, 100), (5, 200), (2, 300)):
        expires = NOON.replace(month=12, day=days) if days else None
        make_reward(person, amount, expires_at=expires)

    taken = lots.take(person.pk, "credit:USD", 450, "redemption:1", NOON)

    assert [transfer.amount for transfer in taken] == [300, 150]
    assert lots.available(person.pk, "credit:USD", NOON) == 150
    assert lots.take(person.pk, "credit:USD", 450, "redemption:1", NOON) == []


def test_takes_nothing_where_there_is_too_little(person):
    make_reward(person, 300)
    make_reward(person, 300, expires_at=NOON)
    before = everything()

    with pytest.raises(InsufficientBalance), transaction.atomic():
        lots.take(person.pk, "credit:USD", 301, "redemption:1", NOON)

    assert everything() == before


@pytest.mark.parametrize("first", ["arrive", "give_back"])
def test_what_was_taken_ends_once(person, first):
    make_reward(person, 300)
    lots.take(person.pk, "credit:USD", 300, "redemption:1", NOON)

    getattr(lots, first)("redemption:1", NOON)
    before = balances(person)

    for again in (lots.arrive, lots.give_back):
        with pytest.raises(lots.NotTaken), transaction.atomic():
            again("redemption:1", NOON)
    assert balances(person) == before == ({} if first == "arrive" else {"available": 300})


def test_nothing_taken_never_ends(db):
    with pytest.raises(lots.NotTaken):
        lots.arrive("redemption:unknown", NOON)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_last_at_once_one_wins():
    person = Person.objects.create()
    make_reward(person, 300)
    results, gate = [], threading.Barrier(2)

    def take(name):
        gate.wait()
        try:
            with transaction.atomic():
                lots.take(person.pk, "credit:USD", 300, name, NOON)
            results.append("won")
        except InsufficientBalance:
            results.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(str(uuid4()),)) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(results) == ["lost", "won"]
    assert balances(person) == {"in_flight": 300}
