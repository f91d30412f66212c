"""Put a backup back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy_platform import backups, dumps
from spine import clock


class Command(BaseCommand):
    help = "Replace the database and the uploads by those of a backup. Stop the site first."
    # An empty database has none of the tables that the checks look at.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace what is there now")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            raise CommandError("This replaces all that is there now. Say --yes if you mean it.")
        try:
            restored = backups.restore(options["path"], clock.now())
        except (backups.UnusableBackup, dumps.DumpFailed) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"Restored the backup of {restored.made_at}, version {restored.version}.")
        if restored.erased_again:
            self.stdout.write(f"{restored.erased_again} people were erased since; the worker erases them again.")
