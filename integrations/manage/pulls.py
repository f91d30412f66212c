"""A shop's page about lost messages: how we ask its software what changed, and what was missed."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from advocates import staff
from brand.access import AuthenticatedRequest
from integrations import verdicts
from integrations.manage.forms import PullForm
from integrations.manage.shops import about, connection_of, may_manage_sources
from integrations.models import Connection, Delivery, Pull
from integrations.pulling import asking
from spine import clock

SHOWN = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_sources
def pulls(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """What was missed lately, and by POST where and with which token to ask."""
    connection = connection_of(key)
    pull = Pull.objects.filter(connection=connection).first()
    known = {"address": pull.address} if pull else {}
    form, status = PullForm(connection.vendor, request.POST if request.method == "POST" else None, initial=known), 200
    if request.method == "POST" and form.is_valid():
        try:
            asking.allow(connection, form.address, form.tokens, staff.party(request.user), clock.now())
        except (asking.BadToken, asking.BadAddress) as refusal:
            form.add_error("address" if isinstance(refusal, asking.BadAddress) else "token", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("We ask now. What was missed in the last two days stands here in a moment."))
            return redirect("integrations:pulls", key)
    context = {**about(connection), **_lately(connection, pull), "form": form}
    return render(request, "integrations/pulls.html", context, status=status)


@require_POST
@login_required
@may_manage_sources
def stop_pulls(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """Ask no more."""
    asking.stop(connection_of(key), staff.party(request.user), clock.now())
    messages.success(request, _("We ask no more, and have forgotten the token."))
    return redirect("integrations:pulls", key)


def _lately(connection: Connection, pull: Pull | None) -> dict[str, Any]:
    found = Delivery.objects.filter(connection=connection, is_missed=True).defer("body").order_by("-received_at", "-pk")
    return {
        "pull": pull,
        "why": asking.reason(pull.reason) if pull and pull.reason else "",
        "missed": asking.missed(connection),
        "rows": [(each, verdicts.summary(each)) for each in found[:SHOWN]],
    }
