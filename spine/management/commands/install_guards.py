"""Lay the append-only guards again."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from spine import audit, clock, guards


class Command(BaseCommand):
    help = "Lay the append-only guards again, after a migration that was interrupted."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            laid = guards.install()
            for name in laid:
                audit.record(("system", "command"), "guard.installed", ("trigger", name), at=clock.now())
        self.stdout.write("\n".join(f"laid {name}" for name in laid) or "Every guard stands already.")
