"""How a system shows its key, and what a view asks of it. DRF imports this before its views, so nothing here does."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from customers import keys
from customers.models import ApiKey
from spine import clock, limits
from spine.client_address import client_address


class KeyAuthentication(authentication.BaseAuthentication):
    """A key as `Authorization: Bearer adv_…`: `request.auth` is the key, and the user is nobody.

    So a view that asks for a user refuses every key, and one opens to keys only by naming a scope.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        scheme, _space, token = authentication.get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        at = clock.now()
        try:
            key = keys.authenticate(token.strip(), at)
        except keys.InvalidKey as refusal:
            raise exceptions.AuthenticationFailed(refusal.detail, refusal.code) from refusal
        _take_turn(key, request, at)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _take_turn(key: ApiKey, request: Request, at: datetime) -> None:
    """Count a request. Raises TooManyTries.

    Anybody may use a key that anybody can read, so each address has its own share, taken before the key's.
    """
    minute, whose = timedelta(minutes=1), str(key.public_id)
    if key.kind == ApiKey.Kind.PUBLISHABLE:
        address = client_address(request._request) or "nobody"
        limits.take("api by address", f"{whose} {address}", limit=settings.PAGE_REQUESTS_PER_MINUTE, per=minute, at=at)
    limits.take("api", whose, limit=settings.API_REQUESTS_PER_MINUTE, per=minute, at=at)


class HasKey(permissions.BasePermission):
    """Any system with a key."""

    # The scope that the key must hold; empty: none.
    needed = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiKey)


def HasScope(scope: str) -> type[HasKey]:  # noqa: N802 - it stands where a permission class stands
    """The permission of a system whose key holds the scope; a key without it gets MissingScope."""

    class Holding(HasKey):
        needed = scope

        def has_permission(self, request: Request, view: Any) -> bool:
            if isinstance(request.auth, ApiKey) and not request.auth.may(scope):
                raise keys.MissingScope(scope=scope)
            return super().has_permission(request, view)

    return Holding
