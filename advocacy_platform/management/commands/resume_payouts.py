"""Let payouts go on that were stopped because the ledger did not add up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from advocacy_platform import bookkeeping
from spine import clock


class Command(BaseCommand):
    help = "Let stopped payouts go on, once verify_ledger finds nothing any more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", help="what was found, for the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = bookkeeping.resume(("command", "resume_payouts"), options["reason"], clock.now())
        except bookkeeping.StillBroken as broken:
            raise CommandError(broken.detail) from broken
        self.stdout.write(f"Payouts go on in {count} schemes.")
