"""How somebody likes to be spoken to: in their language, with the hours of their time zone."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone, translation

from advocates.models import Advocate


@contextmanager
def activated(advocate: Advocate | None) -> Iterator[None]:
    """Speak this person's language and show instants in their time zone; both are put back afterwards."""
    with timezone.override(_zone(advocate)), translation.override(_language(advocate)):
        yield


def _zone(advocate: Advocate | None) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(advocate.time_zone) if advocate else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # A zone may leave the system's list after somebody chose it.
        return None


def _language(advocate: Advocate | None) -> str | None:
    chosen = advocate.locale if advocate else ""
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language()
