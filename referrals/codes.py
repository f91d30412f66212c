"""Codes and aliases: what they are made of, and which link a text leads to."""

import hashlib
import hmac
import unicodedata

from django.conf import settings

from referrals.models import Code

LONGEST = 40


def fold(text: str) -> str:
    """The form in which two codes are the same code: compatible characters made one, capitals, no space around."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def key(text: str) -> str:
    """The keyed hash by which a code is found and which outlives its text."""
    message = b"code\0" + fold(text).encode(errors="surrogatepass")
    return hmac.new(settings.IDENTITY_KEY.encode(), message, hashlib.sha256).hexdigest()


def find(text: str) -> Code | None:
    """The code that the text names, with its link; None if there is none, or its advocate was erased."""
    if not text or len(text) > LONGEST:
        return None
    return Code.objects.select_related("link").filter(key=key(text)).exclude(text="").first()
