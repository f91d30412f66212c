"""Opening conversions: whoever came by an advocate's link or code and then reached a goal has one in each program."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models

from customers.models import Customer, Lead, Order, Person
from referrals import buyers
from referrals.decide import outcomes
from referrals.models import Conversion, Touch
from spine.inserts import insert_once
from spine.nudges import nudge

SWEEP = "referrals.decide"
# One statement opens at most so many.
BATCH = 500
# Shops date an order when it was begun, and their clocks differ from ours: a touch that came later than this has
# nothing to do with the goal, and a customer of ten years who follows a link opens nothing for the past.
SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Goal:
    """An order or a lead of somebody: what may have come of a touch."""

    person: UUID
    at: datetime
    order: int | None = None
    lead: int | None = None

    @property
    def fact(self) -> str:
        """The order or the lead, as a conversion's key names it."""
        return f"order:{self.order}" if self.order else f"lead:{self.lead}"


@dataclass(frozen=True)
class _Touched:
    person: UUID
    program: int
    order: int | None
    at: datetime

    def led_to(self, goal: Goal) -> bool:
        """Whether the goal may have come of it: it is the person's, or was told with this very order."""
        is_theirs = self.person == goal.person or (self.order is not None and self.order == goal.order)
        return is_theirs and self.at <= goal.at + SLACK


def open_for(persons: Iterable[Person | UUID], at: datetime) -> None:
    """Open the conversions that these people's orders and leads need, and have all of theirs decided (again).

    Called in the transaction that records a touch, an order, a lead or a tie that was cut. People come first, by id, as
    where they are decided: of two who tell of one person at once, the second sees what the first one told.
    """
    whose = sorted({person.pk if isinstance(person, Person) else person for person in persons})
    list(Person.objects.filter(pk__in=whose).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    needed = _needed(whose, at)
    # Before any conversion is locked: whoever opens the same ones waits here, and holds nothing that we wait for.
    for start in range(0, len(needed), BATCH):
        insert_once(needed[start : start + BATCH], key=["program", "fact"])
    _make_due(Conversion.objects.filter(referred_person__in={*whose, *_alike(whose)}), at)


def open_first(order: Order, contacts: Sequence[Touch], at: datetime) -> list[Conversion] | None:
    """Open the conversions of the first order of somebody whom nobody knew a moment ago, and return them.

    There is no past to look through: what can be needed are this order and these contacts, which came along with it.
    None where others share the mailbox, for then there is.
    """
    customer = order.customer
    assert customer is not None, "an order of somebody"
    assert customer.is_newcomer, "of somebody else something may be known"
    if buyers.sharing([customer.email_hash], [customer.canonical_hash]) - {customer.person_id}:
        return None
    goal = Goal(customer.person_id, order.placed_at, order=order.pk)
    programs = {touch.program_id for touch in contacts if touch.touched_at <= goal.at + SLACK}
    opened = insert_once([_row(program, goal, at) for program in sorted(programs)], key=["program", "fact"])
    if opened:
        nudge(SWEEP)
    return opened


def again(person: UUID, at: datetime) -> None:
    """Have all of a person's conversions decided again; whoever calls holds them."""
    _make_due(Conversion.objects.filter(referred_person=person), at)


def follow(order: Order, at: datetime) -> None:
    """Let the conversions of an order say of its buyer and its day what the order says now, and have them decided."""
    buyer = buyers.make(order)
    moved = Conversion.objects.filter(order=order).exclude(referred_person=buyer, occurred_at=order.placed_at)
    for conversion in moved.select_for_update(no_key=True).order_by("pk"):
        is_told_of = conversion.number > 0 and conversion.occurred_at != order.placed_at
        conversion.occurred_at = order.placed_at
        # Nobody is credited for themselves, not even until the next decision takes the credit away.
        if conversion.credited_person_id != buyer:
            conversion.referred_person_id = buyer
        conversion.save(update_fields=["occurred_at", "referred_person"])
        if is_told_of:
            # The next decision may say the same, and yet whoever counts by days has to know.
            outcomes.record(conversion, (conversion.state, conversion.counted), at)
    _make_due(Conversion.objects.filter(order=order), at)


def of(order: Order | None) -> list[Conversion]:
    """The conversions of an order, the first opened first; none for an order that has not come."""
    return list(Conversion.objects.filter(order=order).order_by("pk")) if order else []


def settle_soon(order: Order | None, at: datetime) -> None:
    """Have what became of an order handed on to rewards; nothing to do for an order that has not come."""
    if order:
        _make_due(Conversion.objects.filter(order=order), at)


def _alike(whose: Collection[UUID]) -> set[UUID]:
    """Whoever buys under a mailbox of theirs: what these people did before may make those no longer new."""
    hashes = list(Customer.objects.filter(person__in=whose).values_list("email_hash", "canonical_hash"))
    return buyers.sharing(*zip(*hashes, strict=True)) if hashes else set()


def _make_due(conversions: models.QuerySet[Conversion], at: datetime) -> None:
    # What has given up stays with the staff, who start it again with all that is known by then.
    due = conversions.filter(dead_at=None).order_by("pk").select_for_update(no_key=True)
    keys = list(due.values_list("pk", flat=True))
    if keys:
        Conversion.objects.filter(pk__in=keys).update(due_at=at)
        nudge(SWEEP)


def _needed(whose: Collection[UUID], at: datetime) -> list[Conversion]:
    """The conversions that are not there yet, in the order of their keys."""
    touches = _touches(whose)
    if not touches:
        return []
    there = set(Conversion.objects.filter(referred_person__in=whose).values_list("program_id", "fact"))
    needed = {
        (touch.program, goal.fact): goal
        for goal in _goals(whose, touches)
        for touch in touches
        if touch.led_to(goal) and (touch.program, goal.fact) not in there
    }
    return [_row(program, goal, at) for (program, _fact), goal in sorted(needed.items(), key=lambda item: item[0])]


def _row(program: int, goal: Goal, at: datetime) -> Conversion:
    return Conversion(
        program_id=program, fact=goal.fact, order_id=goal.order, lead_id=goal.lead, referred_person_id=goal.person,
        occurred_at=goal.at, recorded_at=at, due_at=at,
    )  # fmt: skip


def _touches(whose: Collection[UUID]) -> set[_Touched]:
    """Theirs, and those that were told with their orders while the shop took somebody else for the customer.

    Of one person, program and order only the first says anything.
    """
    theirs, with_orders = (
        Touch.objects.filter(**{f"{whom}__in": whose})
        .values_list("person_id", "program_id", "order_id")
        .annotate(models.Min("touched_at"))
        for whom in ("person", "order__customer__person")
    )
    return {_Touched(*row) for row in theirs.union(with_orders)}


def _goals(whose: Collection[UUID], touches: Iterable[_Touched]) -> list[Goal]:
    """Their orders and leads; an order without a customer is theirs if it told of a touch of theirs."""
    orders = Order.objects.select_related("customer").only("public_id", "placed_at", "customer__person")
    theirs = list(orders.filter(customer__person__in=whose))
    told = {touch.order for touch in touches if touch.order} - {order.pk for order in theirs}
    if told:
        theirs += [order for order in orders.filter(pk__in=told, customer=None) if buyers.of(order) in whose]
    leads = Lead.objects.filter(customer__person__in=whose).values_list("customer__person", "at", "pk")
    return [
        *(Goal(buyers.of(order), order.placed_at, order=order.pk) for order in theirs),
        *(Goal(person, reached, lead=pk) for person, reached, pk in leads),
    ]
