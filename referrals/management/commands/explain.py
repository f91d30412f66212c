"""Explain who was credited for an order."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Prefetch
from django.utils import translation

from customers.models import Order
from referrals.models import Conversion, Decision
from referrals.tell import explain


class Command(BaseCommand):
    help = "Say who was credited for an order, and why: every decision with its trace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("order", help="the shop's own number of the order")
        parser.add_argument("--source", help="the shop's key, where several shops have such an order")

    def handle(self, *args: Any, **options: Any) -> None:
        order = _find(options["order"], options["source"])
        decisions = Decision.objects.select_related("terms").order_by("number")
        told = order.conversions.select_related("program").prefetch_related(Prefetch("decisions", decisions))
        conversions = list(told.order_by("pk"))
        if not conversions:
            self.stdout.write("Nobody's link or code is known for this order, so there was nothing to decide.")
        with translation.override("en"):
            for conversion in conversions:
                self._tell(conversion)

    def _tell(self, conversion: Conversion) -> None:
        self.stdout.write(f"{conversion.program}: {conversion.get_state_display()} ({conversion.public_id})")
        for decision in conversion.decisions.all():
            stands = (
                "stands" if decision.superseded_at is None else f"until {decision.superseded_at:%Y-%m-%d %H:%M:%SZ}"
            )
            self.stdout.write(f"  Decision {decision.number} of {decision.at:%Y-%m-%d %H:%M:%SZ}, {stands}")
            self.stdout.write(f"    {decision.get_outcome_display()} ({decision.reason}), counted {decision.counted}")
            for line in explain.lines(decision):
                self.stdout.write(f"    {line}")
        for late in conversion.late_facts.order_by("pk"):
            self.stdout.write(f"  Too late on {late.at:%Y-%m-%d %H:%M:%SZ}: {late.outcome} ({late.reason})")


def _find(key: str, source: str | None) -> Order:
    """Raises CommandError."""
    found = Order.objects.select_related("source").filter(key=key)
    orders = list(found.filter(source__key=source) if source else found)
    if not orders:
        raise CommandError(f"No shop has told of an order {key}.")
    if len(orders) > 1:
        shops = ", ".join(sorted(order.source.key for order in orders))
        raise CommandError(f"Several shops have an order {key}. Name one with --source: {shops}.")
    return orders[0]
