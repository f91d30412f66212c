from datetime import timedelta

import pytest

from advocacy_platform import privacy
from advocates.models import Notice
from advocates.staff import party
from brand.models import Message
from customers.told import CustomerFact
from rewards import expiring, letters, lots, proposals
from rewards.models import Redemption, Reward, Scheme
from rewards.plans import Benefit, PlanDocument
from rewards.proposals import Wanted
from spine import events
from tests.factories import NOON, make_advocate, make_reward
from tests.rewards.catalogue.shelf import fulfil, make_item, take
from tests.rewards.living import DAY, dispute, follow, open_program, order, refund

FREE = NOON + 14 * DAY


def tell(at=NOON):
    """Let the letters catch up with what happened."""
    while events.number(at) or letters.tell(at):
        pass


def notices(advocate):
    return list(Notice.objects.filter(person=advocate.person).order_by("pk").values_list("text", flat=True))


def mails(advocate):
    found = Message.objects.filter(to=advocate.user.email, key__startswith="rewards.").order_by("pk")
    return [(mail.subject, mail.is_transactional) for mail in found]


def test_tells_of_a_promise_on_the_site_and_of_what_is_free_by_mail_too(ben):
    open_program(ben)
    order()
    tell()
    assert notices(ben) == ["$10 is on its way for a friend's order. It is free on Dec 5."]
    assert mails(ben) == []

    follow(FREE)
    tell(FREE)

    assert notices(ben)[1:] == ["$10 is free to use."]
    assert mails(ben) == [("$10 is free to use.", False)]
    before = Message.objects.count(), Notice.objects.count()
    tell(FREE)
    assert (Message.objects.count(), Notice.objects.count()) == before


def test_says_what_went_back_and_why(ben):
    open_program(ben)
    order()
    refund("r-1", 3000)
    tell()
    dispute("opened")
    dispute("lost")
    tell()

    assert notices(ben)[1:] == [
        "$3 went back: the order was paid back, wholly or in part.",
        "$7 went back: the buyer's bank took the money.",
    ]
    assert mails(ben) == [
        ("$3 went back: the order was paid back, wholly or in part.", True),
        ("$7 went back: the buyer's bank took the money.", True),
    ]


def test_says_what_is_owed_of_what_was_spent(ben):
    open_program(ben)
    order()
    follow(FREE)
    take(ben, make_item("perk", unit="credit:USD", price=1000), at=FREE)
    fulfil(FREE)
    Redemption.objects.update(outcome="arrived", due_at=FREE)
    fulfil(FREE)
    tell(FREE)

    refund("r-1", 3000, at=FREE)
    tell(FREE)

    assert notices(ben)[-2:] == [
        "A bag of beans is yours.",
        "$3 went back: the order was paid back, wholly or in part."
        " You had spent $3 of it, which is taken off what you earn next.",
    ]


def test_many_things_at_once_are_one_letter(ben):
    open_program(ben)
    for number in range(5):
        order(f"10{number}")
    follow(FREE)
    tell(FREE)

    assert len(notices(ben)) == 10
    assert mails(ben) == [("News about what you earned", False)]
    assert Message.objects.get(key__startswith="rewards.letters").text.count("$10 is free to use.") == 5


def test_a_friend_who_joined_hears_of_theirs_and_one_who_did_not_of_nothing(ben, cleo):
    plan = PlanDocument((Benefit("friend", "credit", fixed=500, hold_days=14),))
    open_program(ben, plan)
    order(customer=CustomerFact("c-1", "stranger@example.com"))
    tell()
    assert Reward.objects.count() == 1
    assert (Notice.objects.count(), mails(ben)) == (0, [])

    order("1002", customer=CustomerFact("c-2", cleo.user.email))
    tell()

    said = "$5 is on its way, as our thanks for your order. It is free on Dec 5."
    assert notices(cleo) == [said]
    assert mails(cleo) == [(said, False)]


def test_says_what_one_of_us_gave_and_took(cleo, ada):
    scheme = Scheme.objects.create(name="Scheme", created_at=NOON)
    told = {"person": cleo.person.pk, "scheme": scheme, "unit": "credit:USD"}
    proposals.propose(Wanted("award", 500, "For the photo.", "a", **told), ada.user, NOON)
    follow(NOON)
    proposals.propose(
        Wanted("take_away", 200, "It was the wrong photo.", "b", reward=Reward.objects.get()), ada.user, NOON
    )
    tell()

    assert notices(cleo) == [
        "We gave you $5: For the photo.",
        "We took $2 back, which you had got by a mistake of ours: It was the wrong photo.",
    ]


def test_whoever_left_is_told_nothing(cleo):
    make_reward(cleo.person, 500, expires_at=NOON + 5 * DAY)
    privacy.erase(cleo.person, party(cleo.user), NOON)
    before = Message.objects.count()

    tell()
    expiring.warn(NOON)

    assert (Message.objects.count(), Notice.objects.count()) == (before, 0)


def expires(advocate, days, usable=60, amount=500, **fields):
    at = NOON + timedelta(days=days)
    return make_reward(advocate.person, amount, expires_at=at, at=at - timedelta(days=usable), **fields)


def test_warns_thirty_and_seven_days_before_and_once_each(cleo):
    expires(cleo, 30, amount=1200)
    expires(cleo, 31)
    expires(cleo, 29, amount=700)

    assert expiring.warn(NOON) == 2
    assert expiring.warn(NOON) == 0
    assert notices(cleo) == ["$7 expires on Dec 20.", "$12 expires on Dec 21."]
    assert mails(cleo) == [("Some of what you earned expires soon", False)]
    assert expiring.warn(NOON + 1 * DAY) == 1
    assert expiring.warn(NOON + 21 * DAY) == 0
    assert expiring.warn(NOON + 22 * DAY) == 1
    assert expiring.warn(NOON + 24 * DAY) == 2
    assert expiring.warn(NOON + 25 * DAY) == 0

    assert len(mails(cleo)) == 4


@pytest.mark.parametrize(("usable", "days", "told"), [(30, 20, 0), (31, 20, 1), (7, 5, 0), (8, 5, 1), (20, 6, 1)])
def test_does_not_repeat_at_once_what_was_told_when_it_became_free(cleo, usable, days, told):
    expires(cleo, days, usable)

    expiring.warn(NOON)

    assert len(mails(cleo)) == told


def test_warns_of_nothing_that_is_spent_or_gone(cleo):
    expires(cleo, 0)
    expires(cleo, 10, available=False)
    reward = expires(cleo, 10)
    lots.take(cleo.person.pk, reward.unit, 500, "test:1", NOON)

    assert expiring.warn(NOON) == 0


def test_says_the_day_as_it_is_where_one_lives(cleo):
    type(cleo).objects.filter(pk=cleo.pk).update(time_zone="Pacific/Auckland")
    expires(cleo, 30)

    expiring.warn(NOON)

    assert notices(cleo) == ["$5 expires on Dec 22."]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_warn_once(together):
    cleo = make_advocate("cleo")
    for _number in range(6):
        expires(cleo, 10)

    together([lambda: expiring.warn(NOON), lambda: expiring.warn(NOON)])
    while expiring.warn(NOON):
        pass

    assert len(notices(cleo)) == 6


@pytest.mark.parametrize("count", [1, 8])
def test_asks_the_database_as_often_for_many_as_for_few(ben, django_assert_num_queries, count):
    open_program(ben)
    for number in range(count):
        order(f"10{number}")
    events.number(NOON)

    with django_assert_num_queries(19):
        letters.tell(NOON)
