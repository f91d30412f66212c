"""Redemptions: taking an item for what one earned, and calling that off."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from advocates import suspending
from advocates.models import Advocate
from customers.models import Person
from rewards import lots, people, pools
from rewards.catalogue import addresses, items
from rewards.catalogue.addresses import Address
from rewards.catalogue.items import OtherCountry, SoldOut
from rewards.catalogue.notes import note
from rewards.ledger import BadAmount, InsufficientBalance
from rewards.models import Item, Redemption
from spine import audit
from spine.nudges import nudge
from spine.refusal import Refusal

SWEEP = "rewards.fulfil"
# Who hands out what, by the kind of item.
PROVIDERS = {
    Item.Kind.DISCOUNT_CODE: "rewards.catalogue.from_pool.FromPool",
    Item.Kind.STORE_CREDIT: "rewards.catalogue.store_credit.StoreCredit",
    Item.Kind.GOODS: "rewards.catalogue.by_hand.ByHand",
    Item.Kind.PERK: "rewards.catalogue.by_hand.ByHand",
}


class AddressMissing(Refusal):
    """It is sent by post, and nobody said where to."""

    code = "address_missing"
    status = 422
    sentence = _("Tell us where to send it.")


class BelowPrice(Refusal):
    """Less than the smallest amount that can be taken of it."""

    code = "below_price"
    status = 422
    sentence = _("This is less than the smallest amount. Choose a little more.")


class TooLate(Refusal):
    """It has ended, or the staff are on it."""

    code = "too_late"
    sentence = _("It is too late to call this off: it is on its way, or it has arrived.")


@dataclass(frozen=True)
class Wish:
    """What somebody asks for beside the item: how much where that is open, and where to send it.

    Two wishes of one person with the same token are the same wish.
    """

    amount: int | None = None
    address: Address | None = None
    token: str = field(default_factory=lambda: str(uuid.uuid4()))


@transaction.atomic
def redeem(person: Person, item: Item, wish: Wish, actor: audit.Party, at: datetime) -> Redemption:
    """Take an item: what it takes leaves the person's rewards, one of its stock is set aside, and it is handed out.

    Raises NoAdvocate, Suspended, NotOffered, SoldOut, NoCountry, OtherCountry, BadAmount, BelowPrice, AddressMissing,
    InsufficientBalance.
    """
    advocate = people.lock(person)
    if earlier := Redemption.objects.select_related("item").filter(person=person, token=wish.token).first():
        return earlier
    if suspending.is_suspended(person.pk, at):
        raise suspending.Suspended
    held = Item.objects.select_related("pool").select_for_update(no_key=True, of=("self",)).get(pk=item.pk)
    amount = _amount(held, wish)
    _refuse(held, advocate, wish, amount, at)
    redemption = Redemption(
        person=person, item=held, token=wish.token, unit=held.unit, amount=amount, currency=held.currency,
        value=amount if held.has_open_amount else held.value, requested_at=at, due_at=at,
        provider=PROVIDERS[Item.Kind(held.kind)],
        address=addresses.seal(wish.address) if wish.address and held.needs_address else "",
    )  # fmt: skip
    redemption.key = redemption.name
    _set_aside(held, redemption, at)
    redemption.save(force_insert=True)
    lots.take(person.pk, held.unit, amount, redemption.name, at, actor=actor)
    note(actor, "redemption.requested", redemption, at)
    nudge(SWEEP)
    return redemption


@transaction.atomic
def call_off(redemption: Redemption, actor: audit.Party, at: datetime) -> Redemption:
    """Ask for it not to be handed out: at once where nobody has heard of it yet, else as its provider says.

    Raises TooLate.
    """
    held = Redemption.objects.select_related("item").select_for_update(of=("self",)).get(pk=redemption.pk)
    if held.ended_at or held.outcome or held.taken_up_at:
        raise TooLate
    if held.asked_at is None:
        hold([held])
        give_back(held, Redemption.State.CANCELLED, actor, at)
    elif held.call_off_at is None:
        # Whoever has it leased finds that the number has moved on, and what they were told is asked for again.
        held.call_off_at, held.due_at, held.lease = at, at, held.lease + 1
        held.save(update_fields=["call_off_at", "due_at", "lease"])
        audit.record(actor, "redemption.call_off_asked", ("redemption", str(held.public_id)), at=at)
        nudge(SWEEP)
    return held


def call_off_all(persons: Collection[UUID], at: datetime) -> None:
    """Call off, in the caller's transaction, everything of these people that no provider can have heard of."""
    unheard = Redemption.objects.filter(person__in=persons, ended_at=None, asked_at=None).select_related("item")
    held = list(unheard.order_by("pk").select_for_update(of=("self",)))
    hold(held)
    for redemption in held:
        give_back(redemption, Redemption.State.CANCELLED, ("system", "erasure"), at)


def give_back(redemption: Redemption, state: str, actor: audit.Party, at: datetime) -> None:
    """End it with nothing handed out; the caller holds the row and what `hold` holds."""
    lots.give_back(redemption.name, at)
    Item.objects.filter(pk=redemption.item_id).update(taken=F("taken") - 1)
    pools.put_back(redemption.name)
    redemption.mark(state, at, outcome="", due_at=None, lease=redemption.lease + 1)
    note(actor, f"redemption.{state}", redemption, at, redemption.reason)


def hold(redemptions: Collection[Redemption]) -> None:
    """Hold what ending these moves, for the caller's transaction, in the order of all locks."""
    items_of = Item.objects.filter(pk__in={each.item_id for each in redemptions}).order_by("pk")
    list(items_of.select_for_update(no_key=True).values_list("pk"))
    lots.hold([each.name for each in redemptions])


def _amount(item: Item, wish: Wish) -> int:
    if not item.has_open_amount:
        if wish.amount not in (None, item.price):
            raise BadAmount
        return item.price
    amount = item.price if wish.amount is None else wish.amount
    if isinstance(amount, bool) or amount <= 0:
        raise BadAmount
    if amount < item.price:
        raise BelowPrice
    return amount


def _refuse(item: Item, advocate: Advocate, wish: Wish, amount: int, at: datetime) -> None:
    offer = items.offers([item], advocate, at)[0]
    if offer.hindrance:
        raise offer.hindrance
    if amount > offer.available:
        raise InsufficientBalance
    if item.needs_address and wish.address is None:
        raise AddressMissing
    if item.needs_address and wish.address and item.countries and wish.address.country not in item.countries:
        raise OtherCountry


def _set_aside(item: Item, redemption: Redemption, at: datetime) -> None:
    """One of its stock is this person's: the last one goes to whoever comes first."""
    try:
        with transaction.atomic():
            Item.objects.filter(pk=item.pk).update(taken=F("taken") + 1)
            if item.pool:
                pools.take(item.pool, redemption.name, at)
    except (IntegrityError, pools.PoolEmpty) as gone:
        raise SoldOut from gone
