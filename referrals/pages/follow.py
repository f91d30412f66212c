"""The visits that Django answers: to links that nobody followed just now, and to codes that lead nowhere."""

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from referrals import redirect
from referrals.visits import landings
from referrals.visits.landings import LANDINGS, LOST, Landing, Lost
from spine import clock


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Send a visitor on to where the link leads, or say kindly that it leads nowhere."""
    found = _found(code, redirect.key(request.META["PATH_INFO"]))
    if isinstance(found, Lost):
        return _lost(request, found)
    response = HttpResponse(status=302)
    del response["Content-Type"]
    for name, value in [*redirect.HEADERS, *redirect.answer(request.META, found)]:
        response[name] = value
    return response


def _found(code: str, key: str) -> Landing | Lost:
    """Read it and remember it. With the database away, what was remembered last has to do."""
    if lost := LOST.fresh(key):
        return lost
    try:
        found = landings.look_up(code, clock.now())
    except Error:
        if stale := LANDINGS.stale(key):
            return stale
        raise
    if isinstance(found, Lost):
        LOST.keep(key, found)
    else:
        LANDINGS.keep(key, found)
    return found


def _lost(request: HttpRequest, lost: Lost) -> HttpResponse:
    response = render(request, "referrals/lost.html", {"lost": lost}, status=lost.status)
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex"
    return response
