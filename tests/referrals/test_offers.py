import uuid
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from advocates import suspending
from advocates.models import Advocate
from customers.canonical import canonical_hash
from referrals.models import Code, FriendCode, StateChange
from referrals.share import offers
from referrals.visits import tokens
from referrals.visits.tokens import Token
from rewards.models import PoolCode
from rewards.plans import Benefit, PlanDocument
from rewards.pools import PoolEmpty
from spine.models import Event
from tests.factories import NOON, TERMS, make_advocate, make_link, make_program, make_terms
from tests.referrals.offering import make_offer

ACTOR = ("user", "u-1")
HOUR = timedelta(hours=1)


def hand_out(email="dan@example.com", code="BEN42", at=NOON):
    return offers.hand_out(offers.find(code, at), email, at).pool_code.text


def visit(link, at=NOON):
    return tokens.sign(Token(link.pk, uuid.uuid4(), at))


def told(url):
    return dict(parse_qsl(urlsplit(url).query))


def test_finds_the_offer_behind_a_code(ben):
    link = make_offer(ben)

    offer = offers.find("ben42", NOON)

    assert (offer.link, offer.program, offer.benefit.percent, offer.terms, offer.inviter) == (
        link,
        link.program,
        1000,
        TERMS,
        "",
    )


def test_names_only_who_agreed_to_be_named(ben):
    make_offer(ben)
    Advocate.objects.filter(pk=ben.pk).update(is_named_to_friends=True, display_name="Ben Okafor")

    assert offers.find("BEN42", NOON).inviter == "Ben Okafor"


def test_finds_nothing_behind_a_code_that_leads_nowhere(ben):
    make_offer(ben)

    assert offers.find("BEN43", NOON) is None
    Code.objects.update(text="")
    assert offers.find("BEN42", NOON) is None


@pytest.mark.parametrize("state", ["paused", "ended", "draft"])
def test_offers_nothing_while_the_program_is_not_live(ben, state):
    link = make_offer(ben)
    StateChange.objects.create(program=link.program, state=state, at=NOON, recorded_at=NOON, changed_by="t")

    assert offers.find("BEN42", NOON).benefit is None
    assert offers.find("BEN42", NOON - HOUR).benefit is not None


def test_offers_nothing_where_nothing_comes_before_the_order(ben):
    after = PlanDocument((Benefit("friend", "credit", fixed=500),))
    make_link(make_program(plan=after), ben, "BEN42")

    assert offers.find("BEN42", NOON).benefit is None


def test_offers_nothing_by_the_link_of_who_is_suspended(ben):
    make_offer(ben)
    suspending.suspend(ben.person, ACTOR, "Spam", NOON)

    assert offers.find("BEN42", NOON).benefit is None
    suspending.lift(ben.person, ACTOR, "Enough", NOON + HOUR)
    assert offers.find("BEN42", NOON + HOUR).benefit is not None


def test_hands_out_one_code_and_keeps_no_address(ben):
    link = make_offer(ben, "TEN-1", "TEN-2")

    assert hand_out("Dan@Example.com") == "TEN-1"

    given = FriendCode.objects.get()
    assert (given.link, given.program, given.holder, given.given_at) == (
        link,
        link.program,
        canonical_hash("dan@example.com"),
        NOON,
    )
    assert PoolCode.objects.get(text="TEN-1").holder == given.holder
    event = Event.objects.get(name="friend_code.given")
    assert (event.person, event.subject_id, event.payload) == (
        ben.person.pk,
        str(link.public_id),
        {"program": str(link.program.public_id)},
    )


@pytest.mark.parametrize("again", ["dan.k@gmail.com", "DANK+shop@googlemail.com", "d.a.n.k@gmail.com"])
def test_shows_the_same_code_to_the_same_mailbox(ben, again):
    make_offer(ben, "TEN-1", "TEN-2")
    hand_out("dan.k@gmail.com")

    assert hand_out(again, at=NOON + HOUR) == "TEN-1"
    assert FriendCode.objects.count() == Event.objects.filter(name="friend_code.given").count() == 1


def test_shows_the_same_code_by_another_advocates_link(ben, cleo):
    link = make_offer(ben, "TEN-1", "TEN-2")
    make_link(link.program, cleo, "CLEO")

    assert hand_out() == hand_out(code="CLEO") == "TEN-1"
    assert FriendCode.objects.get().link == link


def test_shows_the_same_code_after_the_pool_was_changed(ben):
    link = make_offer(ben, "TEN-1")
    hand_out()
    make_terms(link.program, TERMS, PlanDocument((Benefit("friend", "discount_code", when="before", percent=500),)))

    assert hand_out() == "TEN-1"


def test_says_so_when_no_code_is_left(ben):
    make_offer(ben, "TEN-1")
    hand_out()

    with pytest.raises(PoolEmpty):
        hand_out("eve@example.com")
    assert FriendCode.objects.count() == 1


@pytest.mark.parametrize("pool", [None, "nonsense", "5b0b6a3e-64a4-4b5b-9f5d-1f8e0f6f6f10"])
def test_says_so_when_there_is_no_pool(ben, pool):
    plan = PlanDocument((Benefit("friend", "discount_code", when="before", percent=1000, pool=pool),))
    make_link(make_program(plan=plan), ben, "BEN42")

    with pytest.raises(PoolEmpty):
        hand_out()


def test_takes_no_code_of_another_programs_pool(ben, cleo):
    link = make_offer(ben, "TEN-1")
    pool = link.program.scheme.pools.get()
    plan = PlanDocument((Benefit("friend", "discount_code", when="before", percent=1000, pool=str(pool.public_id)),))
    make_link(make_program(plan=plan), cleo, "CLEO")

    with pytest.raises(PoolEmpty):
        hand_out(code="CLEO")
    assert PoolCode.objects.get().holder == ""


def test_refuses_an_address_for_an_hour(ben):
    make_offer(ben, "TEN-1")

    with pytest.raises(offers.DisposableAddress):
        hand_out("dan@mailinator.com")
    assert PoolCode.objects.get().holder == ""


def test_hands_out_one_code_to_who_asks_many_times_at_once(together):
    make_offer(make_advocate("ben"), *(f"TEN-{number}" for number in range(8)))

    given = together([hand_out] * 8)

    assert len(set(given)) == 1
    assert FriendCode.objects.count() == PoolCode.objects.exclude(holder="").count() == 1


def test_hands_out_each_code_once_to_many_at_once(together):
    make_offer(make_advocate("ben"), *(f"TEN-{number}" for number in range(5)))

    given = together([lambda number=number: hand_out(f"friend{number}@example.com") for number in range(8)])

    assert sorted(code for code in given if isinstance(code, str)) == [f"TEN-{number}" for number in range(5)]
    assert [type(code) for code in given if not isinstance(code, str)] == [PoolEmpty] * 3


def test_sends_a_friend_on_with_what_the_shop_needs(ben):
    link = make_offer(ben, destination="https://shop.example/new?a=1", utm={"utm_source": "r-{program}"})
    token = visit(link)

    url = offers.find("BEN42", NOON).onward(NOON, token=token, coupon="TEN-1")

    assert url.startswith("https://shop.example/new?a=1&")
    assert told(url) == {"a": "1", "utm_source": f"r-{link.program.slug}", "adv": token, "coupon": "TEN-1"}


def test_sends_no_token_on_that_proves_nothing(ben, cleo):
    link = make_offer(ben)
    others = visit(make_link(link.program, cleo, "CLEO"))
    offer = offers.find("BEN42", NOON)

    for token in ("x", "B" + visit(link)[1:], others, visit(link, NOON + HOUR), "a" * 5000):
        assert "adv" not in told(offer.onward(NOON, token=token))


def test_sends_a_friend_to_a_page_of_the_shop_only(ben):
    make_offer(ben)
    offer = offers.find("BEN42", NOON)

    assert offer.onward(NOON, to="https://shop.example/tea") == "https://shop.example/tea"
    for trick in ("//evil", "https://evil", "javascript:alert(1)", "https://shop.example@evil"):
        assert offer.onward(NOON, to=trick) == "https://shop.example/"
