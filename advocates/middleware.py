"""Each person's own time zone and language, for the length of a request."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from advocates.models import Advocate

Answer = Callable[[HttpRequest], HttpResponse]


def activate_preferences(answer: Answer) -> Answer:
    """Speak the reader's language and show instants in the reader's time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        advocate = getattr(request.user, "advocate", None) if request.user.is_authenticated else None
        # Both are put back afterwards, so that nothing reaches the next request of this thread.
        with timezone.override(_zone(advocate)), translation.override(_language(advocate)):
            response = answer(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response

    return middleware


def _zone(advocate: Advocate | None) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(advocate.time_zone) if advocate else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # A zone may leave the system's list after somebody chose it.
        return None


def _language(advocate: Advocate | None) -> str | None:
    chosen = advocate.locale if advocate else ""
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language()
