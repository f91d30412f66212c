"""Who acts when staff change the brand."""

from typing import Any

from django.http import HttpRequest

from spine import audit


class AuthenticatedRequest(HttpRequest):
    """A request past `login_required`; this room knows a user only by their public id and email."""

    user: Any


def actor(request: AuthenticatedRequest) -> audit.Party:
    """The member of staff behind a request, as the audit names them."""
    return "user", str(request.user.public_id)
