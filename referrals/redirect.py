"""Answers `/r/<code>` in front of Django: from memory, with one line to the spool, and without the database.

Whatever is not remembered, or looks odd, is left to Django, whose view `follow` looks it up, answers by the same
function and remembers it for the visits to come.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from referrals.visits import bots, cookie, spool, tokens
from referrals.visits.landings import LANDINGS, Landing
from referrals.visits.spool import SPOOL

Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PREFIX = "/r/"
FOUND = "302 Found"
LONGEST_QUERY = 2000
# An address that says who recommended whom belongs into no cache and no search engine.
HEADERS: Headers = [
    ("Content-Length", "0"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Robots-Tag", "noindex"),
]


class Redirect:
    """The application that stands in front of another one and takes the visits to known links out of its hands."""

    def __init__(self, behind: Wsgi) -> None:
        self._behind = behind
        self._always = [*HEADERS, *_transport_security()]
        self._is_secure_enough = _secure_enough()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        landing = self._known(environ)
        if landing is None:
            return self._behind(environ, start_response)
        start_response(FOUND, [*self._always, *answer(environ, landing)])
        return []

    def _known(self, environ: Mapping[str, Any]) -> Landing | None:
        """Where a plain visit to a remembered link leads; None for all else."""
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        landing = LANDINGS.fresh(key(path))
        if landing is None or len(environ.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return None
        return landing if self._is_secure_enough(environ) and _is_ours(environ.get("HTTP_HOST", "")) else None


def key(path: str) -> str:
    """Under what a path is remembered: the code as it was asked for, since folding it each time would cost more."""
    return path[len(PREFIX) :]


def answer(environ: Mapping[str, Any], landing: Landing) -> Headers:
    """Write one visit down and say where it goes on to, with the cookie that it leaves."""
    millis = int((time.time() + landing.ahead) * 1000)
    to, channel = _asked(environ.get("QUERY_STRING", ""))
    reason = bots.reason(environ)
    known = () if reason else cookie.read(environ.get("HTTP_COOKIE", ""), millis)
    click = os.urandom(16)
    SPOOL.append(spool.line(click, landing.link, millis, reason, channel, is_first=not known))
    # What is fetched ahead may be followed later without asking again, so its address carries the token as well.
    if reason and reason != bots.PREFETCH:
        return [("Location", landing.url("", to))]
    token = tokens.mint(landing.link, click, millis)
    headers = [("Location", landing.url(token, to))]
    if not (reason or landing.asks_consent or environ.get("HTTP_SEC_GPC") == "1"):
        headers.append(("Set-Cookie", cookie.written(cookie.kept(known, token))))
    return headers


def _secure_enough() -> Callable[[Mapping[str, Any]], bool]:
    """Whether a request came by TLS, where the site wants that; as Django's own middleware looks at it."""
    if not settings.SECURE_SSL_REDIRECT:
        return lambda _environ: True
    header = settings.SECURE_PROXY_SSL_HEADER
    name = header[0] if header else "wsgi.url_scheme"
    return lambda environ: environ.get(name) == "https"


@lru_cache(256)
def _is_ours(host: str) -> bool:
    """Whether Django would answer for that host."""
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _asked(query: str) -> tuple[str, str]:
    """The page that a visit asks to land on, and through which button its link was passed on; empty for none known."""
    if not query:
        return "", ""
    try:
        asked = parse_qs(query, max_num_fields=20)
    except ValueError:
        return "", ""
    channel = asked.get("s", [""])[0]
    return asked.get("to", [""])[0], channel if channel in spool.CHANNELS else ""


def _transport_security() -> Headers:
    """What Django's own middleware says on every page."""
    if not settings.SECURE_HSTS_SECONDS:
        return []
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    parts += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    parts += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return [("Strict-Transport-Security", "; ".join(parts))]
