"""What the advocate took: every redemption and how far it has come, and calling one off."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from brand.access import AuthenticatedRequest, actor
from rewards import people
from rewards.catalogue import addresses, redemptions
from rewards.models import Redemption, Transfer
from spine import clock, keyset

SHOWN = 20


@require_safe
@login_required
def redemptions_list(request: AuthenticatedRequest) -> HttpResponse:
    """Everything that the visitor took, the newest first."""
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(_mine(request), order=("-requested_at", "-id"), limit=SHOWN, **cursors)
    return render(request, "rewards/catalogue/redemptions.html", {"page": page})


@require_safe
@login_required
@never_cache
def redemption(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One of them: what it is, where it goes, and what it took."""
    found = get_object_or_404(_mine(request), public_id=public_id)
    taken = Transfer.objects.filter(entry=f"{found.name}:taken").select_related("reward").order_by("number")
    context = {
        "redemption": found,
        "address": addresses.read(found.address),
        "taken": taken[:SHOWN],
        "can_call_off": not (found.ended_at or found.outcome or found.taken_up_at or found.call_off_at),
    }
    return render(request, "rewards/catalogue/redemption.html", context)


@require_POST
@login_required
def call_off(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Call one off."""
    held = redemptions.call_off(get_object_or_404(_mine(request), public_id=public_id), actor(request), clock.now())
    said = _("Called off. What it took is back in your balance.") if held.ended_at else _("We try to stop it.")
    messages.success(request, said)
    return redirect("rewards:redemption", public_id)


def _mine(request: AuthenticatedRequest) -> QuerySet[Redemption]:
    return Redemption.objects.filter(person__in=people.same(request.user.person)).select_related("item")
