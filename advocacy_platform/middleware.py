"""What every request passes on its way in and out."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from advocacy_platform import errors, gate
from spine.refusal import Refusal

Answer = Callable[[HttpRequest], HttpResponse]

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
# Python knows encodings that decode to half a character or to no text at all.
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
# What is read into memory as a whole; a form with files is not.
IN_MEMORY = {"application/x-www-form-urlencoded", "application/json"}


def headers(answer: Answer) -> Answer:
    """Response headers that Django does not set."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        return response

    return middleware


def refuse_malformed_input(answer: Answer) -> Answer:
    """Answer at once what no form or client of ours would send, before anything reads it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # Whoever has a broken cookie can't help it, so it is left out and not refused.
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\0" not in name + value}
        if request.method not in METHODS:
            return errors.unknown_method(request)
        if _is_malformed(request):
            return errors.bad_request(request)
        if _is_too_large(request):
            return errors.too_large(request)
        return answer(request)

    return middleware


def staff_gate(answer: Answer) -> Answer:
    """Let only staff with a second factor into the staff side."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return gate.turn_away(request) or answer(request)

    return middleware


def answer_refusals(answer: Answer) -> Answer:
    """The one place that turns a Refusal into an answer, whichever view raised it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.refuse(request, exception) if isinstance(exception, Refusal) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _is_malformed(request: HttpRequest) -> bool:
    """A host that is not ours, a NUL in the address, an encoding that no browser uses, too many query parameters."""
    try:
        request.get_host()
        len(request.GET)
    except SuspiciousOperation:
        return True
    charset = (request.content_params or {}).get("charset", "utf-8")
    return "\0" in request.path_info or _has_nul(request.META["QUERY_STRING"]) or charset.lower() not in CHARSETS


def _has_nul(query: str) -> bool:
    return "\0" in query or "%00" in query


def _is_too_large(request: HttpRequest) -> bool:
    """By what the client says of it: the body is not read here, since a view may want to stream it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return False
    in_memory = request.content_type in IN_MEMORY or errors.is_api(request)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if in_memory else settings.REQUEST_MAX_BYTES
    return len(length) > 18 or int(length) > most
