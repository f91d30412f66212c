"""Who has an interest: which of the people in a decision are the member of the staff who takes it."""

from collections.abc import Collection
from uuid import UUID

from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _

from advocates.models import User
from customers.canonical import canonical_hash
from customers.models import Customer, Person
from spine.refusal import Refusal


class OwnConversion(Refusal):
    """Somebody was about to decide what pays themselves."""

    code = "own_conversion"
    status = 403
    sentence = _("This would pay you or was bought by you. Ask somebody else on the staff to decide it.")


def own(user: User, people: Collection[UUID | None]) -> set[UUID]:
    """Those of the people who are the user: by id, by a merger, or by a mailbox that both are known under."""
    asked = {person for person in people if person}
    themselves = {user.person_id}
    merged = Person.objects.filter(pk__in=[*asked, user.person_id], merged_into__isnull=False)
    heads = dict(merged.values_list("pk", "merged_into"))
    themselves.add(heads.get(user.person_id) or user.person_id)
    theirs = {person for person in asked if person in themselves or heads.get(person) in themselves}
    return theirs | _by_mailbox(user, asked - theirs)


def refuse_own(user: User, people: Collection[UUID | None]) -> None:
    """Raises OwnConversion where one of the people is the user."""
    if own(user, people):
        raise OwnConversion


def _by_mailbox(user: User, people: Collection[UUID]) -> set[UUID]:
    # A shop knows its customers by records of its own, so whoever buys there is another person than the one signed in.
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    mailboxes = {canonical_hash(email) for email in {user.email, *confirmed}}
    found = Customer.objects.filter(person__in=people, canonical_hash__in=mailboxes)
    return set(found.values_list("person", flat=True))
