"""What the law lets a person ask of the brand: asking for it, and what this room holds."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction

from customers.models import (
    ApiKey,
    Capture,
    Customer,
    Dispute,
    Lead,
    Line,
    Order,
    OrderVersion,
    Person,
    PrivacyRequest,
    Refund,
)
from spine.privacy import Subject, rows

EXPORTED = {Capture, Customer, Dispute, Lead, Line, Order, Person, PrivacyRequest, Refund}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    ApiKey: "It is a system's; who made it is an id, and the act is told with their acts.",
    OrderVersion: "The ids, hashes and amounts that an exported order had before.",
}


def request(person: Person, kind: str, at: datetime) -> PrivacyRequest:
    """Ask for an export or an erasure, due now; whoever asks again before it is done gets the open request."""
    while True:
        try:
            with transaction.atomic():
                return PrivacyRequest.objects.create(person=person, kind=kind, asked_at=at, due_at=at)
        except IntegrityError:
            # The open request may be done by the time we look for it; then there is room for a new one.
            if standing := PrivacyRequest.objects.filter(person=person, kind=kind, done_at=None).first():
                return standing


def export(subject: Subject) -> dict[str, Any]:
    """Their id, what they asked for, and what shops told of them, their sign-ups and their orders."""
    asked = PrivacyRequest.objects.filter(person__in=subject.people)
    theirs = {"order__customer__person__in": subject.people}
    orders = Order.objects.filter(customer__person__in=subject.people)
    return {
        "id": str(subject.person),
        "requests": rows(asked, "kind", "asked_at", "done_at"),
        "customers": rows(
            Customer.objects.filter(person__in=subject.people),
            *("source__name", "key", "email", "first_order_at", "recorded_at"),
        ),
        "orders": rows(orders, "public_id", "source__name", "key", "currency", "placed_at", "recorded_at"),
        "leads": rows(
            Lead.objects.filter(customer__person__in=subject.people), "source__name", "key", "goal", "at", "recorded_at"
        ),
        "lines": rows(Line.objects.filter(**theirs), "order__key", "kind", "amount", "sku", "quantity"),
        "captures": rows(Capture.objects.filter(**theirs), "order__key", "amount", "at"),
        "refunds": rows(Refund.objects.filter(**theirs), "order__key", "amount", "at", "status"),
        "disputes": rows(Dispute.objects.filter(**theirs), "order__key", "at", "status"),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Empty their emails and the exports kept for them.

    The person and the shops' ids stay, the requests as proof of what was done, and an email's keyed hash so that
    somebody who comes back is not taken for new. An older fact that comes late does not bring the email back.
    """
    PrivacyRequest.objects.filter(person__in=subject.people).update(answer=None)
    Customer.objects.filter(person__in=subject.people).update(email="", email_told_at=at)
    return []


def purge(at: datetime) -> int:
    """Empty exports that nobody needs any more."""
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["exports"])
    return PrivacyRequest.objects.filter(done_at__lt=kept_since, answer__isnull=False).update(answer=None)
