"""Joining: how somebody becomes an advocate."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from advocates.models import Acceptance, Advocate, User
from customers.models import Person
from spine import events
from spine.inserts import insert_once
from spine.refusal import Refusal


class EmailTaken(Refusal):
    """Somebody can sign in with this email already."""

    code = "email_taken"
    status = 409
    sentence = _("There is an account with this email already. Sign in instead.")


@dataclass(frozen=True)
class ToAccept:
    """One text that is accepted on joining beside the user agreement."""

    # Names the exact version.
    key: str
    # What it is called inside "I agree to …".
    label: str
    url: str


class Step:
    """What a room above does when somebody joins; `ON_JOINING` in the settings names each by its dotted path."""

    def asks(self, at: datetime) -> list[ToAccept]:
        """What one accepts on joining now."""
        return []

    def accepted(self, person: Person, keys: Collection[str], at: datetime) -> None:
        """Take note, in the transaction of joining, of what was accepted; other rooms' keys are among it."""

    def arrived(self, person: Person, cookies: Mapping[str, str], at: datetime) -> None:
        """Take note, in the same transaction, of what their browser brought along."""


def asks(at: datetime) -> list[ToAccept]:
    """All that one accepts on joining now, the user agreement aside."""
    return [asked for step in _steps() for asked in step.asks(at)]


@transaction.atomic
def join(
    user: User,
    *,
    display_name: str,
    at: datetime,
    agreement: int | None = None,
    accepted: Collection[str] = (),
    cookies: Mapping[str, str] = MappingProxyType({}),
) -> Advocate:
    """Save a new user (given with email and password) with its person, its advocate and its yes to the agreement.

    `agreement` is the version that was accepted; None where the brand has published none. `accepted` are the keys of
    what else was, `cookies` those of their browser. Raises EmailTaken.
    """
    user.person = Person.objects.create()
    user.joined_at = at
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as taken:
        raise EmailTaken from taken
    advocate = _named(Advocate(person=user.person, user=user, display_name=display_name, joined_at=at))
    if agreement is not None:
        Acceptance.objects.create(person=user.person, version=agreement, at=at)
    events.record(
        "advocate.joined",
        person=user.person.pk,
        subject=("advocate", str(user.person.pk)),
        at=at,
        key=f"advocate.joined:{user.person.pk}",
        payload={"agreement": agreement},
    )
    for step in _steps():
        step.accepted(user.person, accepted, at)
        step.arrived(user.person, cookies, at)
    return advocate


def _steps() -> list[Step]:
    return [import_string(path)() for path in settings.ON_JOINING]


def _named(advocate: Advocate) -> Advocate:
    """Insert the advocate under the first username made of their name that nobody has."""
    stem = slugify(advocate.display_name)[:20].strip("-_") or "advocate"
    advocate.username = stem
    digits = 1
    while not insert_once([advocate], key=["username"]):
        # A short number where the name is rare, a long one soon where it is not.
        digits = min(digits + 1, 8)
        advocate.username = f"{stem}-{secrets.randbelow(10**digits)}"
    return advocate
