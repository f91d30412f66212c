"""Proof: that the ledger keeps its promises, recomputed from its transfers. Nothing is repaired here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from rewards import sealing, totals
from rewards.ledger import MOVES
from rewards.models import Account, Award, Reward, Seal, Transfer
from rewards.models import Count as Used
from rewards.models.ledger import OWNER_KINDS
from rewards.models.reward import PLACES
from spine.models import Cursor, Event

STEP = 1000


@dataclass(frozen=True)
class Finding:
    """One promise that is broken: which, and by what."""

    promise: str
    what: str
    scheme: int | None = None

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


def verify() -> Iterator[Finding]:
    """Every promise of the ledger that is broken, as it is found; in constant memory."""
    for check in CHECKS:
        yield from check()


def confirmed() -> list[Finding]:
    """What is found twice: while others write, one look may see a transfer before what it changed, and two don't."""
    found = list(verify())
    if not found:
        return []
    again = set(verify())
    return [finding for finding in found if finding in again]


def _transfers() -> Iterator[Finding]:
    """Each moves its reward's unit between two accounts of one scheme, along a way that its act may take."""
    rows = Transfer.objects.select_related("source", "target", "reward").order_by("pk")
    for row in _each(rows):
        kinds = (row.source.kind, row.target.kind)
        if kinds not in MOVES.get(row.act, set()):
            yield Finding(
                "transfer_goes_its_way", f"{row} is {row.act} from {kinds[0]} to {kinds[1]}", row.reward.scheme_id
            )
        if {row.source.unit, row.target.unit, row.unit} != {row.reward.unit}:
            yield Finding("one_unit", f"{row} mixes units", row.reward.scheme_id)
        if {row.source.scheme_id, row.target.scheme_id} != {row.reward.scheme_id}:
            yield Finding("one_book", f"{row} leaves its scheme", row.reward.scheme_id)


def _reversals() -> Iterator[Finding]:
    """What is taken back of a transfer, less what was given back of that, never exceeds it."""
    again = Transfer.objects.filter(reverses=OuterRef("pk")).order_by().values("reverses").annotate(sum=Sum("amount"))
    backs = Transfer.objects.filter(reverses__isnull=False).annotate(
        net=F("amount") - Coalesce(Subquery(again.values("sum")), Value(0))
    )
    for back in backs.filter(net__lt=0):
        yield Finding("reverses_no_more_than_there_was", str(back), back.reward.scheme_id)
    firsts = Transfer.objects.filter(act="promise").annotate(taken=Coalesce(Subquery(again.values("sum")), Value(0)))
    for first in _each(firsts.filter(taken__gt=F("amount")).order_by("pk")):
        taken = sum(back.net for back in backs.filter(reverses=first))
        if taken > first.amount:
            yield Finding("reverses_no_more_than_there_was", str(first), first.reward.scheme_id)


def _balances() -> Iterator[Finding]:
    """What an account says it holds is the sum of its transfers."""
    came, went = (
        Coalesce(
            Subquery(
                Transfer.objects.filter(**{side: OuterRef("pk")})
                .order_by()
                .values(side)
                .annotate(s=Sum("amount"))
                .values("s")
            ),
            Value(0),
        )
        for side in ("target", "source")
    )
    accounts = Account.objects.filter(kind__in=OWNER_KINDS).annotate(sum=came - went)
    for account in accounts.exclude(balance=F("sum")).order_by("pk").iterator(STEP):
        yield Finding(
            "balance_is_the_sum", f"{account.key} says {account.balance}, has {account.sum}", account.scheme_id
        )


def _places() -> Iterator[Finding]:
    """Where a reward says that its amount is, is where its transfers brought it."""
    rewards = Reward.objects.order_by("pk")
    last = 0
    while chunk := list(rewards.filter(pk__gt=last)[:STEP]):
        last = chunk[-1].pk
        moved: dict[int, dict[str, int]] = {
            row.pk: dict.fromkeys(PLACES, 0) | {"reversed": row.amount} for row in chunk
        }
        told = Transfer.objects.filter(reward__in=chunk).order_by()
        for side, sign in (("source", -1), ("target", 1)):
            sums = told.values_list("reward", f"{side}__kind").annotate(sum=Sum("amount"))
            for reward, kind, amount in sums:
                moved[reward]["reversed" if kind == "issued" else kind] += sign * amount
        for row in chunk:
            wrong = [place for place in PLACES if getattr(row, place) != moved[row.pk][place]]
            if wrong or row.state != row.named_state():
                yield Finding(
                    "reward_is_where_it_says", f"{row.public_id}: {', '.join(wrong) or row.state}", row.scheme_id
                )


def _seals() -> Iterator[Finding]:
    """The series has no gap, and no transfer in it was changed, taken out or put in."""
    before, expected = sealing.FIRST, 1
    last = 0
    while chunk := list(Seal.objects.filter(sequence__gt=last).order_by("sequence")[:STEP]):
        last = chunk[-1].sequence
        rows = Transfer.objects.in_bulk([seal.transfer_id for seal in chunk])
        for seal in chunk:
            transfer = rows.get(seal.transfer_id)
            if seal.sequence != expected:
                yield Finding("sealed_without_gap", f"{expected} is missing")
            elif transfer is None:
                yield Finding("sealed_transfer_stands", f"{seal.sequence}: transfer {seal.transfer_id} is gone")
            elif transfer.sequence != seal.sequence or sealing.digest(transfer, seal.sequence, before) != seal.digest:
                yield Finding("sealed_transfer_is_unchanged", f"{seal.sequence}: {transfer}", transfer.reward.scheme_id)
            before, expected = seal.digest, seal.sequence + 1
    unsealed = Transfer.objects.filter(sequence__isnull=False).exclude(pk__in=Seal.objects.values("transfer_id"))
    for transfer in unsealed[:STEP]:
        yield Finding("sealed_transfer_has_a_seal", str(transfer), transfer.reward.scheme_id)


def _heads() -> Iterator[Finding]:
    """Every head that was told to the world is still in the series."""
    for event in Event.objects.filter(name="ledger.sealed").order_by("pk").iterator(STEP):
        told = event.payload
        if not Seal.objects.filter(sequence=told["sequence"], digest=told["digest"]).exists():
            yield Finding("told_head_stands", f"{told['sequence']} was told on {event.at:%Y-%m-%d} with another digest")


def _counts() -> Iterator[Finding]:
    """What is used of caps and budgets is what the standing awards use."""
    used: dict[tuple[int, str], int] = {}
    standing = Award.objects.filter(superseded_at=None).select_related("occasion").order_by("pk")
    for award in _each(standing):
        for names in award.trace["uses"].values():
            for name, amount in names.items():
                key = (award.occasion.scheme_id, name)
                used[key] = used.get(key, 0) + amount
    for count in Used.objects.order_by("pk").iterator(STEP):
        if count.used != used.get((count.scheme_id, count.name), 0):
            yield Finding(
                "count_is_a_recount", f"{count}, used are {used.get((count.scheme_id, count.name), 0)}", count.scheme_id
            )


def _totals() -> Iterator[Finding]:
    """What the days say is what a recount of the sealed transfers finds, once all of them are added."""
    last = (
        Transfer.objects.filter(sequence__isnull=False).order_by("-sequence").values_list("sequence", flat=True).first()
    )
    added = Cursor.objects.filter(name=totals.READER).values_list("position", flat=True).first()
    if added is None or last != added:
        return
    kept, counted = totals.stored(), totals.recount()
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key, 0) != counted.get(key, 0):
            told = f"{key[1]} {key[2]} {key[3]} → {key[4]}: {kept.get(key, 0)}, moved were {counted.get(key, 0)}"
            yield Finding("totals_are_a_recount", told, key[0])


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _transfers, _reversals, _balances, _places, _seals, _heads, _counts, _totals,
)  # fmt: skip


def _each(rows: Any) -> Iterator[Any]:
    """The rows one by one, some at a time, by their keys."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:STEP]):
        yield from chunk
        last = chunk[-1].pk
