"""Finding people for the staff: by what they are called, where they get mail, what they share or what they ordered."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.utils.translation import gettext as _

from advocates.models import Advocate, User
from brand.suppression import address_hash
from customers.canonical import canonical_hash
from customers.models import Customer, Person
from referrals import naming
from referrals.review import conversion_search
from referrals.share import codes

# Who fits no better than so many others is not found by that.
MOST = 20


@dataclass(frozen=True)
class Found:
    """One person and by what they were found."""

    person: UUID
    name: str
    by: str


def search(text: str) -> list[Found]:
    """Whoever the text may stand for, each once; at most ten queries."""
    text = text.replace("\0", "").strip()
    matches = list(_matches(text)) if text else []
    merged = Person.objects.filter(pk__in=[person for person, _why in matches], merged_into__isnull=False)
    heads = dict(merged.values_list("pk", "merged_into"))
    people: dict[UUID, str] = {}
    for person, why in matches:
        people.setdefault(heads.get(person) or person, why)
    names = naming.of(people)
    return [Found(person, names.of(person), why) for person, why in people.items()][:MOST]


def _matches(text: str) -> Iterable[tuple[UUID, str]]:
    if "@" in text:
        yield from _by_email(text)
    if code := codes.find(text):
        yield code.link.person_id, _("by their code")
    for order in conversion_search.orders(text):
        if order.customer:
            yield order.customer.person_id, _("by their order %(order)s") % {"order": order.key}
    named = Q(username=text.lower()) | Q(display_name__icontains=text)
    for person in Advocate.objects.filter(named).order_by("display_name", "pk").values_list("person", flat=True)[:MOST]:
        yield person, _("by their name")
    if (public_id := _uuid(text)) and Person.objects.filter(pk=public_id).exists():
        yield public_id, _("by their id")


def _by_email(text: str) -> Iterable[tuple[UUID, str]]:
    """Also an address that nobody confirmed, and one that only a shop told."""
    for person in User.objects.filter(email__iexact=text).values_list("person", flat=True):
        yield person, _("by the email they sign in with")
    for person in EmailAddress.objects.filter(email__iexact=text).values_list("user__person", flat=True):
        yield person, _("by an email of their account")
    hashed = Q(email_hash=address_hash(text)) | Q(canonical_hash=canonical_hash(text))
    for person in Customer.objects.filter(hashed).order_by("-pk").values_list("person", flat=True)[:MOST]:
        yield person, _("by the email that a shop knows")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
