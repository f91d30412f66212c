"""What came of an advocate's recommendations altogether, in numbers and in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brand import days, locales
from customers.models import Person
from referrals.models import Conversion, LinkDay
from rewards import wallets
from rewards.wallets import Balance
from spine.money import display


@dataclass(frozen=True)
class Funnel:
    """Friends who followed a link, signed up and ordered, each counted once, and what its advocate has of each unit."""

    people: int
    signups: int
    orders: int
    balances: Sequence[Balance]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of it yet."""
        return not (self.people or self.signups or self.orders)


def of(person: Person) -> Funnel:
    """An advocate's funnel over all their programs; two queries."""
    counts = Person.objects.filter(pk=person.pk).values_list(
        _number(LinkDay.objects.filter(link__person=OuterRef("pk")), "link__person", Sum("people")),
        _number(_counted().filter(lead__goal="signup"), "credited_person", Count("referred_person", distinct=True)),
        _number(_counted().exclude(order=None), "credited_person", Count("referred_person", distinct=True)),
    )
    people, signups, orders = counts.get()
    # Whoever ordered has followed, by a code typed at the checkout if not by the link.
    return Funnel(max(people, signups, orders), signups, orders, wallets.moving([person.pk]))


def sentence(funnel: Funnel, at: datetime) -> str:
    """The funnel as it is said: "3 friends followed, 1 ordered, $15 in credit on its way (free on 5 Dec)"."""
    parts = [
        ngettext("%(count)s friend followed", "%(count)s friends followed", funnel.people) % {"count": funnel.people}
    ]
    if funnel.signups:
        parts.append(ngettext("%(count)s signed up", "%(count)s signed up", funnel.signups) % {"count": funnel.signups})
    if funnel.orders:
        parts.append(ngettext("%(count)s ordered", "%(count)s ordered", funnel.orders) % {"count": funnel.orders})
    elif not funnel.signups:
        parts.append(_("no order counted yet"))
    parts += [money(balance, at) for balance in funnel.balances if balance.on_hold]
    return str(format_list(parts, style="unit", locale=locales.active()))


def money(balance: Balance, at: datetime) -> str:
    """What is on its way, with its days where they are known: "$15 on its way (free on 5 Dec)"."""
    said = {"amount": display(balance.on_hold, balance.unit, locales.active())}
    if balance.next_at is None or balance.last_at is None:
        return _("%(amount)s on its way") % said
    said |= {"first": days.short(balance.next_at, at), "last": days.short(balance.last_at, at)}
    if said["first"] == said["last"]:
        return _("%(amount)s on its way (free on %(first)s)") % said
    return _("%(amount)s on its way (free from %(first)s to %(last)s)") % said


def _counted() -> QuerySet[Conversion]:
    return Conversion.objects.filter(credited_person=OuterRef("pk"))


def _number(rows: QuerySet, owner: str, number: Sum | Count) -> Coalesce:
    one = rows.order_by().values(owner).annotate(number=number).values("number")
    return Coalesce(Subquery(one, output_field=IntegerField()), 0)
