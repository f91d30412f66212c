"""What the system knows about a claim, gathered for whoever answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from advocates.models import User
from customers.models import Order
from referrals import buyers, naming
from referrals.models import Claim, Click, Conversion, Decision, Link, Touch
from referrals.naming import Names
from referrals.review import claims, conversion_search, interest
from referrals.review.dossiers import contacts
from referrals.tell import explain
from referrals.tell.explain import Step
from rewards.models import Occasion

DAY = timedelta(days=1)
MOST = 50
TYPED = (Touch.Kind.CODE, Touch.Kind.COUPON)


@dataclass(frozen=True)
class Standing:
    """What was decided about the order in one program, and whether it can still change."""

    conversion: Conversion
    steps: list[Step]
    is_final: bool


@dataclass(frozen=True)
class OrderEvidence:
    """One order of the claimed number: whose it is, how they came, what was decided."""

    order: Order
    customer: str
    # How many orders of theirs are known from before, and whether the shop names an earlier one that it never told.
    earlier: int
    bought_before: bool
    contacts: list[tuple[Touch, str]]
    decisions: list[Standing]
    is_claimants: bool

    @property
    def typed(self) -> list[Touch]:
        """The codes that came with the order itself."""
        return [touch for touch, _name in self.contacts if touch.order_id == self.order.pk and touch.kind in TYPED]

    @property
    def is_new(self) -> bool:
        """Whether nothing is known of them from before this order."""
        return not self.earlier and not self.bought_before


@dataclass(frozen=True)
class Evidence:
    """Everything around one claim."""

    claim: Claim
    names: Names
    link: Link | None
    orders: list[OrderEvidence]
    # Visits to the advocate's link from the day before the claimed one until the day after.
    visits: int
    machines: int
    is_own: bool

    @property
    def advocate(self) -> str:
        """What the advocate is called."""
        return self.names.of(self.claim.person_id)


def gather(claim: Claim, viewer: User) -> Evidence:
    """Look everything up; the queries grow with the orders of that number, one for each shop at most."""
    found = conversion_search.orders(claim.order_key) if claim.order_key else []
    people = {order.pk: buyers.of(order) for order in found}
    touches = list(
        Touch.objects.select_related("link", "program")
        .filter(person__in=people.values())
        .order_by("-touched_at", "-pk")[:MOST]
    )
    names = naming.of([claim.person_id, *people.values(), *(touch.link.person_id for touch in touches)])
    standings = _standings(found)
    link = Link.objects.filter(program=claim.program_id, person=claim.person_id).first()
    visits, machines = _visits(claim, link) if link else (0, 0)
    return Evidence(
        claim=claim,
        names=names,
        link=link,
        orders=[
            OrderEvidence(
                order=order,
                customer=names.of(people[order.pk]),
                earlier=_earlier(order),
                bought_before=_bought_before(order),
                contacts=contacts([touch for touch in touches if touch.person_id == people[order.pk]], names),
                decisions=standings.get(order.pk, []),
                is_claimants=people[order.pk] == claim.person_id,
            )
            for order in found
        ],
        visits=visits,
        machines=machines,
        is_own=bool(interest.own(viewer, {claim.person_id, *people.values()})),
    )


def _standings(orders: Sequence[Order]) -> dict[int, list[Standing]]:
    conversions = list(Conversion.objects.select_related("program").filter(order__in=orders).order_by("pk"))
    decisions = list(Decision.objects.filter(conversion__in=conversions, superseded_at=None))
    steps = explain.many(decisions)
    by_conversion = {decision.conversion_id: steps[decision.pk] for decision in decisions}
    final = set(_final(conversions))
    found: dict[int, list[Standing]] = {}
    for conversion in conversions:
        standing = Standing(conversion, by_conversion.get(conversion.pk, []), str(conversion.public_id) in final)
        found.setdefault(conversion.order_id or 0, []).append(standing)
    return found


def _final(conversions: Sequence[Conversion]) -> Sequence[str]:
    subjects = [str(conversion.public_id) for conversion in conversions]
    earned = Occasion.objects.filter(kind="conversion", subject__in=subjects, final_at__isnull=False)
    return list(earned.values_list("subject", flat=True))


def _earlier(order: Order) -> int:
    before = Order.objects.filter(customer__person=order.customer.person_id) if order.customer else Order.objects.none()
    return before.filter(placed_at__lt=order.placed_at).count()


def _bought_before(order: Order) -> bool:
    first = order.customer.first_order_at if order.customer else None
    return first is not None and first < order.placed_at


def _visits(claim: Claim, link: Link) -> tuple[int, int]:
    day: datetime = claims.instant(claim)
    around = Click.objects.filter(link=link, at__gte=day - DAY, at__lt=day + 2 * DAY)
    human, bot = Q(verdict=Click.Verdict.HUMAN), Q(verdict=Click.Verdict.BOT)
    counted = around.aggregate(people=Count("pk", filter=human), machines=Count("pk", filter=bot))
    return counted["people"], counted["machines"]
