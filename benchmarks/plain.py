"""What the redirect is compared with: the same server, answering the same bytes without thinking."""

from collections.abc import Callable, Iterable
from typing import Any

_TOKEN = "A" * 66
HEADERS = [
    ("Content-Length", "0"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Robots-Tag", "noindex"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    ("Location", f"https://shop.example/?utm_source=referral&utm_campaign=bench&adv={_TOKEN}"),
    ("Set-Cookie", f"adv={_TOKEN}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure"),
]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The same 302 for everybody."""
    start_response("302 Found", list(HEADERS))
    return []
