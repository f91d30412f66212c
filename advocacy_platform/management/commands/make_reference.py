"""Write docs/reference from the code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy_platform import reference


class Command(BaseCommand):
    help = "Write the tables in docs/reference from the code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            if outdated := reference.stale():
                names = ", ".join(path.name for path in outdated)
                raise CommandError(f"Stale: {names}. Run `manage.py make_reference`.")
            return
        for path in reference.write():
            self.stdout.write(str(path))
