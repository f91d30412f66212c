"""Receiving: a signed message is kept as it came and answered at once; what it says is read by a sweep."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from integrations import connecting
from integrations.models import Connection, Delivery, Rejection
from integrations.vendors import VENDORS
from integrations.vendors.base import BadBody, Incoming, Rejected
from spine import audit
from spine.audit import Party
from spine.inserts import insert_once
from spine.nudges import nudge
from spine.refusal import Refusal

SWEEP = "integrations.read"
MOST_BYTES = 1_000_000


class TooLong(Refusal):
    """A message longer than any that a shop sends."""

    code = "too_long"
    status = 413
    sentence = _("This message is longer than a megabyte. Nothing of it was kept.")


class StillWaiting(Refusal):
    """The message is about to be read anyway."""

    code = "still_waiting"
    sentence = _("This message is about to be read. Look again in a moment.")


class NoSecret(Rejected):
    """Nobody said yet under which secret the shop signs."""

    code = "no_secret"
    sentence = _("We don't know this shop's secret yet. Enter it on the shop's page first.")


class Unreadable(Rejected):
    """The signature fits, and the message is none that the shop's software sends."""

    code = "unreadable"
    status = 400
    sentence = _("The signature fits, but this is no message that we know how to read.")


def receive(connection: Connection, incoming: Incoming, *, is_trial: bool = False) -> Delivery:
    """Keep a message that is the shop's; the same once more is only counted. Raises Rejected, TooLong."""
    try:
        delivery = _kept(connection, incoming, is_trial=is_trial)
    except (Rejected, TooLong) as refusal:
        _count(connection, refusal.code, incoming.at)
        raise
    nudge(SWEEP)
    return delivery


@transaction.atomic
def _kept(connection: Connection, incoming: Incoming, *, is_trial: bool) -> Delivery:
    if len(incoming.body) > MOST_BYTES:
        raise TooLong
    if not (secrets := connecting.believed(connection, incoming.at)):
        raise NoSecret
    try:
        genuine = VENDORS[connection.vendor].verify(incoming, secrets)
    except BadBody as garbled:
        raise Unreadable from garbled
    at = incoming.at
    row = Delivery(
        connection=connection, key=genuine.key, topic=genuine.topic, body=incoming.body, received_at=at, due_at=at,
        is_trial=is_trial,
    )  # fmt: skip
    if not insert_once([row], key=["connection", "key"]):
        Delivery.objects.filter(connection=connection, key=genuine.key).update(repeats=F("repeats") + 1)
        row = Delivery.objects.get(connection=connection, key=genuine.key)
    if not is_trial:
        heard = Connection.objects.filter(pk=connection.pk)
        heard.update(first_at=Coalesce("first_at", Value(at)), last_at=at)
    return row


@transaction.atomic
def replay(delivery: Delivery, actor: Party, at: datetime) -> None:
    """Have a message read once more; what it says and is known changes nothing. Raises StillWaiting."""
    stands = ~Q(state=Delivery.State.WAITING) | Q(dead_at__isnull=False)
    read = Delivery.objects.filter(stands, pk=delivery.pk)
    fresh: dict[str, Any] = {"state": Delivery.State.WAITING, "reason": "", "became": [], "taken_at": None}
    if not read.update(due_at=at, dead_at=None, attempts=0, **fresh):
        raise StillWaiting
    audit.record(actor, "delivery.replayed", ("delivery", str(delivery.public_id)), at=at)
    nudge(SWEEP)


def _count(connection: Connection, reason: str, at: datetime) -> None:
    """One row for a day and a reason, however often; what was sent is not kept."""
    row = Rejection(connection=connection, day=at.date(), reason=reason, count=1, first_at=at, last_at=at)
    if not insert_once([row], key=["connection", "day", "reason"]):
        same = Rejection.objects.filter(connection=connection, day=at.date(), reason=reason)
        same.update(count=F("count") + 1, last_at=at)
