"""What people are called on the staff's pages: by the name of their profile, else by what a shop calls them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from advocates.models import Advocate
from customers.models import Customer


@dataclass(frozen=True)
class Names:
    """The names of some people, as the staff may read them."""

    advocates: dict[UUID, Advocate]
    emails: dict[UUID, str]

    def of(self, person: UUID | str | None) -> str:
        """Their name, their email or that there is none left."""
        key = UUID(str(person)) if person else None
        if key in self.advocates:
            return self.advocates[key].display_name
        return (self.emails.get(key) if key else None) or _("somebody without a name")


def of(people: Iterable[UUID | str | None]) -> Names:
    """The names of all of them, in two queries for any number."""
    ids = {UUID(str(person)) for person in people if person}
    customers = Customer.objects.filter(person__in=ids).exclude(email="").order_by("-pk")
    return Names(
        {advocate.person_id: advocate for advocate in Advocate.objects.filter(person__in=ids)},
        dict(customers.values_list("person", "email")),
    )
