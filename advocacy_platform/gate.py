"""The staff side's gate: by address, so that a page added below it is behind it without doing anything."""

import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from advocates.models import User

# Whoever passes the gate for everything below an address. Django's admin is for emergencies, so for superusers only.
GUARDED: dict[str, Callable[[User], bool]] = {
    "/manage": lambda user: user.is_staff,
    "/admin": lambda user: user.is_staff and user.is_superuser,
}
# A session that was left open on somebody's desk asks for the second factor again after a working day.
FACTOR_HOLDS = timedelta(hours=12)
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def turn_away(request: HttpRequest) -> HttpResponse | None:
    """The answer for whoever may not enter this address; None if they may. Raises Http404 where it is private."""
    may_enter = _guard(request.path_info)
    if may_enter is None:
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not may_enter(request.user):
        raise Http404
    factors = set(
        Authenticator.objects.filter(user=request.user, type__in=SECOND_FACTORS).values_list("type", flat=True)
    )
    if not factors:
        return _send_to("staff_second_factor", request)
    if not _has_fresh_factor(request, request.user):
        app = Authenticator.Type.TOTP in factors
        return _send_to("mfa_reauthenticate" if app else "mfa_reauthenticate_webauthn", request)
    return None


def has_second_factor(user: User) -> bool:
    """Whether a person has set up an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def passed_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session may enter what asks for a second factor."""
    return has_second_factor(user) and _has_fresh_factor(request, user)


def _guard(path: str) -> Callable[[User], bool] | None:
    for prefix, may_enter in GUARDED.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return may_enter
    return None


def _has_fresh_factor(request: HttpRequest, user: User) -> bool:
    # allauth stamps its records with the wall clock, so the sandbox's moved clock has no say in them. A passkey that
    # signed somebody in without a password is recorded as a second factor as well.
    since = time.time() - FACTOR_HOLDS.total_seconds()
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" and record.get("at", 0) > since for record in records)


def _send_to(name: str, request: HttpRequest) -> HttpResponse:
    # Coming back from there is always a GET, so an act that was cut short is not repeated behind anybody's back.
    query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")
