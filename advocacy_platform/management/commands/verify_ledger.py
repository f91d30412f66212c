"""Prove the ledger from its transfers, and name every promise that is broken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rewards import proof


class Command(BaseCommand):
    help = "Recompute every balance from the transfers, check the seal, and name whatever differs. Repairs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for finding in proof.confirmed():
            self.stdout.write(str(finding))
            broken += 1
        if broken:
            raise CommandError(f"{broken} broken promises. Stop payouts, and find out who changed the ledger.")
        self.stdout.write("Every balance follows from its transfers, and the seal is whole.")
