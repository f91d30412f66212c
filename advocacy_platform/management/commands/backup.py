"""Write a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from advocacy_platform import backups, dumps
from spine import clock


class Command(BaseCommand):
    help = "Write the database and the uploads into one archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="where to; a new file in BACKUP_DIR if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        path = options["path"] or settings.BACKUP_DIR / f"backup-{at:%Y-%m-%dT%H%M%SZ}.tar.gz"
        try:
            backups.make(at, path)
        except dumps.DumpFailed as failed:
            raise CommandError(str(failed)) from failed
        self.stdout.write(str(path))
