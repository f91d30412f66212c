"""Cash for the advocate: what there is, asking for it, and what became of what they asked for."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brand.access import AuthenticatedRequest, actor
from rewards import amounts, people
from rewards.cash import details as payout_details
from rewards.cash import payouts as cash
from rewards.cash.payouts import Balance
from rewards.models import Payout
from spine import clock, keyset
from spine.refusal import Refusal

SHOWN = 20


class AmountForm(forms.Form):
    """How much to pay out."""

    amount = forms.CharField(
        label=gettext_lazy("How much"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, balance: Balance, **kwargs: Any) -> None:
        self.unit = balance.unit
        kwargs.setdefault("initial", {"amount": amounts.written(balance.available, balance.unit)})
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = _("In %(currency)s.") % {"currency": balance.currency}

    def clean_amount(self) -> int:
        """The amount in minor units."""
        try:
            return amounts.read(self.cleaned_data["amount"], self.unit)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from refusal


@require_safe
@login_required
def payouts(request: AuthenticatedRequest) -> HttpResponse:
    """What cash there is, where it would go, and what was asked for; the newest first."""
    person, at = request.user.person, clock.now()
    mine = Payout.objects.filter(person__in=people.same(person)).select_related("details")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    context = {
        "balances": cash.balances(person, at),
        "details": payout_details.standing(person),
        "page": keyset.page(mine, order=("-requested_at", "-id"), limit=SHOWN, **cursors),
        "at": at,
    }
    return render(request, "rewards/cash/payouts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def request_payout(request: AuthenticatedRequest, currency: str) -> HttpResponse:
    """Ask for cash to be paid out, after reading what that does."""
    person, at = request.user.person, clock.now()
    balance = next((each for each in cash.balances(person, at) if each.unit == f"cash:{currency}"), None)
    if balance is None:
        raise Http404
    form = AmountForm(request.POST or None, balance=balance)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            cash.request(person, balance.unit, actor(request), at, form.cleaned_data["amount"])
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("We have your request. You get an email as soon as the money is sent."))
            return redirect("rewards:payouts")
    context = {"form": form, "balance": balance, "details": payout_details.standing(person), "at": at}
    return render(request, "rewards/cash/request_payout.html", context, status=status)


@require_POST
@login_required
def cancel_payout(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Withdraw what was asked for."""
    mine = Payout.objects.filter(person__in=people.same(request.user.person))
    cash.cancel(get_object_or_404(mine, public_id=public_id), actor(request), clock.now())
    messages.success(request, _("Withdrawn. The money is back in your balance."))
    return redirect("rewards:payouts")
