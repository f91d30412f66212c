"""Joining: how somebody becomes an advocate."""

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
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


@transaction.atomic
def join(user: User, *, display_name: str, at: datetime, agreement: int | None = None) -> Advocate:
    """Save a new user (given with email and password) with its person, its advocate and its yes to the agreement.

    `agreement` is the version that was accepted; None where the brand has published none. Raises EmailTaken.
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
    return advocate


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
