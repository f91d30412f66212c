"""Secrets that must be read again, such as an authenticator app's, kept so that a copied database gives none away."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet
from django.conf import settings


def seal(secret: str) -> str:
    """The secret as it is stored."""
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret again. Raises InvalidToken for what another IDENTITY_KEY sealed, or nobody did."""
    return _fernet().decrypt(sealed.encode()).decode()


def _fernet() -> Fernet:
    # Of the key that is kept for as long as the data: rotating SECRET_KEY must not lock anybody out.
    key = hmac.new(settings.IDENTITY_KEY.encode(), b"second factors", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
