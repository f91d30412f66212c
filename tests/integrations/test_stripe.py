import json
from datetime import UTC, datetime, timedelta

import pytest

from customers.told import CustomerFact, DisputeFact, LineFact, OrderFact, RefundFact
from integrations.vendors import stripe
from integrations.vendors.base import BadBody, Came, OrderTold, Parsed, RefundTold
from referrals.touches import Told
from tests.factories import NOON
from tests.integrations.payloads import (
    stripe_dispute,
    stripe_event,
    stripe_intent,
    stripe_invoice,
    stripe_refund,
    stripe_session,
)  # fmt: skip

DAN = CustomerFact("cus_dan", "dan@example.com")
SECOND = timedelta(seconds=1)


def parse(kind, about, **fields):
    event = stripe_event(kind, about, **fields)
    return stripe.parse(json.dumps(event).encode(), kind, "shop")


def only(parsed):
    (fact,) = parsed.facts
    return fact


def amounts(told):
    return {line.key: (line.kind, line.amount) for line in told.fact.lines}


def test_reads_a_checkout():
    parsed = parse("checkout.session.completed", stripe_session())

    lines = (
        LineFact("goods", "goods", 5000),
        LineFact("discount", "discount", -500),
        LineFact("shipping", "shipping", 400),
        LineFact("tax", "tax", 400),
    )
    order = OrderFact("shop", "pi_1", "USD", NOON, lines, customer=DAN, updated_at=NOON)
    assert parsed == Parsed((OrderTold(order, Told()),), is_test=False, customer="cus_dan")


def test_takes_a_tax_out_of_prices_that_hold_it():
    session = stripe_session(
        amount_total=5000, total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 800}
    )

    told = only(parse("checkout.session.completed", session))

    assert amounts(told) == {"goods": ("goods", 4200), "tax": ("tax", 800)}


def test_reads_what_came_along_with_a_checkout():
    session = stripe_session(
        client_reference_id="token-a",
        metadata={"advocacy_tokens": "token-b, token-c", "advocacy_code": " BEN42 "},
        discounts=[{"coupon": None, "promotion_code": "promo_1"}],
    )

    told = only(parse("checkout.session.completed", session))

    assert told.told == Told(("token-b", "token-c", "token-a"), "BEN42", "promo_1")


def test_waits_for_a_payment_that_takes_days():
    unpaid = stripe_session(payment_status="unpaid")

    assert parse("checkout.session.completed", unpaid).facts == ()
    assert only(parse("checkout.session.async_payment_succeeded", stripe_session())).fact.key == "pi_1"


def test_leaves_the_money_of_a_checkout_with_an_invoice_to_the_invoice():
    session = stripe_session(
        mode="subscription", invoice="in_1", payment_intent=None, client_reference_id="token-a", subscription="sub_1"
    )

    assert parse("checkout.session.completed", session).facts == (Came(DAN, Told(("token-a",)), NOON),)


INTENT = {"payment_intent": "pi_9"}


@pytest.mark.parametrize("told_as", [{}, {"payments": None, **INTENT}, {"payment_intent": {"id": "pi_9"}}])
def test_knows_an_invoice_by_its_payment_intent(told_as):
    told = only(parse("invoice.paid", stripe_invoice(**told_as)))

    assert (told.fact.key, told.fact.placed_at, told.fact.customer) == ("pi_9", NOON, DAN)
    assert amounts(told) == {"goods": ("goods", 2000)}


def test_counts_of_an_invoice_what_was_collected():
    invoice = stripe_invoice(
        subtotal=3000, total=2700, amount_paid=2200, total_discount_amounts=[{"amount": 500, "discount": "di_1"}],
        total_taxes=[{"amount": 200, "tax_behavior": "exclusive"}],
    )  # fmt: skip

    told = only(parse("invoice.paid", invoice))

    assert amounts(told) == {
        "goods": ("goods", 3000),
        "discount": ("discount", -500),
        "tax": ("tax", 200),
        "credit": ("credit", -500),
    }


def test_reads_a_trial_and_an_invoice_that_gives_money_back():
    trial = only(parse("invoice.paid", stripe_invoice(subtotal=0, total=0, amount_paid=0, payments={"data": []})))
    prorated = only(parse("invoice.paid", stripe_invoice(subtotal=-700, total=-700, amount_paid=0)))

    assert (trial.fact.key, amounts(trial)) == ("in_1", {"goods": ("goods", 0)})
    assert amounts(prorated) == {"goods": ("goods", -700)}


def test_reads_a_payment_that_says_nothing_of_what_it_was_for():
    told = only(parse("payment_intent.succeeded", stripe_intent(receipt_email="dan@example.com")))

    assert told.is_vague
    assert told.fact.updated_at is None
    assert (told.fact.key, told.fact.customer, amounts(told)) == ("pi_1", DAN, {"goods": ("goods", 5300)})


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("jpy", 5300, 5300), ("kwd", 5300, 5300), ("isk", 5300, 53), ("ugx", 5300, 53)]
)
def test_counts_currencies_as_stripe_does(currency, amount, minor):
    told = only(parse("payment_intent.succeeded", stripe_intent(currency=currency, amount_received=amount)))

    assert (told.fact.currency, amounts(told)["goods"]) == (currency.upper(), ("goods", minor))


def test_refuses_hundredths_that_there_are_not():
    with pytest.raises(BadBody):
        parse("payment_intent.succeeded", stripe_intent(currency="isk", amount_received=5301))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("succeeded", "succeeded"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
@pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
def test_reads_a_refund_and_how_it_ended(kind, status, told):
    fact = RefundFact("shop", "pi_1", "re_1", 1000, NOON + 30 * SECOND, told)

    assert only(parse(kind, stripe_refund(status=status))) == RefundTold(fact)


def test_reads_refunds_within_a_charge():
    refund = {name: value for name, value in stripe_refund().items() if name != "payment_intent"}
    charge = {"id": "ch_1", "customer": "cus_dan", "payment_intent": "pi_1", "refunds": {"data": [refund]}}

    assert only(parse("charge.refunded", charge)).fact.order == "pi_1"
    assert parse("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}).facts == ()


def test_knows_a_payment_without_an_intent_by_its_charge():
    assert only(parse("refund.created", stripe_refund(payment_intent=None))).fact.order == "ch_1"


@pytest.mark.parametrize(
    ("status", "told", "at"),
    [
        ("needs_response", "opened", NOON + 40 * SECOND),
        ("under_review", "opened", NOON + 40 * SECOND),
        ("won", "won", NOON + 60 * SECOND),
        ("lost", "lost", NOON + 60 * SECOND),
    ],
)
def test_reads_a_dispute(status, told, at):
    kind = "charge.dispute.created" if told == "opened" else "charge.dispute.closed"

    assert only(parse(kind, stripe_dispute(status=status))) == DisputeFact("shop", "pi_1", "dp_1", at, told)


def test_takes_an_inquiry_for_no_dispute():
    assert parse("charge.dispute.created", stripe_dispute(status="warning_needs_response")).facts == ()


def test_knows_a_guest_by_their_address_and_does_not_keep_it_in_the_id():
    session = stripe_session(customer=None)

    told = only(parse("checkout.session.completed", session))

    assert told.fact.customer.email == "dan@example.com"
    assert told.fact.customer.key.startswith("guest:")
    assert "dan" not in told.fact.customer.key


def test_reads_an_order_without_any_customer():
    session = stripe_session(customer=None, customer_details=None)

    assert only(parse("checkout.session.completed", session)).fact.customer is None


def test_marks_tests():
    parsed = parse("checkout.session.completed", stripe_session(livemode=False), livemode=False)

    assert parsed.is_test
    assert only(parsed).fact.is_test


def test_has_nothing_to_do_with_other_events():
    assert parse("customer.created", {"id": "cus_dan"}) == Parsed()


@pytest.mark.parametrize(
    "about",
    [
        stripe_session(amount_subtotal="5000"),
        stripe_session(amount_subtotal=50.5),
        stripe_session(currency=None),
        stripe_session(created=None),
        stripe_session(total_details=[1]),
        stripe_session(payment_intent=["pi_1"], id=7.5),
    ],
)
def test_refuses_a_checkout_that_is_none(about):
    with pytest.raises(BadBody):
        parse("checkout.session.completed", about)


def test_reads_instants_as_stripe_tells_them():
    assert only(parse("payment_intent.succeeded", stripe_intent(created=0))).fact.placed_at == datetime(
        1970, 1, 1, tzinfo=UTC
    )
