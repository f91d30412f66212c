"""Hand out or erase what is held about one person, for somebody who asked by letter."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy_platform import privacy
from advocates.models import User
from spine import clock
from spine.refusal import Refusal

OPERATOR = ("system", "command")


class Command(BaseCommand):
    help = "Print everything that is held about one person as JSON, or erase the person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["export", "erase"])
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="erase: this can't be undone, and I mean it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).select_related("person").first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        if options["verb"] == "export":
            self.stdout.write(privacy.download(user.person, OPERATOR, clock.now()).decode())
        elif not options["yes"]:
            raise CommandError("Erasing can't be undone. Say --yes if you mean it.")
        else:
            self._erase(user)

    def _erase(self, user: User) -> None:
        at = clock.now()
        try:
            privacy.erase(user.person, OPERATOR, at)
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        privacy.run_due(at)
        self.stdout.write("Erased.")
