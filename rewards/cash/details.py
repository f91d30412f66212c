"""Payout details: where a person's cash goes, changing it safely, and taking a change back.

What is entered is sealed and used a day later; until then nothing is paid. Whoever owns the account hears of every
change by email, and can undo it with the link in there.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from advocates import sealing, suspending
from customers.models import Person
from rewards import people
from rewards.cash import iban, letters
from rewards.models import PayoutDetails
from spine import audit
from spine.refusal import Refusal

# How long new details wait before cash is sent there.
WAIT = timedelta(days=1)
# How long the link of an email takes a change back.
UNDOABLE = timedelta(days=30)
PURPOSE = "payout details"
_SALT = "rewards.payout_details"
# So much that its last four characters give nothing away.
SHORTEST = 8


class BadIban(Refusal):
    """A bank account whose check digits do not fit."""

    code = "bad_iban"
    status = 422
    sentence = _("This IBAN has a typing error: its check digits don't fit. Compare it with your bank's letter.")


class TooShort(Refusal):
    """So few characters that nobody could be paid by them."""

    code = "payout_details_too_short"
    status = 422
    sentence = _("Say a little more, so that we know how to pay you.")


class NothingToUndo(Refusal):
    """The change was taken back before, is too long ago, or its person is gone."""

    code = "nothing_to_undo"
    status = 404
    sentence = _("There is nothing to undo any more.")


class NoDetails(Refusal):
    """Nobody knows yet where the cash should go."""

    code = "no_payout_details"
    sentence = _("Tell us first where your money should go.")


@dataclass(frozen=True)
class Destination:
    """Where cash goes, in clear: an account holder with an IBAN, or with words about how to pay them."""

    holder: str
    account: str

    @property
    def kind(self) -> str:
        """A bank account where it reads as one."""
        return PayoutDetails.Kind.IBAN if iban.looks_like(self.account) else PayoutDetails.Kind.WORDS


@transaction.atomic
def enter(person: Person, destination: Destination, actor: audit.Party, at: datetime) -> PayoutDetails:
    """Put new details in the place of what stands. Raises BadIban, TooShort, Suspended, NoAdvocate.

    The owner of the account is written to at the address on file.
    """
    destination = _cleaned(destination)
    if suspending.is_suspended(person.pk, at):
        raise suspending.Suspended
    advocate = people.lock(person)
    before = standing(person)
    _supersede(person, at)
    entered = _store(person, destination, before, at, at + WAIT)
    audit.record(actor, "payout_details.entered", _subject(entered), at=at)
    letters.details_changed(advocate, entered, signing.dumps(str(entered.public_id), salt=_SALT), at)
    return entered


@transaction.atomic
def undo(details: PayoutDetails, actor: audit.Party, at: datetime) -> PayoutDetails | None:
    """Take a change back, with every later one, and put in place what stood before it; return that, if anything did.

    Raises NothingToUndo, NoAdvocate.
    """
    people.lock(details.person)
    changed = PayoutDetails.objects.select_related("replaces").get(pk=details.pk)
    if not _is_undoable(changed, at):
        raise NothingToUndo
    later = PayoutDetails.objects.filter(person=changed.person_id, pk__gte=changed.pk)
    _supersede(changed.person, at)
    later.filter(undone_at=None).update(undone_at=at)
    audit.record(actor, "payout_details.undone", _subject(changed), at=at)
    before = changed.replaces
    if before is None or not before.sealed or before.undone_at:
        return None
    # It stood its day already.
    restored = PayoutDetails.objects.create(
        person=before.person, kind=before.kind, sealed=before.sealed, ending=before.ending, replaces=before.replaces,
        entered_at=at, usable_at=before.usable_at,
    )  # fmt: skip
    audit.record(actor, "payout_details.restored", _subject(restored), at=at)
    return restored


def standing(person: Person) -> PayoutDetails | None:
    """Where the person's cash goes now, or will once it is usable."""
    return PayoutDetails.objects.filter(person=person, superseded_at=None).first()


def read(details: PayoutDetails) -> Destination:
    """The details in clear, for whoever pays. Raises NoDetails once they are erased."""
    if not details.sealed:
        raise NoDetails
    told = json.loads(sealing.unseal(details.sealed, PURPOSE))
    return Destination(told["holder"], told["account"])


def found(token: str, at: datetime) -> PayoutDetails:
    """The change that the link of an email takes back. Raises NothingToUndo."""
    try:
        public_id = signing.loads(token, salt=_SALT)
    except signing.BadSignature as bad:
        raise NothingToUndo from bad
    details = PayoutDetails.objects.select_related("person", "replaces").filter(public_id=public_id).first()
    if details is None or not _is_undoable(details, at):
        raise NothingToUndo
    return details


def erase(persons: Collection[UUID], at: datetime) -> None:
    """Empty what these people entered; that something was, and when, stays."""
    theirs = PayoutDetails.objects.filter(person__in=persons)
    theirs.filter(superseded_at=None).update(superseded_at=at)
    theirs.update(sealed="", ending="")


def _cleaned(destination: Destination) -> Destination:
    holder, account = " ".join(destination.holder.split()), destination.account.strip()
    if iban.looks_like(account):
        if not iban.is_valid(account):
            raise BadIban
        account = iban.compact(account)
    if len(account) < SHORTEST or not holder:
        raise TooShort
    return Destination(holder, account)


def _store(
    person: Person, destination: Destination, before: PayoutDetails | None, at: datetime, usable_at: datetime
) -> PayoutDetails:
    told = json.dumps({"holder": destination.holder, "account": destination.account}, ensure_ascii=False)
    return PayoutDetails.objects.create(
        person=person, kind=destination.kind, sealed=sealing.seal(told, PURPOSE), ending=destination.account[-4:],
        replaces=before, entered_at=at, usable_at=usable_at,
    )  # fmt: skip


def _is_undoable(details: PayoutDetails, at: datetime) -> bool:
    return bool(details.sealed) and details.undone_at is None and at < details.entered_at + UNDOABLE


def _supersede(person: Person, at: datetime) -> None:
    PayoutDetails.objects.filter(person=person, superseded_at=None).update(superseded_at=at)


def _subject(details: PayoutDetails) -> audit.Party:
    return ("payout_details", str(details.public_id))
