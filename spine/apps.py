"""The app's entry in `INSTALLED_APPS`."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class SpineConfig(AppConfig):
    name = "spine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from spine import checks, instants

        register(checks.check_guards, Tags.database)
        post_migrate.connect(_lay_guards, sender=self)
        connection_created.connect(instants.read_fast)


def _lay_guards(**kwargs: Any) -> None:
    """A migration on SQLite may have dropped triggers with the table that it rebuilt."""
    from spine import guards

    guards.install()
