"""One message of a shop: its body, what we make of it, and reading it once more."""

import json
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from advocates import staff
from brand.access import AuthenticatedRequest
from integrations import receiving, verdicts
from integrations.manage.shops import may_manage_sources
from integrations.models import Delivery
from spine import clock


@never_cache
@require_safe
@login_required
@may_manage_sources
def delivery(request: HttpRequest, key: str, public_id: UUID) -> HttpResponse:
    """The message as it came, and what became of each fact in it."""
    found = _found(key, public_id)
    context = {
        "delivery": found,
        "source": found.connection.source,
        "summary": verdicts.summary(found),
        "became": [{**each, "says": verdicts.result(each)} for each in found.became],
        "body": _pretty(bytes(found.body)),
    }
    return render(request, "integrations/delivery.html", context)


@require_POST
@login_required
@may_manage_sources
def replay(request: AuthenticatedRequest, key: str, public_id: UUID) -> HttpResponse:
    """Read the message once more."""
    receiving.replay(_found(key, public_id), staff.party(request.user), clock.now())
    messages.success(request, _("It is read once more. What was known already changes nothing."))
    return redirect("integrations:delivery", key, public_id)


def _found(key: str, public_id: UUID) -> Delivery:
    return get_object_or_404(
        Delivery.objects.select_related("connection__source"), connection__source__key=key, public_id=public_id
    )


def _pretty(body: bytes) -> str:
    """The body as people read it; as it came where it is no JSON."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
