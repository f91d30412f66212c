"""System checks of the ground everything stands on."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from spine import guards


def check_guards(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Red while an append-only table could be changed."""
    if not databases:
        return []
    return [
        Error(
            f"The guard {name} does not stand, so an append-only table can be changed.",
            hint="If a migration was interrupted, run `manage.py install_guards`. Otherwise find out who removed it.",
            id="spine.E001",
        )
        for name in guards.missing()
    ]
