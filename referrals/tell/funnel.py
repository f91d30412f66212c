"""What came of an advocate's recommendations altogether, in numbers and in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from django.db.models import Count, IntegerField, Max, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brand import days, locales
from customers.models import Person
from referrals.models import Conversion, LinkDay, StoryLine
from spine.money import Unit, display


@dataclass(frozen=True)
class OnItsWay:
    """So much of one unit that is not free yet, and when its first and its last part will be."""

    amount: int
    unit: Unit
    first_free_at: datetime
    last_free_at: datetime


@dataclass(frozen=True)
class Funnel:
    """Friends who followed a link, signed up and ordered, each counted once, and what is on its way for that."""

    people: int
    signups: int
    orders: int
    on_its_way: Sequence[OnItsWay]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of it yet."""
        return not (self.people or self.signups or self.orders)


def of(person: Person, at: datetime) -> Funnel:
    """An advocate's funnel over all their programs; two queries."""
    counts = Person.objects.filter(pk=person.pk).values_list(
        _number(LinkDay.objects.filter(link__person=OuterRef("pk")), "link__person", Sum("people")),
        _number(_counted().filter(lead__goal="signup"), "credited_person", Count("referred_person", distinct=True)),
        _number(_counted().exclude(order=None), "credited_person", Count("referred_person", distinct=True)),
    )
    people, signups, orders = counts.get()
    # Whoever ordered has followed, by a code typed at the checkout if not by the link.
    return Funnel(max(people, signups, orders), signups, orders, _on_its_way(person, at))


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
    parts += [money(part, at) for part in funnel.on_its_way]
    return str(format_list(parts, style="unit", locale=locales.active()))


def money(part: OnItsWay, at: datetime) -> str:
    """What is on its way, with its day: "$15 on its way (free on 5 Dec)"."""
    first, last = days.short(part.first_free_at, at), days.short(part.last_free_at, at)
    said = {"amount": display(part.amount, part.unit, locales.active()), "first": first, "last": last}
    if first == last:
        return _("%(amount)s on its way (free on %(first)s)") % said
    return _("%(amount)s on its way (free from %(first)s to %(last)s)") % said


def _counted() -> QuerySet[Conversion]:
    return Conversion.objects.filter(credited_person=OuterRef("pk"))


def _number(rows: QuerySet, owner: str, number: Sum | Count) -> Coalesce:
    one = rows.order_by().values(owner).annotate(number=number).values("number")
    return Coalesce(Subquery(one, output_field=IntegerField()), 0)


def _on_its_way(person: Person, at: datetime) -> list[OnItsWay]:
    waiting = StoryLine.objects.filter(person=person, state=StoryLine.State.CREDITED, free_at__gt=at).exclude(unit="")
    sums = waiting.order_by("unit").values_list("unit").annotate(Sum("amount"), Min("free_at"), Max("free_at"))
    return [OnItsWay(amount, Unit.parse(unit), first, last) for unit, amount, first, last in sums]
