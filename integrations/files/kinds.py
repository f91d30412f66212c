"""What the rows of a file mean: the fields of each kind, by which names other tools call them, and the facts made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.identities import recognise
from customers.models import Source
from customers.told import CustomerFact, LineFact, OrderFact, RefundFact
from integrations.files import cells
from integrations.files.cells import Wrong
from integrations.vendors.base import guest
from referrals import intake
from referrals.touches import Told


@dataclass(frozen=True)
class Field:
    """One thing that a row may say; `also` are the names by which the exports of other tools call it."""

    name: str
    label: str | Promise
    also: tuple[str, ...] = ()
    is_needed: bool = False


WHOSE = ("id", "customer_id", "customer", "user_id")
MAIL = ("email", "e_mail", "email_address", "customer_email", "billing_email")
WHEN = ("date", "created_at", "created")
WHICH = ("order_id", "order")
MONEY = ("currency", "currency_code")
KINDS: Mapping[str, Sequence[Field]] = {
    "customers": (
        Field("id", gettext_lazy("Id of the customer"), WHOSE, is_needed=True),
        Field("email", gettext_lazy("Email"), MAIL),
        Field("first_order_at", gettext_lazy("First order"), ("first_order", "first_order_at", *WHEN)),
    ),
    "orders": (
        Field("id", gettext_lazy("Id of the order"), ("id", *WHICH, "name", "number"), is_needed=True),
        Field("placed_at", gettext_lazy("Placed"), ("placed_at", "order_date", *WHEN), is_needed=True),
        Field("total", gettext_lazy("Total"), ("total", "amount", "order_total", "total_price"), is_needed=True),
        Field("currency", gettext_lazy("Currency"), MONEY),
        Field("tax", gettext_lazy("Of it tax"), ("tax", "taxes", "total_tax", "tax_total")),
        Field("shipping", gettext_lazy("Of it shipping"), ("shipping", "shipping_total", "total_shipping")),
        Field("customer", gettext_lazy("Id of the customer"), WHOSE[1:]),
        Field("email", gettext_lazy("Email of the customer"), MAIL),
        Field("coupon", gettext_lazy("Discount code"), ("coupon", "discount_code", "code", "coupon_code")),
    ),
    "refunds": (
        Field("id", gettext_lazy("Id of the refund"), ("id", "refund_id", "refund"), is_needed=True),
        Field("order", gettext_lazy("Id of the order"), (*WHICH, "order_number"), is_needed=True),
        Field("amount", gettext_lazy("Amount"), ("amount", "total", "refund_amount"), is_needed=True),
        Field("at", gettext_lazy("When"), ("at", "refunded_at", *WHEN), is_needed=True),
        Field("currency", gettext_lazy("Currency"), MONEY),
    ),
}
Fact = CustomerFact | OrderFact | RefundFact
Row = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Bad(Exception):
    """A row that says something which can't be: in which field, and why."""

    field: str
    why: str


def guess(kind: str, columns: Sequence[str]) -> dict[str, int]:
    """For each field of a kind the column that is most likely it; a column is guessed once."""
    named = [_folded(column) for column in columns]
    found: dict[str, int] = {}
    for field in KINDS[kind]:
        for name in field.also:
            if name in named and (place := named.index(name)) not in found.values():
                found[field.name] = place
                break
    return found


def read(kind: str, row: Row, source: str, currency: str) -> tuple[Fact, Told]:
    """The fact that a row tells. Raises Bad."""
    return _READERS[kind](_Reader(row, currency), source)


def take(fact: Fact, told: Told, source: Source, at: datetime) -> str:
    """What became of a fact. Raises what intake raises."""
    if isinstance(fact, OrderFact):
        return str(intake.take_order(fact, told, at).recorded.result)
    if isinstance(fact, RefundFact):
        return str(intake.take_refund(fact, at).recorded.result)
    with transaction.atomic():
        customer = recognise(source, fact, told_at=fact.first_order_at or at, at=at)
        return "created" if customer.is_newcomer else "duplicate"


class _Reader:
    """One row, read field by field; what is wrong names its field."""

    def __init__(self, row: Row, currency: str) -> None:
        self.row, self.currency = row, currency

    def has(self, name: str) -> bool:
        return bool(self.row.get(name, "").strip())

    def words(self, name: str) -> str:
        if not self.has(name):
            raise Bad(name, _("This is needed."))
        return self._read(name, cells.words)

    def optional(self, name: str, most: int = 255) -> str:
        return self._read(name, lambda cell: cells.words(cell, most=most)) if self.has(name) else ""

    def email(self, name: str) -> str:
        return self._read(name, cells.email) if self.has(name) else ""

    def instant(self, name: str) -> datetime:
        if not self.has(name):
            raise Bad(name, _("This is needed."))
        return self._read(name, cells.instant)

    def unit(self) -> str:
        if self.has("currency"):
            return self._read("currency", cells.currency)
        if not self.currency:
            raise Bad("currency", _("This is needed."))
        return self.currency

    def amount(self, name: str, unit: str) -> int:
        if not self.has(name):
            return 0
        return self._read(name, lambda cell: cells.amount(cell, unit))

    def _read(self, name: str, read: Callable[[str], T]) -> T:
        try:
            return read(self.row[name])
        except Wrong as wrong:
            raise Bad(name, wrong.why) from wrong


def _customer(row: _Reader, _source: str) -> tuple[Fact, Told]:
    first = row.instant("first_order_at") if row.has("first_order_at") else None
    return CustomerFact(row.words("id"), row.email("email"), first), Told()


def _order(row: _Reader, source: str) -> tuple[Fact, Told]:
    unit = row.unit()
    total, tax, shipping = (row.amount(name, unit) for name in ("total", "tax", "shipping"))
    if not row.has("total"):
        raise Bad("total", _("This is needed."))
    amounts = {"goods": total - tax - shipping, "tax": tax, "shipping": shipping}
    lines = tuple(LineFact(kind, kind, amount) for kind, amount in amounts.items() if amount or kind == "goods")
    email, customer = row.email("email"), row.optional("customer")
    who = CustomerFact(customer, email) if customer else guest(email)
    fact = OrderFact(source, row.words("id"), unit, row.instant("placed_at"), lines, customer=who)
    return fact, Told(coupon=row.optional("coupon", 64))


def _refund(row: _Reader, source: str) -> tuple[Fact, Told]:
    unit = row.unit()
    amount = abs(row.amount("amount", unit))
    if not amount:
        raise Bad("amount", _("A refund is of more than nothing."))
    fact = RefundFact(source, row.words("order"), row.words("id"), amount, row.instant("at"), "succeeded")
    return fact, Told()


_READERS: Mapping[str, Callable[[_Reader, str], tuple[Fact, Told]]] = {
    "customers": _customer,
    "orders": _order,
    "refunds": _refund,
}


def _folded(column: str) -> str:
    return "_".join("".join(each if each.isalnum() else " " for each in column.lower()).split())
