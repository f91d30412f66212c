import base64
import uuid
from datetime import timedelta

import pytest

from customers.models import Person
from customers.orders import record_order
from customers.told import LineFact, OrderFact
from referrals import touches
from referrals.models import Code, CutClick, FriendCode, Touch
from referrals.touches import Told
from referrals.visits import tokens
from referrals.visits.tokens import Token
from tests.factories import LONG_AGO, NOON, make_advocate, make_link, make_pool_code, make_program, make_source

MINUTE = timedelta(minutes=1)
YESTERDAY = NOON - timedelta(days=1)


@pytest.fixture
def link(ben):
    """Ben's link, with the code BEN42."""
    return make_link(make_program(), ben, "BEN42")


@pytest.fixture
def friend(db):
    """Somebody who came by it."""
    return Person.objects.create()


@pytest.fixture
def order(db):
    """An order of the shop's."""
    make_source("shop")
    return record_order(OrderFact("shop", "1001", "USD", NOON, (LineFact("1", "goods", 1),)), NOON).order


def token(link, at=YESTERDAY, click=None):
    return tokens.sign(Token(link.pk, click or uuid.uuid4(), at))


def take(friend, told, **fields):
    return touches.take(friend, told, **{"touched_at": NOON, "at": NOON, **fields})


def test_keeps_a_visit_at_its_own_instant(link, friend):
    click = uuid.uuid4()

    [touch] = take(friend, Told(tokens=(token(link, YESTERDAY, click),)))

    assert Touch.objects.get() == touch
    assert (touch.kind, touch.key) == ("link", f"link:{click}:{friend.pk}")
    assert (touch.link, touch.program_id, touch.person) == (link, link.program_id, friend)
    assert (touch.touched_at, touch.recorded_at, touch.click_id) == (YESTERDAY, NOON, click)
    assert (touch.order, touch.lead, touch.granted_at) == (None, None, None)


def test_keeps_a_code_at_the_instant_of_its_order(link, friend, order):
    [touch] = take(friend, Told(code=" ben42 "), touched_at=YESTERDAY, order=order)

    code = Code.objects.get()
    assert (touch.kind, touch.key) == ("code", f"code:{code.pk}:{friend.pk}:{order.public_id}")
    assert (touch.link, touch.touched_at, touch.recorded_at, touch.order) == (link, YESTERDAY, NOON, order)


def test_hears_a_code_without_an_order_once_a_day(link, friend):
    first = take(friend, Told(code="BEN42"))
    again = take(friend, Told(code="BEN42"), touched_at=NOON + 11 * 60 * MINUTE)
    tomorrow = take(friend, Told(code="BEN42"), touched_at=NOON + 12 * 60 * MINUTE)

    assert (len(first), len(again), len(tomorrow)) == (1, 0, 1)


def test_takes_an_advocates_own_code_as_a_coupon(link, friend, order):
    [touch] = take(friend, Told(coupon="ben42"), order=order)

    assert (touch.kind, touch.key, touch.link) == ("coupon", f"coupon:BEN42:{friend.pk}:{order.public_id}", link)


def test_takes_the_coupon_that_the_friend_page_gave(link, friend, order):
    pool_code = make_pool_code(link.program, "TEN-7")
    FriendCode.objects.create(program=link.program, link=link, holder="h", pool_code=pool_code, given_at=NOON)
    make_pool_code(link.program, "TEN-8")

    taken = take(friend, Told(coupon=" ten-7"), order=order)

    assert [(touch.kind, touch.key, touch.link) for touch in taken] == [
        ("coupon", f"coupon:TEN-7:{friend.pk}:{order.public_id}", link)
    ]
    assert take(friend, Told(coupon="TEN-8"), order=order) == []


def test_keeps_everything_that_was_told_once(link, friend, order, dan):
    other = make_link(link.program, dan, "DAN7")
    told = Told((token(link), token(other), token(link, YESTERDAY + MINUTE)), "BEN42", "DAN7")

    first = take(friend, told, order=order)
    again = take(friend, told, order=order)

    assert sorted(touch.kind for touch in first) == ["code", "coupon", "link", "link", "link"]
    assert again == []
    assert Touch.objects.count() == 5


def test_keeps_one_visit_for_each_of_two_people(link, friend):
    told = Told((token(link),))

    take(friend, told)
    take(Person.objects.create(), told)

    assert Touch.objects.count() == 2


def altered(text):
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[0] ^= 1
    return base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "told",
    [
        lambda link: Told(("", "a:b:c", "x" * 200, "é" * 55, "=" * tokens.LENGTH)),
        lambda link: Told((altered(token(link)),)),
        lambda link: Told((token(link, NOON + 5 * MINUTE + timedelta(milliseconds=1)),)),
        lambda link: Told((tokens.sign(Token(link.pk + 1000, uuid.uuid4(), YESTERDAY)),)),
        lambda link: Told(("x",) * 10 + (token(link),)),
        lambda link: Told(code="NOBODY", coupon="NOTHING"),
        lambda link: Told(code="x" * 64, coupon="\ufdfa" * 64),
        lambda link: Told(code=" ", coupon=" "),
        lambda link: Told(),
    ],
)
def test_passes_over_what_tells_nothing(link, friend, told):
    assert take(friend, told(link)) == []
    assert Touch.objects.count() == 0


def test_passes_over_a_visit_that_its_visitor_cut(link, friend):
    click = uuid.uuid4()
    CutClick.objects.create(click_id=click, at=NOON)

    taken = take(friend, Told((token(link, YESTERDAY, click), token(link, LONG_AGO))))

    assert [touch.touched_at for touch in taken] == [LONG_AGO]


def test_passes_over_the_code_of_somebody_who_was_erased(link, friend):
    Code.objects.update(text="")

    assert take(friend, Told(code="BEN42", coupon="BEN42")) == []


def test_asks_no_more_for_ten_visits_than_for_one(link, friend, django_assert_num_queries):
    for count in (1, 10):
        told = Told(tuple(token(link) for _ in range(count)), "BEN42", "BEN42")

        # Links, cut visits, the code, the coupon as given and as a code, and one insert.
        with django_assert_num_queries(6):
            take(friend, told)


def test_keeps_a_visit_once_that_is_told_20_times_at_once(together, ben_link):
    link, person = ben_link
    told = Told((token(link), token(link, LONG_AGO)), "BEN42")

    taken = together([lambda: take(person, told)] * 20)

    assert sorted(len(new) for new in taken) == [0] * 19 + [3]
    assert Touch.objects.count() == 3


@pytest.fixture
def ben_link(transactional_db):
    """The same link where threads can see it, and a friend."""
    return make_link(make_program(), make_advocate("ben"), "BEN42"), Person.objects.create()
