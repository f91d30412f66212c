"""Who is whom: the customer records and mailboxes by which people are known, however many ids they have."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q

from advocates.models import User
from brand.suppression import address_hash
from customers.canonical import canonical_hash
from customers.models import Customer, Person


@dataclass
class Known:
    """All by which one person is known: keyed hashes of addresses and mailboxes, customer records, other ids."""

    person: UUID
    # Themselves and whom they were merged with; and besides, whoever buys under one of their mailboxes.
    same: set[UUID] = field(default_factory=set)
    people: set[UUID] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    mailboxes: set[str] = field(default_factory=set)
    customers: list[Customer] = field(default_factory=list)


def of(people: Collection[UUID]) -> dict[UUID, Known]:
    """What is known of each of these people; a constant number of queries, and of hashes as many as addresses."""
    known = {person: Known(person, {person}, {person}) for person in people}
    _merged(known)
    users = User.objects.filter(person__in=known).values_list("person", "email")
    confirmed = EmailAddress.objects.filter(user__person__in=known, verified=True).values_list("user__person", "email")
    for person, email in {*users, *confirmed}:
        known[person].addresses.add(address_hash(email))
        known[person].mailboxes.add(canonical_hash(email))
    theirs = _records(Q(person__in={each for one in known.values() for each in one.same}))
    for one in known.values():
        for customer in (record for each in one.same for record in theirs.by_person[each]):
            one.addresses |= {customer.email_hash} - {""}
            one.mailboxes |= {customer.canonical_hash} - {""}
    _add_records(known, theirs)
    return known


class _Records:
    """Customer records by person, and by the hashes of their addresses."""

    def __init__(self, found: Collection[Customer]) -> None:
        self.by_person: dict[UUID, list[Customer]] = defaultdict(list)
        self.by_hash: dict[str, list[Customer]] = defaultdict(list)
        for customer in found:
            self.by_person[customer.person_id].append(customer)
            for hashed in {customer.email_hash, customer.canonical_hash} - {""}:
                self.by_hash[hashed].append(customer)


def _records(*where: Q) -> _Records:
    """Records of which any of these holds; asked one by one, since SQLite reads the whole table for an OR."""
    first, *others = (Customer.objects.filter(each) for each in where)
    return _Records(list(first.union(*others).order_by("pk") if others else first.order_by("pk")))


def _merged(known: dict[UUID, Known]) -> None:
    """Those who are one and the same by a merger, one step up and down."""
    down, up = (
        Person.objects.filter(pk__in=known, merged_into__isnull=False),
        Person.objects.filter(merged_into__in=known),
    )
    for merged, head in down.union(up).values_list("pk", "merged_into"):
        for one, other in ((merged, head), (head, merged)):
            if one in known and other:
                known[one].same.add(other)


def _add_records(known: dict[UUID, Known], theirs: _Records) -> None:
    hashes = {hashed for one in known.values() for hashed in one.addresses | one.mailboxes}
    # The indexes leave out what has no hash, and are used by whoever says that it does.
    by_email, by_mailbox = (
        ~Q(email_hash="") & Q(email_hash__in=hashes),
        ~Q(canonical_hash="") & Q(canonical_hash__in=hashes),
    )
    alike = _records(by_email, by_mailbox) if hashes else _Records([])
    for one in known.values():
        found = [customer for each in one.same for customer in theirs.by_person[each]]
        found += [customer for hashed in one.addresses | one.mailboxes for customer in alike.by_hash[hashed]]
        one.customers = list({customer.pk: customer for customer in found}.values())
        one.people = one.same | {customer.person_id for customer in one.customers}
