"""Suspending advocates: who takes no part for a while, and why."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from advocates.models import Suspension
from customers.models import Person
from spine import audit, events
from spine.refusal import Refusal


class AlreadySuspended(Refusal):
    """Somebody else was quicker."""

    code = "already_suspended"
    sentence = _("This advocate is suspended already.")


class NotSuspended(Refusal):
    """There is no suspension to lift."""

    code = "not_suspended"
    sentence = _("This advocate is not suspended any more.")


class Suspended(Refusal):
    """Whoever takes no part for now changes nothing."""

    code = "suspended"
    status = 403
    sentence = _("Your account is suspended for now, so this can't be changed. Write to us if you think that is wrong.")


class ReasonMissing(Refusal):
    """Nobody is suspended, or let back, without a word about why."""

    code = "reason_missing"
    status = 422
    sentence = _("Say why. It is kept with what you did.")


@transaction.atomic
def suspend(person: Person, actor: audit.Party, reason: str, at: datetime) -> Suspension:
    """Let a person take no part from now on: their links still land visitors and credit nobody.

    Raises AlreadySuspended, ReasonMissing.
    """
    try:
        with transaction.atomic():
            suspension = Suspension.objects.create(person=person, begun_at=at)
    except IntegrityError as standing:
        raise AlreadySuspended from standing
    _note(actor, "advocate.suspended", person, reason, at)
    return suspension


@transaction.atomic
def lift(person: Person, actor: audit.Party, reason: str, at: datetime) -> None:
    """Let a person take part again. Raises NotSuspended, ReasonMissing."""
    if not Suspension.objects.filter(person=person, lifted_at=None).update(lifted_at=at):
        raise NotSuspended
    _note(actor, "advocate.reinstated", person, reason, at)


def is_suspended(person_id: uuid.UUID, at: datetime) -> bool:
    """Whether the person took no part at that instant."""
    return _standing(at).filter(person=person_id).exists()


def of(person: OuterRef, at: datetime) -> Exists:
    """The same as a column of a query, for the person whom that names."""
    return Exists(_standing(at).filter(person=person))


def suspended_among(person_ids: Iterable[uuid.UUID], at: datetime) -> set[uuid.UUID]:
    """Who of these people took no part at that instant."""
    return set(_standing(at).filter(person__in=person_ids).values_list("person", flat=True))


def _standing(at: datetime) -> QuerySet[Suspension]:
    return Suspension.objects.filter(Q(lifted_at=None) | Q(lifted_at__gt=at), begun_at__lte=at)


def _note(actor: audit.Party, verb: str, person: Person, reason: str, at: datetime) -> None:
    """Write the act down; the words that were given for it stand apart, where they can be erased."""
    if not reason.strip():
        raise ReasonMissing
    subject = ("advocate", str(person.pk))
    entry = audit.record(actor, verb, subject, at=at, reason=reason)
    events.record(verb, person=person.pk, subject=subject, at=at, key=f"{verb}:{entry.pk}")
