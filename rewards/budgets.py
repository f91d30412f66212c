"""Budgets: how much of each is used, and telling the staff before it is gone."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences, staff
from brand import mail
from rewards import amounts
from rewards.awarding import BUDGET
from rewards.models import Count, Plan, Scheme
from rewards.plans import PlanDocument
from spine import events

# From which shares on, in percent, the staff hear of it.
LEVELS = (80, 100)


@dataclass(frozen=True)
class Gauge:
    """What the newest plan of one scheme may spend, and what is used of it, in minor units of the currency."""

    scheme: Scheme
    budget: int
    used: int
    currency: str

    @property
    def left(self) -> int:
        """What may still be promised."""
        return max(0, self.budget - self.used)

    @property
    def percent(self) -> int:
        """The share that is used, rounded down."""
        return min(100, self.used * 100 // self.budget)

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return f"cash:{self.currency}"


def gauges() -> list[Gauge]:
    """Every scheme whose newest plan has a budget; four queries."""
    last = dict(Plan.objects.order_by().values_list("scheme").annotate(Max("version")))
    newest = Plan.objects.filter(scheme__in=last, version__in=set(last.values())).select_related("scheme")
    used = dict(Count.objects.filter(name=BUDGET).values_list("scheme", "used"))
    counted_in = amounts.currencies(last)
    found = []
    for plan in newest.order_by("scheme__name", "pk"):
        budget = PlanDocument.read(plan.document).budget if plan.version == last[plan.scheme_id] else None
        if budget:
            found.append(Gauge(plan.scheme, budget, used.get(plan.scheme_id, 0), counted_in[plan.scheme_id]))
    return found


def warn(at: datetime) -> int:
    """Tell the staff of budgets that are nearly or wholly used, once for each level of each; return of how many."""
    return sum(
        _warn(gauge, level, at) for gauge in gauges() for level in LEVELS if gauge.used * 100 >= level * gauge.budget
    )


@transaction.atomic
def _warn(gauge: Gauge, level: int, at: datetime) -> bool:
    subject = ("scheme", str(gauge.scheme.public_id))
    key = f"budget.used:{gauge.scheme.pk}:{gauge.budget}:{level}"
    told = {"percent": level, "budget": gauge.budget}
    if not events.record("budget.used", person=None, subject=subject, at=at, key=key, payload=told):
        return False
    for keeper in staff.who_may("referrals.manage_programs"):
        with preferences.activated(keeper.advocate):
            name = {"program": gauge.scheme.name, "percent": level}
            mail.enqueue(
                key=f"{key}:{keeper.pk}",
                to=keeper.email,
                subject=_("%(program)s has used %(percent)d %% of its budget") % name,
                template="staff/budget",
                context={"gauge": gauge, "is_gone": level == 100, "url": settings.BASE_URL + reverse("rewards:ledger")},
                at=at,
            )
    return True
