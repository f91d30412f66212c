"""Messages in the shapes of the vendors' public documentation, made up for these tests."""

from datetime import datetime
from typing import Any

from tests.factories import NOON

SECONDS = int(NOON.timestamp())


def stripe_event(kind: str, about: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{kind}_{about['id']}",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": SECONDS + 60,
        "data": {"object": about},
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        **fields,
    }


def stripe_session(**fields: Any) -> dict[str, Any]:
    return {
        "id": "cs_live_1",
        "object": "checkout.session",
        "amount_subtotal": 5000,
        "amount_total": 5300,
        "client_reference_id": None,
        "created": SECONDS,
        "currency": "usd",
        "customer": "cus_dan",
        "customer_details": {"email": "dan@example.com", "name": "Dan", "phone": None},
        "customer_email": None,
        "discounts": [],
        "invoice": None,
        "livemode": True,
        "metadata": {},
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        "total_details": {"amount_discount": 500, "amount_shipping": 400, "amount_tax": 400},
        **fields,
    }


def stripe_invoice(**fields: Any) -> dict[str, Any]:
    return {
        "id": "in_1",
        "object": "invoice",
        "amount_paid": 2000,
        "billing_reason": "subscription_cycle",
        "created": SECONDS - 10,
        "currency": "usd",
        "customer": "cus_dan",
        "customer_email": "dan@example.com",
        "livemode": True,
        "metadata": {},
        "payments": {"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_9"}}]},
        "status": "paid",
        "status_transitions": {"paid_at": SECONDS},
        "subtotal": 2000,
        "total": 2000,
        "total_discount_amounts": [],
        "total_taxes": [],
        **fields,
    }


def stripe_intent(**fields: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 5300,
        "amount_received": 5300,
        "created": SECONDS + 1,
        "currency": "usd",
        "customer": "cus_dan",
        "livemode": True,
        "metadata": {},
        "receipt_email": None,
        "status": "succeeded",
        **fields,
    }


def stripe_refund(**fields: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 1000,
        "charge": "ch_1",
        "created": SECONDS + 30,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "succeeded",
        **fields,
    }


def stripe_dispute(**fields: Any) -> dict[str, Any]:
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 5300,
        "charge": "ch_1",
        "created": SECONDS + 40,
        "currency": "usd",
        "livemode": True,
        "payment_intent": "pi_1",
        "status": "needs_response",
        **fields,
    }


def shopify_order(**fields: Any) -> dict[str, Any]:
    return {
        "id": 820982911946154508,
        "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
        "contact_email": "dan@example.com",
        "created_at": "2026-11-21T13:00:00+01:00",
        "currency": "USD",
        "customer": {"id": 115310627314723954, "email": "dan@example.com", "first_name": "Dan"},
        "discount_codes": [],
        "email": "dan@example.com",
        "financial_status": "paid",
        "line_items": [
            {
                "id": 866550311766439020,
                "discount_allocations": [{"amount": "5.00", "discount_application_index": 0}],
                "gift_card": False,
                "price": "25.00",
                "quantity": 2,
                "sku": "TENT",
                "tax_lines": [{"price": "4.00", "rate": 0.08, "title": "Tax"}],
            }
        ],
        "name": "#1001",
        "note_attributes": [],
        "presentment_currency": "USD",
        "refunds": [],
        "shipping_lines": [{"id": 1, "price": "4.00", "discounted_price": "4.00", "tax_lines": []}],
        "taxes_included": False,
        "test": False,
        "total_outstanding": "0.00",
        "total_price": "53.00",
        "updated_at": "2026-11-21T13:00:05+01:00",
        **fields,
    }


def shopify_refund(**fields: Any) -> dict[str, Any]:
    return {
        "id": 890088186047892319,
        "order_id": 820982911946154508,
        "created_at": "2026-11-22T13:00:00+01:00",
        "processed_at": "2026-11-22T13:00:00+01:00",
        "refund_line_items": [
            {
                "id": 487817672276298627,
                "line_item_id": 866550311766439020,
                "quantity": 1,
                "subtotal": "22.50",
                "total_tax": "2.00",
            }
        ],
        "order_adjustments": [],
        "transactions": [shopify_transaction("24.50")],
        **fields,
    }


def shopify_transaction(amount: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "amount": amount,
        "currency": "USD",
        "kind": "refund",
        "processed_at": "2026-11-22T13:00:00+01:00",
        "created_at": "2026-11-22T13:00:00+01:00",
        "status": "success",
        **fields,
    }


def woo_order(**fields: Any) -> dict[str, Any]:
    return {
        "id": 727,
        "billing": {"first_name": "Dan", "email": "dan@example.com"},
        "coupon_lines": [],
        "currency": "USD",
        "customer_id": 26,
        "date_created": "2026-11-21T13:00:00",
        "date_created_gmt": "2026-11-21T12:00:00",
        "date_modified_gmt": "2026-11-21T12:00:05",
        "date_paid_gmt": "2026-11-21T12:00:03",
        "discount_total": "5.00",
        "fee_lines": [],
        "line_items": [
            {"id": 315, "quantity": 2, "sku": "TENT", "subtotal": "50.00", "total": "45.00", "total_tax": "4.00"}
        ],
        "meta_data": [],
        "number": "727",
        "prices_include_tax": False,
        "refunds": [],
        "shipping_total": "4.00",
        "status": "processing",
        "total": "53.00",
        "total_tax": "4.00",
        **fields,
    }


def generic(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": NOON.isoformat(), "data": data}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
