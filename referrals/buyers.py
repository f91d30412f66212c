"""Whom an order or a lead is about: the person behind the shop's customer, or one of the order's own."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from allauth.account.models import EmailAddress

from brand.suppression import address_hash
from customers.models import Customer, Order, Person
from customers.told import CustomerFact
from spine.inserts import insert_once


def known(customer: CustomerFact) -> CustomerFact:
    """The customer with the person whom we know by their email: the user who confirmed that it is theirs."""
    if not customer.email:
        return customer
    confirmed = EmailAddress.objects.filter(email=customer.email.lower(), verified=True)
    person = confirmed.order_by("pk").values_list("user__person", flat=True)[:1]
    return replace(customer, person=person[0]) if person else customer


def of(order: Order) -> UUID:
    """Who ordered; where the shop names no customer, a person of the order's own, the same whenever it is asked."""
    return order.customer.person_id if order.customer else _own(order.public_id)


def make(order: Order) -> UUID:
    """Who ordered; a person of the order's own is there from now on."""
    if order.customer is None:
        _make_own(order)
    return of(order)


def told(order: Order, customer: CustomerFact | None) -> UUID:
    """Whom one telling of an order names, which another one may have corrected."""
    if customer is None:
        return _make_own(order)
    if order.customer and order.customer.key == customer.key:
        return order.customer.person_id
    return Customer.objects.get(source=order.source_id, key=customer.key).person_id


def _make_own(order: Order) -> UUID:
    insert_once([Person(pk=_own(order.public_id))], key=["id"])
    return _own(order.public_id)


def earlier(order: Order) -> set[UUID]:
    """Whom any telling of the order named: whoever lost it may be new again."""
    named = {document["customer"] for document in order.versions.values_list("document", flat=True)}
    return set(Customer.objects.filter(pk__in=named - {None}).values_list("person", flat=True))


def sharing(addresses: Collection[str], mailboxes: Collection[str]) -> set[UUID]:
    """Whoever is known by one of these addresses or mailboxes, as keyed hashes."""
    named = {"email_hash": {*addresses} - {""}, "canonical_hash": {*mailboxes} - {""}}
    alike = [
        Customer.objects.exclude(**{name: ""}).filter(**{f"{name}__in": hashes}).values_list("person")
        for name, hashes in named.items()
        if hashes
    ]
    return {person for (person,) in alike[0].union(*alike[1:])} if alike else set()


def left(source: str, customer: CustomerFact) -> set[UUID]:
    """Who shares a mailbox with the shop's record that is now said to have another one: they may be new again."""
    if not customer.email:
        return set()
    known = Customer.objects.filter(source__key=source, key=customer.key).exclude(email_hash="")
    hashes = known.exclude(email_hash=address_hash(customer.email)).values_list("email_hash", "canonical_hash")[:1]
    return sharing(*zip(*hashes, strict=True)) if hashes else set()


def _own(order: UUID) -> UUID:
    return uuid.uuid5(order, "buyer")
