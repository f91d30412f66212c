"""What this room holds about people: the messages of shops, as they came, for some days."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from customers.models import Customer
from integrations.models import Connection, Delivery, Dispatch, Endpoint, Import, Pull, Rejection, Slice
from spine.privacy import BATCH, Subject

EXPORTED = {Delivery, Slice}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    Connection: "It is a shop's software, with sealed secrets.",
    Dispatch: "It names an event, and how another system answered.",
    Endpoint: "It is another system's address; who made it is an id.",
    Import: "It names a file and its columns; who brought it is an id.",
    Pull: "It is where a shop's software is asked, with sealed tokens.",
    Rejection: "It counts messages of which nothing is kept.",
}


def export(subject: Subject) -> dict[str, Any]:
    """The messages about them that are still kept."""
    return {
        "deliveries": [
            {"topic": row.topic, "received_at": row.received_at, "body": bytes(row.body).decode(errors="replace")}
            for row in (*_named(subject).order_by("pk"), *_unnamed(subject))
        ],
        "file_rows": [row[1:] for each, about in _rows(subject) for row in about],
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Delete the messages about them, and the rows of files that name an address of theirs."""
    unnamed = [row.pk for row in _unnamed(subject)]
    Delivery.objects.filter(pk__in=unnamed).delete()
    _named(subject).delete()
    for each, about in _rows(subject):
        each.cells = [row for row in each.cells if row not in about]
        gone = {row[0] for row in about}
        each.wrong = [told for told in each.wrong if told[0] not in gone]
        each.save(update_fields=["cells", "wrong"])
    return []


def purge(at: datetime) -> int:
    """Delete one batch of messages that are past their days; return how many."""
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["raw_bodies"])
    old = Delivery.objects.filter(received_at__lt=kept_since).order_by("received_at").values_list("pk", flat=True)
    gone = Delivery.objects.filter(pk__in=list(old[:BATCH])).delete()[0]
    sent = Dispatch.objects.filter(last_at__lt=kept_since, again_at=None).order_by("last_at")
    ended = Slice.objects.filter(table__ended_at__lt=kept_since).values_list("pk", flat=True)
    gone += Slice.objects.filter(pk__in=list(ended[:BATCH])).delete()[0]
    gone += Dispatch.objects.filter(pk__in=list(sent.values_list("pk", flat=True)[:BATCH])).delete()[0]
    return gone + Rejection.objects.filter(day__lt=kept_since.date()).delete()[0]


def _rows(subject: Subject) -> Iterator[tuple[Slice, list[list[Any]]]]:
    """The slices of files that are still kept, with their rows that name an address of theirs."""
    needles = {address.lower() for address in subject.addresses if address}
    for each in Slice.objects.order_by("pk").iterator(chunk_size=20):
        about = [row for row in each.cells if needles & {str(cell).strip().lower() for cell in row[1:]}]
        if about:
            yield each, about


def _named(subject: Subject) -> QuerySet[Delivery]:
    keys = Customer.objects.filter(person__in=subject.people).values_list("source", "key")
    found = Q(pk__in=[])
    for source, key in keys:
        found |= Q(connection__source=source, customer_key=key)
    return Delivery.objects.filter(found)


def _unnamed(subject: Subject) -> Iterator[Delivery]:
    """Messages of which no column says whom they are about, and that hold an address of theirs."""
    needles = [address.lower().encode() for address in subject.addresses if address]
    for row in Delivery.objects.filter(customer_key="").order_by("pk").iterator(chunk_size=100):
        if any(needle in bytes(row.body).lower() for needle in needles):
            yield row
