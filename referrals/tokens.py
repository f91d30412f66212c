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
LENGTH = len(base64.urlsafe_b64encode(bytes(_BODY.size + _MAC)).rstrip(b"="))
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
# How far another machine's clock may run ahead of ours.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Token:
    """One visit, as its token tells of it."""

    link: int
    click: UUID
    at: datetime


def sign(token: Token) -> str:
    """The token as text of letters, digits, - and _; instants are cut to milliseconds."""
    key_id, key = _newest()
    millis = (token.at - _EPOCH) // _MILLISECOND
    body = _BODY.pack(token.link, token.click.bytes, millis, key_id)
    return base64.urlsafe_b64encode(body + _mac(key, body)).rstrip(b"=").decode()


def read(text: str, at: datetime) -> Token | None:
    """The visit that the text proves; None if it is malformed, under no key of ours, or dated ahead of `at`."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    link, click, millis, key_id = _BODY.unpack(body)
    key = _keys().get(key_id)
    if key is None or not hmac.compare_digest(_mac(key, body), mac):
        return None
    touched = _EPOCH + millis * _MILLISECOND
    return Token(link, UUID(bytes=click), touched) if touched <= at + AHEAD else None


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
