"""Sealing: committed transfers get their gap-free places in one series, chained by digests that nobody can make up.

Posting takes no lock on the chain; one sweep follows. A digest covers every column of its transfer and the digest
before it, under a key that is not in the database.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from rewards.models import Seal, Transfer
from spine import events
from spine.inserts import insert_once
from spine.models import Cursor
from spine.updates import update_rows

NAME = "ledger.seal"
BATCH = 500
# What is not sealed after so long is an alarm.
LATEST = timedelta(seconds=60)
# What the first digest follows.
FIRST = "0" * 64


def seal(at: datetime) -> int:
    """Seal the next committed transfers, in the order of their ids; return how many were."""
    insert_once([Cursor(name=NAME)], key=["name"])
    with transaction.atomic():
        head = Cursor.objects.select_for_update(skip_locked=True).filter(name=NAME).first()
        if head is None:
            return 0
        fresh = list(Transfer.objects.filter(sequence=None).order_by("pk")[:BATCH])
        last = Seal.objects.filter(sequence=head.position).first()
        seals = list(_chain(fresh, head.position, last.digest if last else FIRST, at))
        update_rows(fresh, ["sequence"])
        Seal.objects.bulk_create(seals)
        Cursor.objects.filter(name=NAME).update(position=head.position + len(fresh))
    return len(fresh)


def export_head(at: datetime) -> int:
    """Tell the world once a day how far the series is sealed and with which digest; return whether it was told now."""
    last = Seal.objects.order_by("-sequence").first()
    if last is None:
        return 0
    day = at.astimezone(UTC).date().isoformat()
    told = events.record(
        "ledger.sealed",
        person=None,
        subject=("ledger", "head"),
        at=at,
        key=f"ledger.sealed:{day}",
        payload={"sequence": last.sequence, "digest": last.digest},
    )
    return int(told is not None)


def unsealed_since(at: datetime) -> timedelta | None:
    """How long the oldest transfer has waited for its seal; None where none waits."""
    oldest = Transfer.objects.filter(sequence=None).order_by("pk").values_list("at", flat=True).first()
    return at - oldest if oldest else None


def digest(transfer: Transfer, sequence: int, before: str) -> str:
    """The digest of one transfer in its place: HMAC-SHA256 over the one before and every column, length-prefixed."""
    told = [
        before, sequence, transfer.pk, transfer.public_id, transfer.entry, transfer.number, transfer.act,
        transfer.reward_id, transfer.source_id, transfer.target_id, transfer.unit, transfer.amount,
        transfer.reverses_id, transfer.at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]  # fmt: skip
    message = "".join(f"{len(text)}:{text}" for text in map(str, told))
    return hmac.new(_key(), message.encode(), hashlib.sha256).hexdigest()


def _chain(transfers: Iterable[Transfer], position: int, before: str, at: datetime) -> Iterator[Seal]:
    for transfer in transfers:
        position += 1
        before = digest(transfer, position, before)
        transfer.sequence = position
        yield Seal(sequence=position, transfer_id=transfer.pk, digest=before, at=at)


def _key() -> bytes:
    """A key of its own, from the one that no database holds."""
    return hmac.new(settings.IDENTITY_KEY.encode(), b"ledger seal", hashlib.sha256).digest()
