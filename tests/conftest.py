"""The small cast that tests share: Ada runs the program, Ben is an ambassador, Cleo is new, Dan is an outsider."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from advocates.models import Advocate
from tests.factories import make_advocate, make_user


def sign_in(advocate: Advocate) -> Client:
    """A client with a session, for staff one that passed the second factor."""
    client = Client()
    client.force_login(advocate.user)
    if Authenticator.objects.filter(user=advocate.user).exists():
        session = client.session
        session["account_authentication_methods_user"] = str(advocate.user.pk)
        session["account_authentication_methods"] = [
            {"method": "password", "at": timezone.now().timestamp(), "email": advocate.user.email},
            {"method": "mfa", "at": timezone.now().timestamp(), "type": "totp"},
        ]
        session.save()
    return client


@pytest.fixture
def ada(db):
    """Ada, who runs the program: staff in every role, with a second factor."""
    user = make_user("ada@example.com", roles=("program manager", "moderator", "admin"))
    TOTP.activate(user, generate_totp_secret())
    return make_advocate("ada", user=user)


@pytest.fixture
def ben(db):
    """Ben, an ambassador."""
    return make_advocate("ben")


@pytest.fixture
def cleo(db):
    """Cleo, who has just joined."""
    return make_advocate("cleo")


@pytest.fixture
def dan(db):
    """Dan, who must see nothing of anybody's."""
    return make_advocate("dan")


@pytest.fixture
def ada_client(ada):
    """A browser in which Ada is signed in."""
    return sign_in(ada)


@pytest.fixture
def cleo_client(cleo):
    """A browser in which Cleo is signed in."""
    return sign_in(cleo)


@pytest.fixture
def dan_client(dan):
    """A browser in which Dan is signed in."""
    return sign_in(dan)
