"""Days in as few words as they take."""

from datetime import datetime

from babel.dates import format_date, format_skeleton
from django.utils import timezone

from brand import locales


def short(instant: datetime, at: datetime) -> str:
    """The day as people say it at `at`: `5 Dec`, with the year where it is another."""
    day, today = timezone.localtime(instant), timezone.localtime(at)
    if day.year == today.year:
        return str(format_skeleton("MMMd", day, tzinfo=timezone.get_current_timezone(), locale=locales.active()))
    return str(format_date(day, "medium", locale=locales.active()))
