"""Secrets that must be read again, such as an authenticator app's, kept so that a copied database gives none away."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet
from django.conf import settings

SECOND_FACTORS = "second factors"


def seal(secret: str, purpose: str = SECOND_FACTORS) -> str:
    """The secret as it is stored; what is sealed for one purpose can't be passed off as another's."""
    return _fernet(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, purpose: str = SECOND_FACTORS) -> str:
    """The secret again. Raises InvalidToken for what another IDENTITY_KEY or purpose sealed, or nobody did."""
    return _fernet(purpose).decrypt(sealed.encode()).decode()


def _fernet(purpose: str) -> Fernet:
    # Of the key that is kept for as long as the data: rotating SECRET_KEY must not lock anybody out.
    key = hmac.new(settings.IDENTITY_KEY.encode(), purpose.encode(), hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
