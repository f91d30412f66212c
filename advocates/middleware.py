"""Each person's own time zone and language, for the length of a request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from advocates import preferences

Answer = Callable[[HttpRequest], HttpResponse]


def activate_preferences(answer: Answer) -> Answer:
    """Speak the reader's language and show instants in the reader's time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        advocate = getattr(request.user, "advocate", None) if request.user.is_authenticated else None
        # Both are put back afterwards, so that nothing reaches the next request of this thread.
        with preferences.activated(advocate):
            response = answer(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response

    return middleware
