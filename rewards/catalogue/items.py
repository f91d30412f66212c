"""Items: what is offered, to whom, and what keeps somebody from taking it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates.models import Advocate
from rewards import climbing, lots, pools
from rewards.catalogue import store_credit
from rewards.catalogue.notes import item_subject
from rewards.ladders import Ladder
from rewards.ledger import InsufficientBalance
from rewards.models import Item, Standing
from spine import audit
from spine.money import MOST, Unit, known
from spine.refusal import Refusal

# From here on somebody should see to it that there are more.
LOW = 5


class BadItem(Refusal):
    """An item that contradicts itself."""

    code = "bad_item"
    status = 422
    sentence = _("This can't be offered: %(why)s")


class NotOffered(Refusal):
    """It was never offered, or it is not any more."""

    code = "not_offered"
    status = 404
    sentence = _("It is not offered any more.")


class SoldOut(Refusal):
    """All of its stock is taken."""

    code = "sold_out"
    sentence = _("There is none left right now.")


class NoCountry(Refusal):
    """It is for some countries only, and nobody knows where this person lives."""

    code = "no_country"
    sentence = _("It can't be had everywhere. Tell us in your profile where you live.")


class OtherCountry(Refusal):
    """It is for other countries."""

    code = "other_country"
    sentence = _("It can't be had where you live.")


class OtherTier(Refusal):
    """It is for people of a higher tier."""

    code = "other_tier"
    sentence = _("It is for %(tier)s and above.")


@dataclass(frozen=True)
class Offer:
    """One item as one person sees it: what keeps them from it, and how much they lack."""

    item: Item
    hindrance: Refusal | None
    available: int

    @property
    def missing(self) -> int:
        """How much more of its unit it takes."""
        return max(0, self.item.price - self.available)


def offered() -> QuerySet[Item]:
    """What people can see in the catalogue."""
    return Item.objects.filter(offered_at__isnull=False, withdrawn_at=None)


def offers(items: Sequence[Item], advocate: Advocate, at: datetime) -> list[Offer]:
    """These items as this advocate sees them; a constant number of queries for the units and pools that there are."""
    spendable = {unit: lots.available(advocate.person_id, unit, at) for unit in {item.unit for item in items}}
    stock = {row.pool.pk: row.left for row in pools.stocked(_pools(items), at)}
    closed = _closed(items, advocate)
    return [
        Offer(
            item,
            OtherTier(tier=item.tier) if item.pk in closed else _hindrance(item, advocate, spendable[item.unit], stock),
            spendable[item.unit],
        )
        for item in items
    ]


@transaction.atomic
def save(item: Item, picture: ContentFile | None, actor: audit.Party, at: datetime) -> Item:
    """Add an item, or change one; nobody can take it before it is offered. Raises BadItem."""
    _refuse_bad(item)
    is_new = item.pk is None
    if is_new:
        item.created_at = at
    if picture is not None:
        storage, old = item.picture.storage, item.picture.name
        item.picture.save(picture.name or "", picture, save=False)
        if old:
            transaction.on_commit(lambda: storage.delete(old))
    try:
        with transaction.atomic():
            # How many are taken changes while somebody edits.
            item.save(update_fields=None if is_new else _editable())
    except IntegrityError as refused:
        raise BadItem(why=_("more are taken already than there would be.")) from refused
    audit.record(actor, "item.added" if is_new else "item.changed", item_subject(item), at=at)
    return item


@transaction.atomic
def offer(item: Item, actor: audit.Party, at: datetime) -> None:
    """Let people take it, from now on or again. Raises BadItem."""
    if item.kind == Item.Kind.STORE_CREDIT and not store_credit.is_connected():
        raise BadItem(why=_("no shop is connected that books store credit. Set STORE_CREDIT_URL first."))
    Item.objects.filter(pk=item.pk).exclude(offered_at__isnull=False, withdrawn_at=None).update(
        offered_at=at, withdrawn_at=None
    )
    audit.record(actor, "item.offered", item_subject(item), at=at)


@transaction.atomic
def withdraw(item: Item, actor: audit.Party, at: datetime) -> None:
    """Let nobody take it any more; whoever took it gets it."""
    Item.objects.filter(pk=item.pk, withdrawn_at=None).update(withdrawn_at=at)
    audit.record(actor, "item.withdrawn", item_subject(item), at=at)


def running_low(items: Sequence[Item], at: datetime) -> set[int]:
    """The keys of those of which few are left."""
    stock = {row.pool.pk for row in pools.stocked(_pools(items), at) if row.is_low}
    few = {item.pk for item in items if item.left is not None and item.left <= LOW}
    return few | {item.pk for item in items if item.pool_id in stock}


def _hindrance(item: Item, advocate: Advocate, available: int, stock: Mapping[int, int]) -> Refusal | None:
    if not item.is_offered:
        return NotOffered()
    if item.left == 0 or (item.pool_id is not None and not stock[item.pool_id]):
        return SoldOut()
    # Where a parcel goes is asked for later.
    if item.countries and not item.needs_address and advocate.country not in item.countries:
        return OtherCountry() if advocate.country else NoCountry()
    return InsufficientBalance() if available < item.price else None


def _closed(items: Sequence[Item], advocate: Advocate) -> set[int]:
    """The keys of those that are for a tier which this advocate has not reached, as the sweep saw it last."""
    gated = [item for item in items if item.tier and item.is_offered]
    if not gated:
        return set()
    ladders = climbing.ladders({item.scheme_id for item in gated if item.scheme_id})
    theirs = dict(Standing.objects.filter(person=advocate.person_id).values_list("scheme", "tier"))
    return {
        item.pk
        for item in gated
        if theirs.get(item.scheme_id or 0) not in _from(ladders.get(item.scheme_id or 0), item.tier)
    }


def _from(ladder: Ladder | None, tier: str) -> list[str]:
    """A tier and those above it; none for one that the newest plan does not have, so that nobody stands there."""
    names = [step.name for step in ladder.steps] if ladder else []
    return names[names.index(tier) :] if tier in names else []


def _pools(items: Sequence[Item]) -> list[Any]:
    return list({item.pool_id: item.pool for item in items if item.pool_id}.values())


def _editable() -> list[str]:
    fixed = {"id", "public_id", "taken", "created_at", "offered_at", "withdrawn_at"}
    return [field.name for field in Item._meta.concrete_fields if field.name not in fixed]


def _refuse_bad(item: Item) -> None:
    Unit.parse(item.unit)
    known(item.currency)
    is_credit = item.kind == Item.Kind.STORE_CREDIT
    for is_wrong, why in (
        (not 0 < item.price <= MOST, _("it takes an amount above nothing.")),
        (not 0 <= item.cost <= MOST, _("its cost is an amount.")),
        ((item.kind == Item.Kind.DISCOUNT_CODE) != (item.pool_id is not None), _("a code comes out of a pool.")),
        (item.has_open_amount and not is_credit, _("only of store credit people choose how much.")),
        (
            item.has_open_amount and item.unit != f"credit:{item.currency}",
            _("people choose how much only where it takes credit in the same currency."),
        ),
        (is_credit and (item.value is None) != item.has_open_amount, _("store credit has a value.")),
        (not is_credit and item.value is not None, _("only store credit has a value.")),
        (item.value is not None and not 0 < item.value <= MOST, _("its value is above nothing.")),
        (item.needs_address and item.kind != Item.Kind.GOODS, _("only goods are sent by post.")),
        (bool(item.tier) != bool(item.scheme_id), _("a tier is one of a program's.")),
    ):
        if is_wrong:
            raise BadItem(why=why)
    if item.scheme_id and not _from(climbing.ladders([item.scheme_id]).get(item.scheme_id), item.tier):
        raise BadItem(why=_("that program has no tier of this name."))
