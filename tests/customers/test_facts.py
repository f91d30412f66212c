from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from brand.suppression import address_hash
from customers import after_orders, facts, privacy
from customers import orders as ordering
from customers.models import Capture, Customer, Dispute, Line, Order, OrderVersion, Person, Refund
from customers.told import (
    CaptureFact,
    CustomerFact,
    DisputeFact,
    LineFact,
    OrderFact,
    RefundFact,
    RefundLineFact,
)
from customers.weighing import ConflictingFact
from spine.models import Event
from spine.money import UnknownCurrency
from spine.privacy import Subject
from tests.factories import NOON, make_source

MINUTE = timedelta(minutes=1)
GOODS, TAX = LineFact("1", "goods", 5000, "tent", 2), LineFact("2", "tax", 400)
ORDER = OrderFact("shop", "1001", "USD", NOON - MINUTE, (GOODS, TAX), customer=CustomerFact("c-9", "dan@example.com"))
REFUND = RefundFact("shop", "1001", "r-1", 3000, NOON, "pending")
DISPUTE = DisputeFact("shop", "1001", "d-1", NOON, "opened")


def record(fact, at=NOON):
    verbs = {
        OrderFact: ordering.record_order,
        RefundFact: after_orders.record_refund,
        DisputeFact: after_orders.record_dispute,
    }
    return verbs[type(fact)](fact, at)


def told(source):
    """All that is stored of what one shop told, by its own ids, without how it came to be so."""
    return {
        "customers": set(source.customers.values_list("key", "email", "email_hash", "email_told_at", "first_order_at")),
        "orders": set(
            source.orders.values_list(
                *("key", "customer__key", "currency", "placed_at", "is_captured_in_full"),
                *("payment_fingerprint", "is_test", "shop_updated_at"),
            )
        ),
        "lines": set(
            Line.objects.filter(order__source=source).values_list(
                "order__key", "key", "kind", "amount", "sku", "quantity"
            )
        ),
        "captures": set(
            Capture.objects.filter(order__source=source).values_list(
                "order__key", "key", "amount", "at", "shop_updated_at"
            )
        ),
        "refunds": sorted(
            str(row)
            for row in Refund.objects.filter(source=source).values_list(
                "order_key", "order__key", "key", "amount", "at", "status", "lines", "shop_updated_at"
            )
        ),
        "disputes": set(
            Dispute.objects.filter(source=source).values_list(
                "order_key", "order__key", "key", "at", "status", "shop_updated_at"
            )
        ),
    }


def all_of_it(source):
    """The same with how it came to be so."""
    return (
        told(source),
        list(Order.objects.values_list("revision", flat=True)),
        (Person.objects.count(), OrderVersion.objects.count(), Event.objects.count()),
    )


def test_records_an_order(shop):
    recorded = record(ORDER)

    order = Order.objects.get()
    assert (recorded.order, recorded.result, recorded.revision) == (order, "created", 1)
    assert (order.customer.key, order.customer.email, order.customer.email_hash) == (
        "c-9",
        "dan@example.com",
        address_hash("Dan@example.com"),
    )
    assert Person.objects.get() == order.customer.person
    assert (order.total(), order.captured()) == (5400, 5400)
    assert OrderVersion.objects.get().document["lines"] == [
        {"key": "1", "kind": "goods", "amount": 5000, "sku": "tent", "quantity": 2},
        {"key": "2", "kind": "tax", "amount": 400, "sku": "", "quantity": 1},
    ]
    event = Event.objects.get()
    assert (event.name, event.person, event.subject_id) == (
        "order.recorded",
        order.customer.person_id,
        str(order.public_id),
    )
    assert event.payload == {
        "order": str(order.public_id),
        "revision": 1,
        "currency": "USD",
        "total": 5400,
        "captured": 5400,
    }


def test_knows_the_same_order_again(shop):
    record(ORDER)
    before = all_of_it(shop)

    again = record(replace(ORDER, lines=(TAX, GOODS)))

    assert (again.result, again.revision) == ("duplicate", 1)
    assert all_of_it(shop) == before


def test_takes_a_newer_telling_and_keeps_the_older(shop):
    record(replace(ORDER, updated_at=NOON))

    recorded = record(replace(ORDER, lines=(GOODS,), updated_at=NOON + MINUTE))

    assert (recorded.result, recorded.revision, recorded.order.total()) == ("updated", 2, 5000)
    assert [(row.revision, len(row.document["lines"])) for row in OrderVersion.objects.order_by("revision")] == [
        (1, 2),
        (2, 1),
    ]
    assert Event.objects.filter(name="order.updated").get().payload["revision"] == 2


def test_keeps_what_is_newer_than_what_comes_late(shop):
    record(replace(ORDER, updated_at=NOON))
    before = all_of_it(shop)

    late = record(replace(ORDER, lines=(GOODS,), updated_at=NOON - MINUTE))

    assert (late.result, late.revision) == ("stale", 1)
    assert all_of_it(shop) == before


def test_knows_what_lay_between_two_same_tellings_as_older(shop):
    record(replace(ORDER, updated_at=NOON - 3 * MINUTE))
    record(replace(ORDER, updated_at=NOON - MINUTE))

    between = record(replace(ORDER, lines=(GOODS,), updated_at=NOON - 2 * MINUTE))

    assert (between.result, between.order.total()) == ("stale", 5400)


@pytest.mark.parametrize("updated_at", [None, NOON])
@pytest.mark.parametrize(
    "change",
    [
        {"lines": (GOODS,)},
        {"currency": "EUR"},
        {"placed_at": NOON},
        {"captures": ()},
        {"payment_fingerprint": "visa 4242"},
        {"customer": CustomerFact("c-10", "eve@example.com")},
    ],
)
def test_refuses_another_telling_of_the_same_instant(shop, updated_at, change):
    first = replace(ORDER, updated_at=updated_at)
    record(first)
    before = all_of_it(shop)

    with pytest.raises(ConflictingFact) as refused:
        record(replace(first, **change))

    assert (refused.value.status, refused.value.code) == (409, "conflicting_fact")
    assert all_of_it(shop) == before


def test_collects_captures_as_they_come(shop):
    first, second = CaptureFact("k-1", 3000, NOON), CaptureFact("k-2", 2400, NOON)
    record(replace(ORDER, captures=(first,)))

    recorded = record(replace(ORDER, captures=(first, second)))
    again = record(replace(ORDER, captures=(second,)))

    assert (recorded.result, recorded.revision, recorded.order.captured()) == ("updated", 2, 5400)
    assert (again.result, again.revision, again.order.captured()) == ("duplicate", 2, 5400)
    assert [len(row.document["captures"]) for row in OrderVersion.objects.order_by("revision")] == [1, 2]


def test_refuses_another_amount_for_a_capture_with_all_that_came_beside_it(shop):
    record(replace(ORDER, captures=(CaptureFact("k-1", 3000, NOON),)))
    before = all_of_it(shop)

    with pytest.raises(ConflictingFact):
        record(replace(ORDER, captures=(CaptureFact("k-2", 1, NOON), CaptureFact("k-1", 3001, NOON))))

    assert all_of_it(shop) == before


def test_keeps_an_email_that_comes_later_and_the_earliest_first_order(shop):
    record(replace(ORDER, customer=CustomerFact("c-9", first_order_at=NOON - 5 * MINUTE)))

    record(ORDER)
    record(replace(ORDER, key="1002", customer=CustomerFact("c-9", first_order_at=NOON - 9 * MINUTE)))

    customer = Customer.objects.get()
    assert (customer.email, customer.first_order_at) == ("dan@example.com", NOON - 9 * MINUTE)
    assert Person.objects.count() == 1


def test_keeps_only_a_keyed_hash_of_the_payment(shop):
    first = record(replace(ORDER, payment_fingerprint="visa 4242")).order
    second = record(replace(ORDER, key="1002", payment_fingerprint="visa 4242")).order

    assert first.payment_fingerprint == second.payment_fingerprint
    assert (len(first.payment_fingerprint), "4242" in first.payment_fingerprint) == (64, False)


@pytest.mark.parametrize(
    "fact",
    [
        replace(ORDER, placed_at=NOON + 5 * MINUTE + timedelta(microseconds=1)),
        replace(ORDER, updated_at=NOON + 6 * MINUTE),
        replace(ORDER, captures=(CaptureFact("k-1", 1, NOON + 6 * MINUTE),)),
        replace(ORDER, customer=CustomerFact("c-9", first_order_at=NOON + 6 * MINUTE)),
        replace(REFUND, at=NOON + 6 * MINUTE),
        replace(DISPUTE, updated_at=NOON + 6 * MINUTE),
    ],
)
def test_refuses_what_has_not_come_yet(shop, fact):
    before = all_of_it(shop)

    with pytest.raises(facts.InTheFuture) as refused:
        record(fact)

    assert (refused.value.status, refused.value.code) == (422, "in_the_future")
    assert all_of_it(shop) == before


def test_bears_a_clock_that_runs_five_minutes_ahead(shop):
    assert record(replace(ORDER, placed_at=NOON + 5 * MINUTE)).result == "created"


@pytest.mark.parametrize(
    "fact", [replace(ORDER, is_test=True), *(replace(fact, source="trial") for fact in (ORDER, REFUND, DISPUTE))]
)
def test_takes_tests_in_the_sandbox_only(shop, fact, settings):
    make_source("trial", is_test=True)

    with pytest.raises(facts.LiveTakesNoTests):
        record(fact)

    assert (Order.objects.count(), Refund.objects.count(), Dispute.objects.count()) == (0, 0, 0)

    settings.SANDBOX = True
    assert record(fact).result == "created"


def test_refuses_a_shop_that_is_not_connected(shop):
    with pytest.raises(facts.UnknownSource):
        record(replace(ORDER, source="elsewhere"))

    assert Order.objects.count() == 0


def test_refuses_a_code_that_is_no_currency(shop):
    with pytest.raises(UnknownCurrency):
        record(replace(ORDER, currency="ABC"))

    assert (Order.objects.count(), Customer.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("statuses", "results"),
    [
        (["pending", "succeeded", "failed"], ["created", "updated", "updated"]),
        (["pending", "failed"], ["created", "updated"]),
        (["succeeded", "pending", "succeeded"], ["created", "stale", "duplicate"]),
    ],
)
def test_moves_a_refund_only_on(shop, statuses, results):
    record(ORDER)

    recorded = [record(replace(REFUND, status=status)) for status in statuses]

    assert [each.result for each in recorded] == results
    assert recorded[-1].revision == 1 + sum(result in ("created", "updated") for result in results)
    assert Refund.objects.get().status == statuses[-1]
    assert [event.payload["status"] for event in Event.objects.filter(name="refund.recorded").order_by("id")] == [
        status for status, result in zip(statuses, results, strict=True) if result in ("created", "updated")
    ]


def test_refuses_another_amount_even_with_a_status_that_moved_on(shop):
    record(ORDER)
    record(REFUND)
    before = all_of_it(shop)

    with pytest.raises(ConflictingFact):
        record(replace(REFUND, amount=2999, status="succeeded"))

    assert all_of_it(shop) == before


def test_refuses_a_second_end_of_a_dispute_without_a_date(shop):
    for status in ("opened", "won"):
        record(replace(DISPUTE, status=status))
    before = all_of_it(shop)

    with pytest.raises(ConflictingFact):
        record(replace(DISPUTE, status="lost"))

    assert all_of_it(shop) == before
    assert record(replace(DISPUTE, status="lost", updated_at=NOON)).result == "updated"


def test_keeps_what_comes_before_its_order(shop):
    early = [record(REFUND), record(DISPUTE)]

    order = record(ORDER).order

    assert [(each.order, each.result, each.revision) for each in early] == [(None, "created", 0)] * 2
    assert (order.refunds.get().key, order.disputes.get().key) == ("r-1", "d-1")
    assert record(replace(REFUND, status="succeeded")).revision == 2


def test_tells_apart_what_two_shops_call_the_same(shop):
    make_source("other")
    record(REFUND)

    order = record(replace(ORDER, source="other")).order

    assert order.refunds.count() == 0


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Line, {"amount": -1, "kind": "discount"}),
        (Refund, {"amount": 0}),
        (Capture, {"amount": -5}),
        (Dispute, {"status": "pending"}),
        (Refund, {"status": "lost"}),
        (Line, {"kind": "tip"}),
        (Line, {"quantity": 0}),
        (Order, {"currency": "usd"}),
        (Order, {"currency": "US"}),
        (Order, {"revision": 0}),
    ],
)
def test_is_guarded_by_the_database(shop, model, change):
    for fact in (replace(ORDER, captures=(CaptureFact("k-1", 1, NOON),)), REFUND, DISPUTE):
        record(fact)
    if "discount" in change.values():
        change["amount"] = 1

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**change)


def test_refuses_to_rewrite_a_version(shop):
    record(ORDER)

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderVersion.objects.update(revision=2)


def test_forgets_the_email_for_good_and_still_recognises_it(shop):
    record(ORDER)
    person = Person.objects.get()
    subject = Subject(person.pk, frozenset({str(person.pk)}), frozenset())
    found = privacy.export(subject)

    privacy.erase(subject, NOON)
    record(ORDER)

    assert [row["email"] for row in found["customers"]] == ["dan@example.com"]
    assert [row["key"] for row in found["orders"]] == ["1001"]
    customer = Customer.objects.get()
    assert (customer.email, customer.email_hash) == ("", address_hash("dan@example.com"))
    assert (customer.key, customer.person_id, Order.objects.get().customer) == ("c-9", person.pk, customer)


def test_knows_the_email_anew_of_somebody_who_comes_back(shop):
    record(ORDER)
    privacy.erase(Subject(Person.objects.get().pk, frozenset(), frozenset()), NOON)

    record(replace(ORDER, key="1002", placed_at=NOON + MINUTE), NOON + MINUTE)

    assert Customer.objects.get().email == "dan@example.com"


def test_takes_the_same_order_once_when_it_comes_20_times_at_once(together):
    make_source("shop")

    recorded = together([lambda: record(ORDER)] * 20)

    assert sorted(str(each.result) for each in recorded) == ["created"] + ["duplicate"] * 19
    assert (Order.objects.count(), Customer.objects.count(), Person.objects.count()) == (1, 1, 1)
    assert (Line.objects.count(), OrderVersion.objects.count(), Event.objects.count()) == (2, 1, 1)


def test_makes_one_person_of_a_customer_whose_orders_come_at_once(together):
    make_source("shop")

    together([lambda key=key: record(replace(ORDER, key=str(key))) for key in range(8)])

    assert (Order.objects.count(), Customer.objects.count(), Person.objects.count()) == (8, 1, 1)


def test_joins_what_comes_at_the_same_instant_as_its_order(together):
    make_source("shop")
    told = [replace(fact, **{where: str(n)}) for n in range(8) for fact, where in [(ORDER, "key"), (REFUND, "order")]]

    together([lambda fact=fact: record(fact) for fact in told])

    assert Refund.objects.filter(order=None).count() == 0
    assert [refund.order.key for refund in Refund.objects.select_related("order").order_by("order_key")] == list(
        "01234567"
    )


@pytest.mark.services
def test_asks_to_come_again_where_so_much_is_told_that_it_takes_too_long(together):
    shop, waits = make_source("shop"), Barrier(2)

    def hold():
        with transaction.atomic():
            facts.take_turn(shop, "1001")
            waits.wait(20)
            waits.wait(20)

    def come():
        waits.wait(20)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '50ms'")
                record(REFUND)
        finally:
            waits.wait(20)

    refused = together([hold, come])[1]

    assert (type(refused), refused.status, refused.retry_after) == (facts.StillBeingTold, 409, 1)
    assert Refund.objects.count() == 0


def test_raises_the_revision_once_for_each_of_many_refunds(together):
    make_source("shop")
    record(ORDER)

    together([lambda key=key: record(replace(REFUND, key=str(key % 5))) for key in range(10)])

    assert (Order.objects.get().revision, Refund.objects.count()) == (6, 5)


instants = st.integers(0, 9).map(lambda minutes: NOON - minutes * MINUTE)
fewer = st.sets(instants, min_size=1, max_size=3)


@st.composite
def orders(draw, key):
    """Tellings of one order, each of another instant, or one without."""
    dates = draw(st.just([None]) | fewer.map(list))
    return [
        OrderFact(
            "shop", key, draw(st.sampled_from(["USD", "JPY"])), NOON - 9 * MINUTE,
            draw(st.sampled_from([(GOODS,), (GOODS, TAX), (LineFact("3", "discount", -1),)])),
            captures=draw(
                st.none() | st.lists(
                    st.builds(CaptureFact, st.sampled_from(["k-1", "k-2"]), st.integers(1, 3), st.just(NOON)),
                    max_size=2, unique_by=lambda capture: capture.key,
                ).map(tuple)
            ),
            customer=draw(
                st.none() | st.builds(
                    CustomerFact, st.sampled_from(["c-8", "c-9"]),
                    st.sampled_from(["", "dan@example.com", "Dan@example.com", "dan@example.org"]),
                    st.none() | instants,
                )
            ),
            updated_at=date,
            payment_fingerprint=draw(st.sampled_from(["", "visa"])),
        )
        for date in dates
    ]  # fmt: skip


@st.composite
def refunds(draw, order):
    """Tellings of one refund: with dates they may say anything, without only that its status moved on."""
    refund = RefundFact("shop", order, draw(st.sampled_from(["r-1", "r-2"])), 3000, NOON, "pending")
    statuses = st.sampled_from(["pending", "succeeded", "failed"])
    if draw(st.booleans()):
        bodies = st.sampled_from([(), (RefundLineFact("1", 2500),)])
        return [
            replace(refund, amount=draw(st.integers(1, 3)), status=draw(statuses), lines=draw(bodies), updated_at=date)
            for date in draw(fewer)
        ]
    dates = st.none() | instants
    return [
        replace(refund, status=status, at=NOON - len(status) * MINUTE, updated_at=draw(dates))
        for status in draw(st.lists(statuses, max_size=4))
    ]


@st.composite
def disputes(draw, order):
    """Tellings of one dispute, which ends in one way, or in the one that has the later date."""
    dispute = DisputeFact("shop", order, "d-1", NOON, "opened")
    if draw(st.booleans()):
        statuses = st.sampled_from(["opened", "won", "lost"])
        return [replace(dispute, status=draw(statuses), updated_at=date) for date in draw(fewer)]
    return [dispute, replace(dispute, status=draw(st.sampled_from(["won", "lost"])), at=NOON - MINUTE)]


@st.composite
def histories(draw):
    """What a shop tells, in the order of its telling, and the same shuffled, with some of it twice."""
    one, two = draw(orders("1001")), draw(orders("1002"))
    straight = [*one, *two, *draw(refunds("1001")), *draw(disputes("1001")), *draw(disputes("1002"))]
    twice = draw(st.lists(st.sampled_from(straight), max_size=4))
    return straight, draw(st.permutations([*straight, *twice]))


class TestFactsCommute(TestCase):
    @settings(deadline=None, max_examples=60)
    @given(histories())
    def test_ends_the_same_in_whatever_order_facts_come(self, history):
        straight, shuffled = history
        first, second = make_source("first"), make_source("second")

        for fact in straight:
            record(replace(fact, source="first"))
        results = [record(replace(fact, source="second")).result for fact in shuffled]

        assert told(second) == told(first)
        assert results.count("created") == len(
            {(type(fact), getattr(fact, "order", ""), fact.key) for fact in straight}
        )
        for order in second.orders.all():
            assert order.versions.count() <= order.revision
