"""Show a demo person's present one-time code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from advocacy_platform import demo


class Command(BaseCommand):
    help = "Show the code that a demo person's authenticator app would show now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> str:
        if not demo.is_allowed():
            raise CommandError("There are no demo people on a live site.")
        for person in demo.people():
            if person.email == email and person.totp_code:
                return person.totp_code
        raise CommandError(f"{email} is not a demo person with a second factor.")
