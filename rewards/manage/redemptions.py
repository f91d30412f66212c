"""Redemptions for the staff: what waits to be packed, and one with all that happened to it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brand.access import AuthenticatedRequest
from rewards import granting, people
from rewards.catalogue import addresses, by_hand
from rewards.manage.catalogue import may_manage_catalogue
from rewards.models import Redemption
from spine import clock, keyset, sheets

SHOWN = 50
# What each list shows; work that waits for the staff comes first and is shown the oldest first.
LISTS = {
    "waiting": (),
    "under-way": ("requested", "sent", "unknown"),
    "arrived": ("arrived",),
    "failed": ("failed",),
    "called-off": ("cancelled",),
}


class ArrivedForm(forms.Form):
    """What its person reads."""

    words = forms.CharField(
        label=gettext_lazy("What they should know"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Such as the parcel's number. They read it in the email and on the page."),
    )


class FailedForm(forms.Form):
    """Why it can't be had."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, help_text=gettext_lazy("They read this in an email.")
    )


@require_safe
@login_required
@may_manage_catalogue
def manage_redemptions(request: HttpRequest) -> HttpResponse:
    """What waits for the staff, the oldest first; or what is under way or done, the newest first."""
    chosen = request.GET.get("state", "waiting")
    chosen = chosen if chosen in LISTS else "waiting"
    waits = chosen == "waiting"
    found = by_hand.waiting() if waits else Redemption.objects.filter(state__in=LISTS[chosen])
    order = ("requested_at", "id") if waits else ("-requested_at", "-id")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found.select_related("item"), order=order, limit=SHOWN, **cursors)
    names = people.names(row.person_id for row in page.rows)
    rows = [{"redemption": row, "name": names.get(row.person_id, _("Somebody who left"))} for row in page.rows]
    context = {"page": page, "rows": rows, "chosen": chosen, "earned": granting.waiting().count()}
    return render(request, "rewards/manage/redemptions.html", context)


@require_safe
@login_required
@may_manage_catalogue
@never_cache
def manage_redemption(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One of them: what it is and where it goes."""
    return _page(request, _found(public_id))


@require_POST
@login_required
@may_manage_catalogue
@never_cache
def take_up_redemptions(request: AuthenticatedRequest) -> HttpResponseBase:
    """The whole work list with addresses, as a file; from now on nobody calls any of it off."""
    return sheets.response("redemptions", by_hand.head(), by_hand.take_up(request.user, clock.now()))


@require_http_methods(["POST"])
@login_required
@may_manage_catalogue
def mark_redemption_arrived(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Note that it is done."""
    found, form = _found(public_id), ArrivedForm(request.POST)
    if not form.is_valid():
        return _page(request, found, arrived=form, status=422)
    by_hand.mark_arrived(found, request.user, form.cleaned_data["words"], clock.now())
    messages.success(request, _("Noted. They get an email in a moment."))
    return redirect("rewards:manage_redemption", public_id)


@require_http_methods(["POST"])
@login_required
@may_manage_catalogue
def mark_redemption_failed(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Note that it can't be had after all."""
    found, form = _found(public_id), FailedForm(request.POST)
    if not form.is_valid():
        return _page(request, found, failed=form, status=422)
    by_hand.mark_failed(found, request.user, form.cleaned_data["reason"], clock.now())
    messages.success(request, _("Noted. What it took goes back to them, and they get your words by email."))
    return redirect("rewards:manage_redemption", public_id)


def _found(public_id: UUID) -> Redemption:
    return get_object_or_404(Redemption.objects.select_related("item"), public_id=public_id)


def _page(request: AuthenticatedRequest, found: Redemption, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "redemption": found,
        "name": people.names([found.person_id]).get(found.person_id, _("Somebody who left")),
        "address": addresses.read(found.address),
        "is_own": bool(people.own(request.user, [found.person_id])),
        "can_mark": by_hand.can_mark(found),
        "arrived": forms.get("arrived", ArrivedForm()),
        "failed": forms.get("failed", FailedForm()),
    }
    return render(request, "rewards/manage/redemption.html", context, status=status)
