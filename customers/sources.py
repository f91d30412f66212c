"""Shops: connecting one, and what is known of the customers that it had before."""

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from customers.models import Source
from spine import audit, events
from spine.audit import Party
from spine.inserts import insert_once
from spine.refusal import Refusal


class AlreadyConnected(Refusal):
    """A shop of that name, or of one that makes the same key, is connected."""

    code = "already_connected"
    sentence = _("A shop is connected as %(source)s already. Give this one another name.")


class PastCustomersKnown(Refusal):
    """Somebody said before what is known of the shop's past customers."""

    code = "past_customers_known"
    sentence = _("What is known of this shop's past customers was said already.")


@transaction.atomic
def connect(name: str, actor: Party, at: datetime) -> Source:
    """Connect a shop under a key made from its name, which its facts name from then on. Raises AlreadyConnected."""
    # A name without any letter from a to z makes no key.
    source = Source(key=slugify(name)[:50].strip("-") or "shop", name=name, created_at=at)
    if not insert_once([source], key=["key"]):
        raise AlreadyConnected(source=source.key)
    _note(source, "source.connected", actor, at, {"source": source.key})
    return source


@transaction.atomic
def confirm_imported(source: Source, actor: Party, at: datetime) -> None:
    """Say that the shop's past customers are in; whoever is not among them is new. Raises PastCustomersKnown.

    It may be said after somebody had said that there are none.
    """
    fresh = {"past_customers_imported_at": at, "no_past_customers_at": None}
    if not Source.objects.filter(pk=source.pk, past_customers_imported_at=None).update(**fresh):
        raise PastCustomersKnown
    _note(source, "source.confirmed", actor, at, {"past_customers": "imported"})


@transaction.atomic
def confirm_no_past_customers(source: Source, actor: Party, at: datetime) -> None:
    """Say that the shop had no customers before, so that everybody is new. Raises PastCustomersKnown."""
    unsaid = Source.objects.filter(pk=source.pk, past_customers_imported_at=None, no_past_customers_at=None)
    if not unsaid.update(no_past_customers_at=at):
        raise PastCustomersKnown
    _note(source, "source.confirmed", actor, at, {"past_customers": "none"})


def _note(source: Source, verb: str, actor: Party, at: datetime, payload: dict[str, str]) -> None:
    """Shops have no other public id than their key."""
    entry = audit.record(actor, verb, ("source", source.key), at=at)
    events.record(
        verb, person=None, subject=("source", source.key), at=at, key=f"{verb}:{source.key}:{entry.pk}", payload=payload
    )
