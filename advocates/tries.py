"""How often people may try what a machine could guess: passwords, codes, sign-ups.

allauth counts wrong codes in the session, which is read and written without a lock, so that parallel guesses are not
counted, and it only knows a caller's network. These limits are counted in the database, one statement a try.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps

from allauth.account.internal.stagekit import unstash_login
from django.http import HttpRequest, HttpResponseBase

from spine import clock, limits
from spine.client_address import subscriber

View = Callable[..., HttpResponseBase]


def _session(request: HttpRequest) -> str | None:
    return request.session.session_key


def _typed_login(request: HttpRequest) -> str | None:
    return _folded(request.POST.get("login", ""))


def _typed_email(request: HttpRequest) -> str | None:
    return _folded(request.POST.get("email", ""))


def _folded(email: str) -> str | None:
    return email.strip().lower()[:254] or None


def _user(request: HttpRequest) -> str | None:
    """Who is signed in, or about to be."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    login = unstash_login(request, peek=True)
    return str(login.user.pk) if login and login.user else None


@dataclass(frozen=True)
class Limit:
    """So many tries for each of whom `whose` names (nobody: not counted) in a quarter of an hour."""

    kind: str
    whose: Callable[[HttpRequest], str | None]
    tries: int
    per: timedelta = timedelta(minutes=15)


_CODE = (Limit("session", _session, 10),)
_SECOND_FACTOR = (Limit("user", _user, 10),)

# By the name of the page that is posted to.
LIMITS: Mapping[str, tuple[Limit, ...]] = {
    "account_signup": (Limit("email", _typed_email, 10), Limit("address", subscriber, 30)),
    "account_signup_by_passkey": (Limit("email", _typed_email, 10), Limit("address", subscriber, 30)),
    "account_login": (Limit("email", _typed_login, 20), Limit("address", subscriber, 60)),
    "account_request_login_code": (Limit("email", _typed_email, 10), Limit("address", subscriber, 30)),
    "account_reset_password": (Limit("email", _typed_email, 10), Limit("address", subscriber, 30)),
    # A provider vouches for whoever arrives, not for the address that they type here.
    "socialaccount_signup": (Limit("email", _typed_email, 10), Limit("address", subscriber, 30)),
    # Each new address gets a letter in the brand's name.
    "account_email": (Limit("user", _user, 10),),
    "account_email_verification_sent": _CODE,
    "account_confirm_login_code": _CODE,
    "account_confirm_password_reset_code": _CODE,
    "account_reauthenticate": _SECOND_FACTOR,
    "account_change_password": _SECOND_FACTOR,
    "mfa_authenticate": _SECOND_FACTOR,
    "mfa_reauthenticate": _SECOND_FACTOR,
}


def limited(name: str, view: View) -> View:
    """The view, refusing posts beyond the LIMITS of `name` with TooManyTries."""

    @wraps(view)
    def counting(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "POST":
            _take(name, request)
        return view(request, *args, **kwargs)

    return counting


def _take(name: str, request: HttpRequest) -> None:
    at = clock.now()
    for limit in LIMITS[name]:
        if whose := limit.whose(request):
            limits.take(f"{name}:{limit.kind}", whose, limit=limit.tries, per=limit.per, at=at)
