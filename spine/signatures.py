"""Signing what goes out, as the Standard Webhooks specification has it, so that any of its libraries can verify it."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

HEAD = "whsec_"


class BadSecret(ValueError):
    """The secret is none: `whsec_` and 24 to 64 bytes in base64."""


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that sign a body. Raises BadSecret.

    HMAC-SHA256 over `<id>.<seconds>.<body>`, https://github.com/standard-webhooks/standard-webhooks, version 1.
    """
    seconds = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def key(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises BadSecret."""
    try:
        found = base64.b64decode(secret.removeprefix(HEAD), validate=True)
    except (binascii.Error, ValueError) as garbled:
        raise BadSecret from garbled
    if not secret.startswith(HEAD) or not 24 <= len(found) <= 64:
        raise BadSecret
    return found
