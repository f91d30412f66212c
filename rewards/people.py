"""Whose rewards they are: the advocate whom they reach, what they are called, and who of the staff it would be."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from advocates.models import Advocate, User
from customers.models import Person
from spine.refusal import Refusal


class NoAdvocate(Refusal):
    """Nobody whom it could reach stands behind this: they never joined, or they left."""

    code = "no_advocate"
    status = 404
    sentence = _("There is no advocate with this id.")


def lock(person: Person) -> Advocate:
    """The advocate that a person is, held for the caller's transaction. Raises NoAdvocate.

    What takes a person's rewards is done one thing after another, and nothing of it after they were erased.
    """
    hold([person.pk])
    advocate = Advocate.objects.select_related("user").filter(person=person.pk, user__isnull=False).first()
    if advocate is None:
        raise NoAdvocate
    return advocate


def hold(persons: Collection[UUID]) -> None:
    """Let nobody else take anything of these people's before the caller's transaction ends."""
    list(Person.objects.filter(pk__in=persons).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def same(person: Person) -> list[UUID]:
    """Everybody who is this one human: whoever was merged into them has a past of their own."""
    return [person.pk, *Person.objects.filter(merged_into=person.pk).values_list("pk", flat=True)]


def own(user: User, persons: Collection[UUID]) -> set[UUID]:
    """Those of the people who are the user themselves."""
    head = user.person.merged_into_id or user.person_id
    merged = Person.objects.filter(pk__in=persons, merged_into=head).values_list("pk", flat=True)
    return {person for person in persons if person in {head, user.person_id}} | set(merged)


def names(persons: Iterable[UUID]) -> dict[UUID, str]:
    """What those of these people who joined are called."""
    return dict(Advocate.objects.filter(person__in=set(persons)).values_list("person", "display_name"))
