"""Merging: two people turn out to be one human, and whoever was merged leads to whom they are now."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from spine import audit, events
from spine.refusal import Refusal

# A chain is as long as somebody was merged; nobody is merged more often than this.
MOST_STEPS = 32


class AlreadyMerged(Refusal):
    """One of the two was merged into somebody else before, or both are the same person."""

    code = "already_merged"
    sentence = _("These are the same person already, or one of them was merged into somebody else.")


@transaction.atomic
def merge(person: Person, into: Person, actor: audit.Party, at: datetime) -> None:
    """From now on `person` is `into`: what hangs on them stays where it is and is found through it.

    Raises AlreadyMerged.
    """
    locked = {
        each.pk: each for each in Person.objects.select_for_update().filter(pk__in=[person.pk, into.pk]).order_by("pk")
    }
    if len(locked) < 2 or any(each.merged_into_id for each in locked.values()):
        raise AlreadyMerged
    Person.objects.filter(pk=person.pk).update(merged_into=into)
    subject = ("person", str(person.pk))
    audit.record(actor, "person.merged", subject, at=at)
    events.record(
        "person.merged",
        person=into.pk,
        subject=subject,
        at=at,
        key=f"person.merged:{person.pk}",
        payload={"into": str(into.pk)},
    )


def heads(people: Iterable[UUID]) -> dict[UUID, UUID]:
    """Whom each of these people is now; themselves, unless they were merged. One query for each link of a chain."""
    found = {each: each for each in people}
    for _step in range(MOST_STEPS):
        ends = set(found.values())
        moved = dict(Person.objects.filter(pk__in=ends, merged_into__isnull=False).values_list("pk", "merged_into"))
        if not moved:
            break
        found = {each: moved.get(end) or end for each, end in found.items()}
    return found


def everybody(people: Iterable[UUID]) -> dict[UUID, UUID]:
    """These heads and all who were ever merged into them, each with their head. One query for each link of a chain."""
    found = {each: each for each in people}
    layer = set(found)
    for _step in range(MOST_STEPS):
        below = Person.objects.filter(merged_into__in=layer).values_list("pk", "merged_into")
        fresh = {merged: found[head] for merged, head in below if head and merged not in found}
        if not fresh:
            break
        found |= fresh
        layer = set(fresh)
    return found
