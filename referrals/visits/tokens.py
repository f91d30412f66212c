"""Touch tokens: what a visit leaves with its visitor, signed, so that the token alone is enough to credit."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings

# Link, click, milliseconds since 1970, key id; then the first 16 bytes of the HMAC-SHA256.
_BODY = struct.Struct(">Q16sQB")
_MAC = 16
LENGTH = -(-(_BODY.size + _MAC) * 4 // 3)
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
# How far another machine's clock may run ahead of ours.
AHEAD = timedelta(minutes=5)
_AHEAD_MILLIS = AHEAD // _MILLISECOND
_PADDING = "=" * (-LENGTH % 4)


@dataclass(frozen=True)
class Token:
    """One visit, as its token tells of it."""

    link: int
    click: UUID
    at: datetime


def sign(token: Token) -> str:
    """The token as text of letters, digits, - and _; instants are cut to milliseconds."""
    return mint(token.link, token.click.bytes, (token.at - _EPOCH) // _MILLISECOND)


def mint(link: int, click: bytes, millis: int) -> str:
    """The same for whoever has no time for objects: `click` in 16 bytes, `millis` since 1970."""
    key_id, key = _newest()
    body = _BODY.pack(link, click, millis, key_id)
    return _text(body + _mac(key, body))


def read(text: str, at: datetime) -> Token | None:
    """The visit that the text proves; None if it is malformed, under no key of ours, or dated ahead of `at`."""
    opened = _open(text, (at - _EPOCH) // _MILLISECOND)
    if opened is None:
        return None
    link, click, millis = opened
    return Token(link, UUID(bytes=click), _EPOCH + millis * _MILLISECOND)


def proves(text: str, millis: int) -> bool:
    """Whether `read` would find a visit in the text at that instant, in milliseconds since 1970."""
    return _open(text, millis) is not None


def _open(text: str, now: int) -> tuple[int, bytes, int] | None:
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + _PADDING, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # The last letter has bits to spare: one visit has one text.
    if _text(raw) != text:
        return None
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    link, click, millis, key_id = _BODY.unpack(body)
    key = _keys().get(key_id)
    if key is None or not hmac.compare_digest(_mac(key, body), mac):
        return None
    return (link, click, millis) if millis <= now + _AHEAD_MILLIS else None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC]


@lru_cache(1)
def _newest() -> tuple[int, bytes]:
    return max(_keys().items())


@lru_cache(1)
def _keys() -> dict[int, bytes]:
    """Key id → key: those of the settings, or one that is derived from IDENTITY_KEY."""
    if settings.TOUCH_KEYS:
        return {int(key_id): bytes.fromhex(key) for key_id, key in settings.TOUCH_KEYS.items()}
    return {0: hashlib.sha256(b"touch\0" + settings.IDENTITY_KEY.encode()).digest()}
