"""Django's flush, which append-only tables would refuse."""

from typing import Any

from django.core.management.commands import flush

from spine import guards


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        with guards.lifted():
            super().handle(**options)
