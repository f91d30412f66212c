"""What a staff page asks of its request."""

from collections.abc import Callable

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse

from advocates.models import User

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request that passed the gate: somebody of the staff is signed in."""

    user: User


def requires(permission: str) -> Callable[[View], View]:
    """The permission that a staff page names; who is on the staff without it gets a 403."""
    return permission_required(permission, raise_exception=True)
