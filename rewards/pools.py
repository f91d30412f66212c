"""Pools of discount codes: filling them, and taking codes out one by one."""

import csv
import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rewards.models import Item, Plan, Pool, PoolCode, Scheme
from rewards.plans import PlanDocument
from spine import audit
from spine.inserts import insert_once
from spine.refusal import Refusal

# One upload brings at most so many codes, in statements of so many rows.
MOST = 50_000
BATCH = 1000
# From here on a pool is running low.
LOW = 50
# Whoever waits for a code of an empty pool asks again after this long.
LOOK_AGAIN = timedelta(minutes=5)
_CODE = re.compile(r"[!-~]{1,64}")
# What the first line of an export may say instead of a code.
_HEADS = {"code", "codes", "coupon", "coupon code", "discount code"}


@dataclass(frozen=True)
class BadLine:
    """One line of an upload that can't be taken, and why."""

    number: int
    why: str | Promise


@dataclass(frozen=True)
class Stocked:
    """A pool, how many codes it has left, and how many it has given away."""

    pool: Pool
    left: int
    given: int

    @property
    def is_low(self) -> bool:
        """Whether somebody should fill it soon."""
        return self.left < LOW


class PoolEmpty(Refusal):
    """Every code of the pool is given away or expired."""

    code = "pool_empty"
    sentence = _("There is no code left right now.")


class BadCodes(Refusal):
    """An upload with lines that can't be taken; none of it was."""

    code = "bad_codes"
    status = 422
    sentence = _("None of these codes was taken, because some lines need a look first.")

    def __init__(self, lines: Sequence[BadLine]) -> None:
        self.lines = lines
        super().__init__()


class TooManyCodes(Refusal):
    """An upload above its limit."""

    code = "too_many_codes"
    status = 413
    sentence = _("Upload at most %(most)d codes at once.")


class NoCodes(Refusal):
    """An upload without a single code."""

    code = "no_codes"
    status = 422
    sentence = _("There is no code in it. Put one code on each line.")


def fold(text: str) -> str:
    """The form in which two codes are the same code: compatible characters made one, capitals, no space around."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper()).strip()


@transaction.atomic
def create(scheme: Scheme, name: str, actor: audit.Party, at: datetime) -> Pool:
    """A pool without codes."""
    pool = Pool.objects.create(scheme=scheme, name=name, created_at=at)
    audit.record(actor, "pool.created", ("pool", str(pool.public_id)), at=at)
    return pool


@transaction.atomic
def fill(pool: Pool, lines: Iterable[str], actor: audit.Party, at: datetime, expires_at: datetime | None = None) -> int:
    """Put the codes of these lines into the pool, all or none, and return how many they were.

    Of a line with several columns the first counts. Raises BadCodes, NoCodes, TooManyCodes.
    """
    told, bad = _read(lines)
    # In one order for everybody, so that two uploads never wait for each other's codes in a circle.
    texts = sorted(told.values(), key=fold)
    rows = [PoolCode(pool=pool, text=text, folded=fold(text), expires_at=expires_at) for text in texts]
    made = {row.folded for start in range(0, len(rows), BATCH) for row in _insert(rows[start : start + BATCH])}
    standing = _("This code is in a pool already.")
    bad += [BadLine(number, standing) for number, text in told.items() if fold(text) not in made]
    if bad:
        raise BadCodes(sorted(bad, key=lambda line: line.number))
    audit.record(actor, "pool.filled", ("pool", str(pool.public_id)), at=at)
    return len(rows)


@transaction.atomic
def take(pool: Pool, holder: str, at: datetime) -> PoolCode:
    """The pool's code for this holder: the one that they hold already, or the next that is free.

    Concurrent callers get different codes: what somebody else is taking right now is passed over and never waited
    for, since of two that each took one already, neither would ever go on. Raises PoolEmpty.
    """
    free = PoolCode.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), pool=pool, holder="").order_by("pk")
    while True:
        if held := PoolCode.objects.filter(pool=pool, holder=holder).first():
            return held
        chosen = free.select_for_update(skip_locked=True).first()
        if chosen is None:
            raise PoolEmpty
        try:
            with transaction.atomic():
                chosen.holder, chosen.taken_at = holder, at
                if PoolCode.objects.filter(pk=chosen.pk, holder="").update(holder=holder, taken_at=at):
                    return chosen
        except IntegrityError:
            # The same holder took another one at this moment; the next round finds it.
            continue


def put_back(holder: str) -> None:
    """Let the code that was set aside for this holder be taken by others; nobody may have seen it."""
    PoolCode.objects.filter(holder=holder).update(holder="", taken_at=None)


def of(scheme_id: int, name: str | None) -> Pool | None:
    """The pool of this scheme that a plan names by its public id; None if it names none of them."""
    return Pool.objects.filter(scheme=scheme_id, public_id=name).first() if name and _is_id(name) else None


def stocked(pools: Sequence[Pool], at: datetime) -> list[Stocked]:
    """These pools with what is left in each, in two queries for any number."""
    codes = PoolCode.objects.filter(pool__in=pools).values("pool").order_by("pool")
    unexpired = Q(expires_at=None) | Q(expires_at__gt=at)
    left = dict(codes.filter(unexpired, holder="").values_list("pool", Count("pk")))
    given = dict(codes.exclude(holder="").values_list("pool", Count("pk")))
    return [Stocked(pool, left.get(pool.pk, 0), given.get(pool.pk, 0)) for pool in pools]


def running_low(at: datetime) -> list[Stocked]:
    """The pools that a newest plan or the catalogue hands codes out of, and that somebody should fill soon."""
    newest = Plan.objects.filter(scheme=OuterRef("scheme")).order_by("-version").values("pk")[:1]
    plans = Plan.objects.filter(pk=Subquery(newest)).values_list("document", flat=True)
    rules = (rule for document in plans for rule in PlanDocument.read(document).all_rules)
    named = {rule.benefit.pool for rule in rules if rule.benefit.pool}
    offered = Item.objects.filter(offered_at__isnull=False, withdrawn_at=None, pool__isnull=False).values("pool")
    wanted = Q(public_id__in=list(filter(_is_id, named))) | Q(pk__in=offered)
    pools = Pool.objects.filter(wanted).select_related("scheme").order_by("pk")
    return [row for row in stocked(list(pools), at) if row.is_low]


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _read(lines: Iterable[str]) -> tuple[dict[int, str], list[BadLine]]:
    """The codes by their line numbers, counted from 1, and the lines that hold none."""
    found: dict[int, str] = {}
    first: dict[str, int] = {}
    bad: list[BadLine] = []
    for number, text in _first_cells(lines):
        if number == 1 and text.lower() in _HEADS:
            continue
        if not _CODE.fullmatch(text):
            bad.append(BadLine(number, _("A code has 1 to 64 letters, digits or signs, without spaces.")))
        elif (earlier := first.setdefault(fold(text), number)) != number:
            bad.append(BadLine(number, _("The same code stands on line %(line)d.") % {"line": earlier}))
        else:
            found[number] = text
        if len(found) + len(bad) > MOST:
            raise TooManyCodes(most=MOST)
    if not found and not bad:
        raise NoCodes
    return found, bad


def _first_cells(lines: Iterable[str]) -> Iterable[tuple[int, str]]:
    """The first column of each line that holds anything, quoted or not, behind commas, semicolons or tabs."""
    for number, line in enumerate(lines, start=1):
        line = line.removeprefix("\ufeff").strip()
        if line:
            cells = next(csv.reader([re.sub(r"[;\t]", ",", line)]), [""])
            yield number, (cells or [""])[0].strip()


def _insert(rows: Sequence[PoolCode]) -> Sequence[PoolCode]:
    return insert_once(rows, key=["folded"])
