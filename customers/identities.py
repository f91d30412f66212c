"""Whom a shop's customer records stand for, and the keyed hashes that recognise people without naming them."""

import hashlib
import hmac
import uuid
from datetime import datetime

from django.conf import settings

from brand.suppression import address_hash
from customers import facts
from customers.canonical import canonical_hash
from customers.models import Customer, Person, Source
from customers.told import CustomerFact
from spine.inserts import insert_once


def recognise(
    source: Source, fact: CustomerFact, *, told_at: datetime, at: datetime, has_turn: bool = False
) -> Customer:
    """The customer record, locked; if the shop names it for the first time, made with the person whom we know.

    Where we know nobody, it gets a person of its own. Whoever tells of one mailbox takes turns, or two records of it
    told at once would not know of each other; `has_turn` says that the caller waited already. Raises StillBeingTold.
    """
    if not has_turn:
        facts.wait(*mailbox(fact))
    made = Customer(source=source, key=fact.key, person=Person(pk=fact.person or uuid.uuid4()), recorded_at=at)
    _learn(made, fact, told_at)
    # The person comes second, which foreign keys allow until the commit: so whoever comes late has made nobody.
    if insert_once([made], key=["source", "key"]):
        if fact.person is None:
            insert_once([made.person], key=["id"])
            made.is_newcomer = True
        return made
    # The person is not locked with it: whoever is credited to them would wait, and hold what we wait for.
    records = Customer.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    customer = records.get(source=source, key=fact.key)
    if learned := _learn(customer, fact, told_at):
        customer.save(update_fields=learned)
    return customer


def mailbox(fact: CustomerFact | None) -> list[str]:
    """Whose turn it is to tell of the customer's mailbox, where one is told."""
    return [f"mailbox\0{canonical_hash(fact.email)}"] if fact and fact.email else []


def fingerprint_hash(fingerprint: str) -> str:
    """The keyed hash that recognises a means of payment; empty where the shop named none."""
    message = b"payment\0" + fingerprint.encode(errors="surrogatepass")
    return hmac.new(settings.IDENTITY_KEY.encode(), message, hashlib.sha256).hexdigest() if fingerprint else ""


def _learn(customer: Customer, fact: CustomerFact, told_at: datetime) -> list[str]:
    """Keep the newest email and the earliest first order; of two emails of one instant, always the same one.

    Returns the names of the fields that changed.
    """
    has_email = bool(fact.email) and _is_newer(customer, fact.email, told_at)
    if has_email:
        customer.email, customer.email_told_at = fact.email, told_at
        customer.email_hash, customer.canonical_hash = address_hash(fact.email), canonical_hash(fact.email)
    first = customer.first_order_at
    is_earlier = fact.first_order_at is not None and (first is None or fact.first_order_at < first)
    if is_earlier:
        customer.first_order_at = fact.first_order_at
    changed = ["email", "email_hash", "canonical_hash", "email_told_at"] if has_email else []
    return [*changed, "first_order_at"] if is_earlier else changed


def _is_newer(customer: Customer, email: str, told_at: datetime) -> bool:
    if customer.email_told_at is None or told_at != customer.email_told_at:
        return customer.email_told_at is None or told_at > customer.email_told_at
    # An email that was erased at this instant stays erased.
    return customer.email != "" and (address_hash(email), email) > (customer.email_hash, customer.email)
