"""Who is credited for whoever asks, and how they end it."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from advocates import staff
from advocates.models import User
from referrals.share import ties as standing
from referrals.visits import cookie
from spine import clock, limits

# So many are shown; cutting the tie ends all of them.
SHOWN = 20


@never_cache
@require_safe
def ties(request: HttpRequest) -> HttpResponse:
    """What this browser remembers and, for who is signed in, who was credited for their orders."""
    context: dict[str, Any] = {"visits": standing.visits(request.COOKIES.get(cookie.NAME, ""), clock.now())}
    if isinstance(request.user, User):
        credited = list(standing.credited(request.user.person)[:SHOWN])
        names = standing.named(conversion.credited_person_id for conversion in credited)
        context["credited"] = [(conversion, names.get(conversion.credited_person_id, "")) for conversion in credited]
    return render(request, "referrals/ties.html", context)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Let the visits that this browser remembers count for nobody, and remember them no more."""
    standing.forget(request.COOKIES.get(cookie.NAME, ""), clock.now())
    messages.success(request, _("This browser remembers no link any more, and those visits count for nobody."))
    response = redirect("referrals:ties")
    response.delete_cookie(cookie.NAME, path="/", samesite="Lax")
    return response


@require_POST
@login_required
def cut(request: HttpRequest) -> HttpResponse:
    """Say that nobody referred oneself."""
    assert isinstance(request.user, User)
    at = clock.now()
    limits.take("tie cut", str(request.user.person_id), limit=10, per=timedelta(hours=1), at=at)
    standing.cut(request.user.person, staff.party(request.user), at)
    messages.success(request, _("The tie is cut. We look at your orders again, in a minute or two."))
    return redirect("referrals:ties")
