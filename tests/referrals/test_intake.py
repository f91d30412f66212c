import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.facts import InTheFuture, UnknownSource
from customers.models import Customer, Dispute, Lead, Order, Person, Refund
from customers.orders import record_order
from customers.told import CaptureFact, CustomerFact, DisputeFact, LeadFact, LineFact, OrderFact, RefundFact
from customers.weighing import ConflictingFact
from referrals import conversions, intake, privacy
from referrals.models import Conversion, Touch
from referrals.review import claims
from referrals.touches import Told
from referrals.visits import tokens
from referrals.visits.tokens import Token
from spine.models import Event
from spine.privacy import Subject
from tests.factories import NOON, make_advocate, make_link, make_program, make_source, make_staff, make_touch, make_user
from tests.waiting import closing, is_somebody_waiting, wait_until

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GOODS = LineFact("1", "goods", 5000)
DAN = CustomerFact("c-9", "dan@example.com")
ORDER = OrderFact("shop", "1001", "USD", NOON - MINUTE, (GOODS,), customer=DAN)
REFUND = RefundFact("shop", "1001", "r-1", 3000, NOON, "succeeded")
DISPUTE = DisputeFact("shop", "1001", "d-1", NOON, "opened")
LEAD = LeadFact("shop", "l-1", DAN, "signup", NOON - 2 * MINUTE)
CODE = Told(code="BEN42")


@pytest.fixture
def link(db):
    """Ben's link in a program of the shop's."""
    make_source("shop")
    return make_link(make_program(), make_advocate("ben"), "BEN42")


def visit(link, at=NOON - DAY, click=None):
    return Told((tokens.sign(Token(link.pk, click or uuid.uuid4(), at)),))


def everything():
    """All that was written, so that a refusal can be seen to have changed nothing."""
    kinds = (Order, Refund, Dispute, Lead, Customer, Person, Touch, Conversion, Event)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


# --- Orders


def test_opens_a_conversion_for_an_order_with_a_code(link):
    taken = intake.take_order(ORDER, CODE, NOON)

    order, touch, conversion = Order.objects.get(), Touch.objects.get(), Conversion.objects.get()
    assert (taken.recorded.result, taken.recorded.order, list(taken.conversions)) == ("created", order, [conversion])
    assert (touch.kind, touch.person, touch.touched_at, touch.order) == (
        "code",
        order.customer.person,
        NOON - MINUTE,
        order,
    )
    assert (conversion.program, conversion.order, conversion.lead, conversion.fact) == (
        link.program,
        order,
        None,
        f"order:{order.pk}",
    )
    assert (conversion.referred_person, conversion.occurred_at, conversion.recorded_at) == (
        order.customer.person,
        NOON - MINUTE,
        NOON,
    )
    assert (conversion.due_at, conversion.state, conversion.number) == (NOON, "undecided", 0)


def test_opens_none_for_somebody_whom_nobody_referred(link):
    taken = intake.take_order(ORDER, Told(code="NOBODY"), NOON)

    assert (taken.recorded.result, list(taken.conversions)) == ("created", [])
    assert (Touch.objects.count(), Conversion.objects.count()) == (0, 0)


def test_opens_one_in_each_program_that_touched_the_buyer(link):
    other = make_link(make_program("Another"), make_advocate("cleo"), "CLEO7")
    intake.take_touches("shop", DAN, visit(other), NOON - DAY)

    taken = intake.take_order(ORDER, CODE, NOON)

    assert {conversion.program for conversion in taken.conversions} == {link.program, other.program}


def test_takes_the_same_order_again_with_what_newly_came_along(link):
    first = intake.take_order(ORDER, Told(), NOON)

    again = intake.take_order(ORDER, CODE, NOON + MINUTE)

    assert (again.recorded.result, len(first.conversions), len(again.conversions)) == ("duplicate", 0, 1)
    assert again.conversions[0].due_at == NOON + MINUTE


def test_takes_what_came_along_with_an_outdated_order(link):
    intake.take_order(replace(ORDER, updated_at=NOON), Told(), NOON)

    late = intake.take_order(replace(ORDER, lines=(), updated_at=NOON - MINUTE), CODE, NOON)

    assert (late.recorded.result, len(late.conversions)) == ("stale", 1)


def test_has_a_conversion_decided_again_when_its_order_changes(link):
    intake.take_order(replace(ORDER, updated_at=NOON - MINUTE), CODE, NOON)
    Conversion.objects.update(due_at=None)

    placed = NOON - 3 * MINUTE
    taken = intake.take_order(replace(ORDER, placed_at=placed, updated_at=NOON), Told(), NOON + MINUTE)

    conversion = Conversion.objects.get()
    assert (taken.recorded.result, list(taken.conversions)) == ("updated", [conversion])
    assert (conversion.due_at, conversion.occurred_at) == (NOON + MINUTE, placed)


def test_keeps_one_conversion_of_an_order_that_was_edited_twice_out_of_order(link):
    versions = [replace(ORDER, lines=(LineFact("1", "goods", n),), updated_at=NOON + n * MINUTE) for n in range(3)]

    results = [intake.take_order(versions[n], CODE, NOON + 9 * MINUTE).recorded.result for n in (0, 2, 1)]

    assert [str(result) for result in results] == ["created", "updated", "stale"]
    assert (Conversion.objects.count(), Order.objects.get().total()) == (1, 2)


def test_has_every_conversion_of_a_buyer_decided_again(link):
    intake.take_order(ORDER, CODE, NOON)
    Conversion.objects.update(due_at=None)

    intake.take_order(replace(ORDER, key="1002"), Told(), NOON + MINUTE)

    assert list(Conversion.objects.values_list("due_at", flat=True)) == [NOON + MINUTE] * 2


def test_has_whoever_has_an_address_decided_again_when_another_record_gives_it_up(link):
    shared = CustomerFact("c-1", "dan@example.com")
    intake.take_order(replace(ORDER, key="0999", placed_at=NOON - DAY, customer=shared), Told(), NOON)
    intake.take_order(ORDER, CODE, NOON)
    Conversion.objects.update(due_at=None)

    other = replace(ORDER, key="1002", customer=CustomerFact("c-1", "eve@example.com"), placed_at=NOON)
    intake.take_order(other, Told(), NOON)

    assert Conversion.objects.get().due_at == NOON


def test_has_a_customer_decided_again_of_whom_an_outdated_order_tells(link):
    intake.take_order(ORDER, CODE, NOON)
    intake.take_order(replace(ORDER, key="1002", customer=CustomerFact("c-1"), updated_at=NOON), Told(), NOON)
    Conversion.objects.update(due_at=None)

    known = CustomerFact("c-9", "dan@example.com", first_order_at=NOON - 90 * DAY)
    taken = intake.take_order(replace(ORDER, key="1002", customer=known, updated_at=NOON - DAY), Told(), NOON)

    assert taken.recorded.result == "stale"
    assert Conversion.objects.get().due_at == NOON


def test_leaves_what_has_given_up_to_the_staff(link):
    intake.take_order(ORDER, CODE, NOON)
    Conversion.objects.update(due_at=None, dead_at=NOON)

    intake.take_order(ORDER, CODE, NOON + MINUTE)

    assert list(Conversion.objects.values_list("due_at", "dead_at")) == [(None, NOON)]


def test_opens_nothing_for_what_was_bought_long_before_a_touch(link):
    for n in range(3):
        intake.take_order(replace(ORDER, key=f"old {n}", placed_at=NOON - 100 * DAY), Told(), NOON)

    taken = intake.take_order(ORDER, CODE, NOON)

    assert [conversion.order.key for conversion in taken.conversions] == ["1001"]
    assert Conversion.objects.count() == 1


@pytest.mark.parametrize(("late", "opened"), [(DAY, 1), (DAY + timedelta(milliseconds=1), 0)])
def test_bears_a_touch_that_is_dated_a_day_after_the_order(link, late, opened):
    placed = NOON - 3 * DAY

    intake.take_order(replace(ORDER, placed_at=placed), visit(link, placed + late), NOON)

    assert (Touch.objects.count(), Conversion.objects.count()) == (1, opened)


def test_refuses_an_order_with_all_that_came_along(link):
    intake.take_order(ORDER, Told(), NOON)
    before = everything()

    for fact, refusal in [
        (replace(ORDER, lines=()), ConflictingFact),
        (replace(ORDER, placed_at=NOON + DAY), InTheFuture),
        (replace(ORDER, source="elsewhere"), UnknownSource),
    ]:
        with pytest.raises(refusal):
            intake.take_order(fact, CODE, NOON)

    assert everything() == before


# --- Who the referred person is


def test_knows_a_new_customer_by_an_address_that_they_confirmed(link):
    user = make_user("dan@example.com")

    taken = intake.take_order(replace(ORDER, customer=CustomerFact("c-9", "DAN@example.com")), CODE, NOON)

    assert taken.conversions[0].referred_person == user.person


@pytest.mark.parametrize("unsure", ["unconfirmed", "known"])
def test_makes_nobody_of_an_address_that_is_not_confirmed_or_of_a_customer_who_is_known(link, unsure):
    if unsure == "known":
        intake.take_order(replace(ORDER, key="1000", customer=CustomerFact("c-9")), Told(), NOON)
    user = make_user("dan@example.com")
    if unsure == "unconfirmed":
        user.emailaddress_set.update(verified=False)

    taken = intake.take_order(ORDER, CODE, NOON)

    assert taken.conversions[0].referred_person == Customer.objects.get().person != user.person


def test_gives_an_order_without_a_customer_a_person_of_its_own(link):
    order = replace(ORDER, customer=None)
    first = intake.take_order(order, CODE, NOON)
    people = Person.objects.count()

    again = intake.take_order(order, visit(link), NOON)

    assert [conversion.referred_person for conversion in again.conversions] == [first.conversions[0].referred_person]
    assert {touch.person for touch in Touch.objects.select_related("person")} == {first.conversions[0].referred_person}
    assert (Person.objects.count(), Customer.objects.count()) == (people, 0)


def test_makes_no_person_for_an_order_that_names_nobody_and_no_link(link):
    people = Person.objects.count()

    intake.take_order(replace(ORDER, customer=None), Told(), NOON)

    assert Person.objects.count() == people


@pytest.mark.parametrize("former", [None, CustomerFact("c-8")])
@pytest.mark.parametrize("turned", [False, True])
def test_follows_an_order_to_its_right_customer(link, former, turned):
    first = (replace(ORDER, customer=former, updated_at=NOON - MINUTE), CODE)
    second = (replace(ORDER, updated_at=NOON), Told())

    for fact, told in (second, first) if turned else (first, second):
        intake.take_order(fact, told, NOON)

    [conversion] = Conversion.objects.all()
    assert conversion.referred_person == Customer.objects.get(key="c-9").person
    assert Touch.objects.get().person_id != conversion.referred_person_id
    assert conversion.due_at == NOON


def test_never_makes_somebody_their_own_advocate_when_the_customer_is_corrected(link):
    intake.take_order(replace(ORDER, customer=CustomerFact("c-8"), updated_at=NOON - MINUTE), CODE, NOON)
    Conversion.objects.update(state="credited", credited_person=link.person, due_at=None)
    make_user("other@example.com")
    advocate = link.person.user

    correct = CustomerFact("c-9", advocate.email)
    intake.take_order(replace(ORDER, customer=correct, updated_at=NOON), Told(), NOON + MINUTE)

    conversion = Conversion.objects.get()
    assert Order.objects.get().customer.person == link.person
    assert (conversion.credited_person, conversion.due_at) == (link.person, NOON + MINUTE)
    assert conversion.referred_person != link.person


# --- Refunds, disputes, leads, touches alone


def test_takes_refunds_and_disputes_and_has_them_handed_on(link):
    early = intake.take_refund(REFUND, NOON)
    conversion = intake.take_order(ORDER, CODE, NOON).conversions[0]
    Conversion.objects.update(due_at=None)

    disputed = intake.take_dispute(DISPUTE, NOON)
    refunded = intake.take_refund(replace(REFUND, key="r-2"), NOON)

    assert (early.recorded.order, early.recorded.revision, list(early.conversions)) == (None, 0, [])
    assert (disputed.recorded.revision, refunded.recorded.revision) == (2, 3)
    assert list(disputed.conversions) == list(refunded.conversions) == [conversion]
    assert Conversion.objects.get().due_at == NOON


def test_opens_a_conversion_for_a_lead(link):
    taken = intake.take_lead(LEAD, CODE, NOON)

    lead, touch, conversion = Lead.objects.get(), Touch.objects.get(), Conversion.objects.get()
    assert (taken.recorded.result, list(taken.conversions)) == ("created", [conversion])
    assert (touch.lead, touch.order, touch.touched_at) == (lead, None, lead.at)
    assert (conversion.lead, conversion.order, conversion.fact) == (lead, None, f"lead:{lead.pk}")
    assert (conversion.referred_person, conversion.occurred_at) == (lead.customer.person, lead.at)


def test_remembers_a_visit_for_an_order_that_comes_without_any(link):
    intake.take_touches("shop", DAN, visit(link), NOON - DAY)
    assert Conversion.objects.count() == 0

    taken = intake.take_order(ORDER, Told(), NOON)

    assert [conversion.program for conversion in taken.conversions] == [link.program]


def test_opens_a_conversion_once_the_visit_is_told_after_the_order(link):
    intake.take_order(ORDER, Told(), NOON)

    intake.take_touches("shop", DAN, visit(link), NOON + MINUTE)

    assert Conversion.objects.get().due_at == NOON + MINUTE


def test_makes_nobody_of_touches_that_tell_nothing(link):
    before = everything()

    intake.take_touches("shop", CustomerFact("c-1"), Told(("x",), "NOBODY"), NOON)

    assert everything() == before
    with pytest.raises(UnknownSource):
        intake.take_touches("elsewhere", DAN, CODE, NOON)


def test_takes_a_strangers_word_for_nothing_but_the_touch(link):
    victim = make_user("dan@example.com")

    intake.take_touches("shop", DAN, CODE, NOON, is_shops_word=False)

    customer = Customer.objects.get()
    assert (customer.email, customer.email_hash, customer.person == victim.person) == ("", "", False)
    assert Touch.objects.get().person == customer.person


# --- Opening


def test_opens_what_a_granted_claim_needs(link):
    order = record_order(ORDER, NOON).order

    make_touch(link, order.customer.person, kind="manual", at=NOON - DAY, granted_at=NOON, order=order)
    conversions.open_for([order.customer.person], NOON + DAY)

    assert Conversion.objects.get().due_at == NOON + DAY


def test_opens_everything_once_however_often_it_is_asked(link):
    person = record_order(ORDER, NOON).order.customer.person
    for n in range(3):
        record_order(replace(ORDER, key=f"more {n}"), NOON)
    make_touch(link, person, at=NOON - DAY)

    for _ in range(2):
        conversions.open_for([person], NOON)

    assert Conversion.objects.count() == 4


def test_asks_no_more_for_many_orders_than_for_one(link, django_assert_max_num_queries, django_assert_num_queries):
    person = record_order(ORDER, NOON).order.customer.person
    make_touch(link, person, at=NOON - DAY)

    # The people, touches, conversions that are there, orders, leads, one insert, their mailboxes, who is
    # alike, the lock, the update.
    for n in range(2):
        with django_assert_num_queries(10):
            conversions.open_for([person], NOON)
        for each in range(10):
            record_order(replace(ORDER, key=f"{n} {each}"), NOON)


def test_opens_nothing_for_nobody(link, django_assert_num_queries):
    conversions.open_for([], NOON)

    assert Conversion.objects.count() == 0


# --- At once, and in whatever order


@pytest.fixture
def bens(transactional_db):
    """Ben's link where threads can see it."""
    make_source("shop")
    return make_link(make_program(), make_advocate("ben"), "BEN42")


def test_opens_one_conversion_when_the_same_order_comes_20_times_at_once(together, bens):
    taken = together([lambda: intake.take_order(ORDER, CODE, NOON)] * 20)

    assert sorted(str(each.recorded.result) for each in taken) == ["created"] + ["duplicate"] * 19
    assert {each.conversions[0].pk for each in taken} == {Conversion.objects.get().pk}
    assert (Order.objects.count(), Touch.objects.count()) == (1, 1)


def test_opens_each_conversion_once_when_all_of_a_persons_facts_come_at_once(together, bens):
    told = visit(bens)
    orders = [replace(ORDER, key=str(n)) for n in range(6)]
    calls = [lambda fact=fact: intake.take_order(fact, told, NOON) for fact in [*orders, *reversed(orders)]]
    calls += [lambda: intake.take_lead(LEAD, told, NOON), lambda: intake.take_touches("shop", DAN, told, NOON)]

    taken = together(calls)

    assert [each for each in taken if isinstance(each, Exception)] == []
    assert (Conversion.objects.count(), Touch.objects.count(), Customer.objects.count()) == (7, 1, 1)


@pytest.mark.services
def test_opens_what_an_order_needs_that_comes_while_a_claim_is_granted(bens):
    told = intake.take_order(ORDER, Told(), NOON).recorded.order
    claim = claims.file(bens.person, bens.program, "1001", NOON.date() - DAY, "I told Dan.", NOON)
    manager = make_staff("ada", "program manager").user

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            intake.take_order(replace(ORDER, key="1002"), Told(), NOON)
            granted = pool.submit(closing, lambda: claims.grant(claim, told, manager, at=NOON))
            wait_until(is_somebody_waiting)
        granted.result(timeout=30)

    assert sorted(Conversion.objects.values_list("order__key", flat=True)) == ["1001", "1002"]


@pytest.mark.services
def test_has_ones_neighbours_decided_again_when_both_orders_come_at_once(bens):
    first, second = (
        replace(ORDER, key=key, customer=CustomerFact(key, "dan@example.com"), placed_at=at)
        for key, at in (("1001", NOON - DAY), ("1002", NOON - MINUTE))
    )
    intake.take_order(replace(second, customer=CustomerFact("1002")), CODE, NOON)
    intake.take_order(replace(first, key="0999", customer=CustomerFact("1001")), Told(), NOON)
    Conversion.objects.update(due_at=None)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            intake.take_order(second, CODE, NOON)
            Conversion.objects.update(due_at=None)
            other = pool.submit(closing, lambda: intake.take_order(first, Told(), NOON + MINUTE))
            wait_until(is_somebody_waiting)
        other.result(timeout=30)

    # The second telling has seen that both are under one address.
    assert Conversion.objects.get().due_at == NOON + MINUTE


@pytest.mark.services
def test_takes_an_order_while_its_advocate_is_being_erased(elsewhere, bens):
    with transaction.atomic():
        privacy.erase(Subject(bens.person_id, frozenset(), frozenset()), NOON)
        elsewhere(lambda: intake.take_order(ORDER, CODE, NOON))

    assert Conversion.objects.get().order.key == "1001"


CLICKS = [uuid.UUID(int=n) for n in range(3)]
CUSTOMERS = st.sampled_from([None, CustomerFact("c-8"), DAN])


@st.composite
def histories(draw):
    """What a shop tells of two people, and the same shuffled, some of it twice."""
    tolds = st.builds(
        lambda clicks, code: (tuple(clicks), code),
        st.lists(st.sampled_from(range(3)), max_size=2, unique=True),
        st.sampled_from(["", "BEN42", "CLEO7"]),
    )
    facts = []
    for key in ("1001", "1002"):
        order = replace(ORDER, key=key, placed_at=NOON - draw(st.integers(0, 3)) * DAY, customer=draw(CUSTOMERS))
        for n in draw(st.sets(st.integers(0, 3), min_size=1, max_size=3)):
            captures = draw(st.none() | st.just((CaptureFact("k", 1 + n, NOON - DAY),)))
            version = replace(order, updated_at=NOON - n * MINUTE, captures=captures)
            facts.append((intake.take_order, version, draw(tolds)))
    facts.append((intake.take_lead, replace(LEAD, at=NOON - draw(st.integers(0, 3)) * DAY), draw(tolds)))
    facts.append((intake.take_touches, draw(st.sampled_from([CustomerFact("c-8"), DAN])), draw(tolds)))
    facts += [
        (intake.take_refund, replace(REFUND, status=status), None)
        for status in draw(st.permutations(["pending", "failed"]))
    ]
    facts.append((intake.take_dispute, DISPUTE, None))
    twice = draw(st.lists(st.sampled_from(facts), max_size=4))
    return facts, draw(st.permutations([*facts, *twice]))


class TestFactsCommute(TestCase):
    @settings(deadline=None, max_examples=60, phases=[Phase.generate])
    @given(histories())
    def test_ends_the_same_in_whatever_order_a_shop_tells(self, history):
        straight, shuffled = history
        links = [
            make_link(make_program("One"), make_advocate("ben"), "BEN42"),
            make_link(make_program("Two"), make_advocate("cleo"), "CLEO7"),
        ]
        first, second = make_source("first"), make_source("second")

        for source, facts in ((first, straight), (second, shuffled)):
            for verb, fact, came in facts:
                self.tell(source.key, links, verb, fact, came)

        assert ends(second) == ends(first)

    def tell(self, source, links, verb, fact, came):
        if came is not None:
            clicks, code = came
            made = [Token(links[n % 2].pk, uuid.uuid5(CLICKS[n], source), NOON - n * DAY) for n in clicks]
            told = Told(tuple(tokens.sign(token) for token in made), code)
        if verb is intake.take_touches:
            verb(source, fact, told, NOON)
        elif came is None:
            verb(replace(fact, source=source), NOON)
        else:
            verb(replace(fact, source=source), told, NOON)


def ends(source):
    """What one shop's facts came to, by the shop's own ids."""
    orders = source.orders.select_related("customer").prefetch_related("captures", "lines")
    people = {customer.person_id: customer.key for customer in source.customers.all()}
    facts = {f"order:{order.pk}": order.key for order in orders}
    facts |= {f"lead:{lead.pk}": lead.key for lead in source.leads.all()}
    touches = Touch.objects.filter(recorded_at=NOON).select_related("link__program", "order", "lead")
    theirs = [t for t in touches if t.person_id in people or (t.order and t.order.source_id == source.pk)]
    conversions = Conversion.objects.filter(fact__in=facts).select_related("program")
    return {
        "orders": {
            (o.key, o.customer and o.customer.key, o.placed_at, o.shop_updated_at, o.is_captured_in_full)
            for o in orders
        },
        "captures": {(c.order.key, c.key, c.amount) for o in orders for c in o.captures.all()},
        "refunds": set(Refund.objects.filter(source=source).values_list("order__key", "key", "status", "amount")),
        "disputes": set(Dispute.objects.filter(source=source).values_list("order__key", "key", "status")),
        "leads": set(source.leads.values_list("key", "customer__key", "goal", "at")),
        "touches": sorted(str((people.get(t.person_id), t.kind, t.link.program.name, t.touched_at)) for t in theirs),
        "conversions": {
            (c.program.name, facts[c.fact], people.get(c.referred_person_id), c.occurred_at, c.due_at)
            for c in conversions
        },
    }
