"""Plain makers of rows for tests."""

import itertools
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group

from advocates.models import Advocate, User
from customers import keys
from customers.models import ApiKey, Source

# The instant at which tests happen, unless they say otherwise.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(
    email: str | None = None, *, password: str = PASSWORD, roles: tuple[str, ...] = (), **fields: Any
) -> User:
    """A user with a confirmed email; with roles, a member of staff."""
    user = User.objects.create_user(
        email or f"user{next(_numbers)}@example.com", password, is_staff=bool(roles), joined_at=NOON, **fields
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def make_advocate(username: str | None = None, **fields: Any) -> Advocate:
    """An advocate who can sign in."""
    username = username or f"advocate{next(_numbers)}"
    user = fields.pop("user", None) or make_user(f"{username}@example.com")
    fields.setdefault("display_name", username.capitalize())
    return Advocate.objects.create(user=user, person=user.person, username=username, joined_at=NOON, **fields)


def make_staff(username: str, *roles: str, **fields: Any) -> Advocate:
    """Somebody of the staff with a second factor; without a role, one who was left with none."""
    user = make_user(f"{username}@example.com", roles=roles, **fields)
    if not roles:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.refresh_from_db()
    TOTP.activate(user, generate_totp_secret())
    return make_advocate(username, user=user)


def make_key(*scopes: str, name: str = "Our shop", kind: str = "secret", at: datetime = NOON) -> tuple[ApiKey, str]:
    """A key and its token."""
    return keys.make(name, scopes or ("facts:write",), kind, ("command", "test"), at)


def make_source(key: str = "shop", **fields: Any) -> Source:
    """A shop that is connected."""
    return Source.objects.create(key=key, name=key.capitalize(), created_at=NOON, **fields)
