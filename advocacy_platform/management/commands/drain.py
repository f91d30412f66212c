"""Do one round of every sweep, in this process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy_platform.schedule import SWEEPS


class Command(BaseCommand):
    help = "Do one round of every sweep here and now, without a broker: what is due is done, or fails and says why."

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        for name, sweep in SWEEPS.items():
            try:
                taken = sweep.run()
            except Exception as failure:  # noqa: BLE001 - the other sweeps have their round as well
                failed.append(name)
                self.stderr.write(f"{name}: {type(failure).__name__}: {failure}")
            else:
                self.stdout.write(f"{name}: {taken}")
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}.")
