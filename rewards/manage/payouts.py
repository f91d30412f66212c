"""Payouts for the staff: what was asked for, and one with all that happened to it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brand.access import AuthenticatedRequest
from rewards import people
from rewards.cash import by_hand, hindrances
from rewards.cash import payouts as cash
from rewards.models import Payout, Transfer
from spine import clock, keyset

SHOWN = 50
may_make_payouts = permission_required("rewards.make_payouts", raise_exception=True)
# What can be looked at, by what an address calls it.
LISTS = {
    "requested": ("requested",),
    "under-way": ("approved", "sent", "unknown"),
    "paid": ("paid",),
    "failed": ("failed",),
    "withdrawn": ("cancelled",),
}


class WhyForm(forms.Form):
    """Words that the advocate reads."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The advocate reads this in an email."),
    )


@require_safe
@login_required
@may_make_payouts
def manage_payouts(request: AuthenticatedRequest) -> HttpResponse:
    """What waits to be collected, the oldest first; or what is under way or done, the newest first."""
    chosen = request.GET.get("state", "requested")
    states = LISTS.get(chosen, LISTS["requested"])
    found = Payout.objects.filter(state__in=states).select_related("details", "batch")
    order = ("requested_at", "id") if states == LISTS["requested"] else ("-requested_at", "-id")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found, order=order, limit=SHOWN, **cursors)
    context = {"page": page, "rows": rows(page.rows, request), "chosen": chosen if chosen in LISTS else "requested"}
    return render(request, "rewards/manage/payouts.html", context)


@require_safe
@login_required
@may_make_payouts
def payout(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One payout: where it comes from, where it goes, and what happened to it."""
    return _page(request, _found(public_id))


@require_http_methods(["POST"])
@login_required
@may_make_payouts
def decline_payout(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say no to what was asked for."""
    found, form = _found(public_id), WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    cash.decline(found, request.user, form.cleaned_data["reason"], clock.now())
    messages.success(request, _("Declined. The money is back in their balance, and they get your words by email."))
    return redirect("rewards:payout", public_id)


@require_POST
@login_required
@may_make_payouts
def mark_payout_paid(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Note that it was paid by hand."""
    by_hand.mark_paid(_found(public_id), request.user, clock.now())
    messages.success(request, _("Noted as paid. It is booked in a moment, and the advocate gets an email."))
    return redirect("rewards:payout", public_id)


@require_http_methods(["POST"])
@login_required
@may_make_payouts
def mark_payout_failed(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Note that it could not be paid."""
    found, form = _found(public_id), WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    by_hand.mark_failed(found, request.user, form.cleaned_data["reason"], clock.now())
    messages.success(request, _("Noted. The money goes back to their balance, and they get your words by email."))
    return redirect("rewards:payout", public_id)


def rows(found: list[Payout], request: AuthenticatedRequest) -> list[dict[str, Any]]:
    """Payouts with whose they are and what stands in their way, a constant number of queries for any number."""
    waiting = [payout for payout in found if payout.state == Payout.State.REQUESTED or by_hand.can_mark(payout)]
    hindered = hindrances.of(waiting, clock.now(), request.user)
    names = people.names(payout.person_id for payout in found)
    return [
        {
            "payout": payout,
            "name": names.get(payout.person_id, _("Somebody who left")),
            "hindrance": hindered.get(payout.pk),
        }
        for payout in found
    ]


def _found(public_id: UUID) -> Payout:
    return get_object_or_404(Payout.objects.select_related("details", "batch"), public_id=public_id)


def _page(request: AuthenticatedRequest, found: Payout, form: WhyForm | None = None, status: int = 200) -> HttpResponse:
    context = {
        **rows([found], request)[0],
        "form": form or WhyForm(),
        "taken": Transfer.objects.filter(entry=f"{found.name}:taken")
        .select_related("reward__scheme")
        .order_by("number")[:SHOWN],
        "is_own": bool(people.own(request.user, [found.person_id])),
        "can_mark": by_hand.can_mark(found),
    }
    return render(request, "rewards/manage/payout.html", context, status=status)
