"""Load the demo brand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy_platform import demo
from spine import clock


class Command(BaseCommand):
    help = "Load a small demo brand with people whose passwords are known, into an empty development site or sandbox."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = demo.load(clock.now())
        except demo.NotForRealPeople as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write("Loaded the demo brand." if loaded else "This site has a brand already; nothing changed.")
        for person in demo.people():
            code = f"  TOTP {person.totp_code}" if person.totp_code else ""
            self.stdout.write(f"{person.role:<11} {person.email:<18} {person.password}{code}")
