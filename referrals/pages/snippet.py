"""The script that shops put on their pages, so that a visit is still known when the order comes."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe


@lru_cache(1)
def source() -> bytes:
    """The script, as it lies among the static files and as it is served."""
    text: bytes = (settings.BASE_DIR / "static" / "snippet" / "a.js").read_bytes()
    return text


def _version(request: HttpRequest) -> str:
    return hashlib.sha256(source()).hexdigest()[:32]


@require_safe
@cache_control(public=True, max_age=3600)
@etag(_version)
def snippet(request: HttpRequest) -> HttpResponse:
    """The script under its short, lasting address; an hour after a change every shop has the new one."""
    # A page that isolates itself takes a script of another site only if that says so.
    headers = {"Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(source(), content_type="text/javascript; charset=utf-8", headers=headers)
