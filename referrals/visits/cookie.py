"""The visitor's cookie: up to five touch tokens, of which the first and the latest always stay."""

from datetime import datetime

from django.conf import settings

from referrals.visits import tokens

NAME = "adv"
MOST = 5
# Browsers keep no cookie for longer, whatever it asks for.
MAX_AGE = 400 * 24 * 60 * 60
_LONGEST = MOST * (tokens.LENGTH + 1)


def read(header: str, millis: int) -> tuple[str, ...]:
    """The tokens in a request's `Cookie` header that prove a visit; whatever else stands there is left out.

    `millis` is the present, since 1970.
    """
    if NAME not in header:
        return ()
    for pair in header.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == NAME:
            return _proven(value.strip(), millis)
    return ()


def verified(value: str, at: datetime) -> tuple[str, ...]:
    """The tokens in a cookie's value that prove a visit, each once, the first visit first."""
    return _proven(value, int(at.timestamp() * 1000))


def kept(known: tuple[str, ...], token: str) -> tuple[str, ...]:
    """What a visitor keeps when one more token comes: the first one, and the latest after it."""
    latest = (*known, token)
    return latest if len(latest) <= MOST else (latest[0], *latest[1 - MOST :])


def written(kept: tuple[str, ...]) -> str:
    """The `Set-Cookie` header that makes a browser keep these tokens."""
    secure = "; Secure" if settings.SECURE_COOKIES else ""
    return f"{NAME}={'.'.join(kept)}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}"


def _proven(value: str, millis: int) -> tuple[str, ...]:
    if not value or len(value) > _LONGEST:
        return ()
    return tuple(text for text in dict.fromkeys(value.split(".")) if tokens.proves(text, millis))
