import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import InvalidToken

from advocates import sealing
from tests.factories import make_user


def test_stores_no_second_factor_in_the_clear(db):
    TOTP.activate(make_user(), "JBSWY3DPEHPK3PXP")

    stored = Authenticator.objects.get().data["secret"]
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert get_adapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_outlives_a_new_secret_key_and_no_new_identity_key(settings):
    sealed = sealing.seal("a secret")

    settings.SECRET_KEY = "another" * 10
    assert sealing.unseal(sealed) == "a secret"
    settings.IDENTITY_KEY = "another" * 10
    with pytest.raises(InvalidToken):
        sealing.unseal(sealed)
