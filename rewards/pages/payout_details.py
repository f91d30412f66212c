"""Where somebody's cash goes: entering it, changing it, and taking a change back from an email."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from advocates import names
from brand.access import AuthenticatedRequest, actor
from rewards.cash import details as cash
from rewards.cash.details import Destination
from spine import clock
from spine.refusal import Refusal


class DetailsForm(forms.Form):
    """Where cash goes."""

    holder = forms.CharField(
        label=gettext_lazy("Account holder"),
        max_length=100,
        validators=[names.validate_one_line, names.validate_visible],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=gettext_lazy("The name that stands on the account."),
    )
    account = forms.CharField(
        label=gettext_lazy("IBAN, or how to pay you"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "An IBAN if your country has them. If not, whatever your bank needs: account number, branch or routing"
            " number, the bank's name and country."
        ),
    )

    def destination(self) -> Destination:
        """What was filled in."""
        return Destination(self.cleaned_data["holder"], self.cleaned_data["account"])


@login_required
@reauthentication_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def payout_details(request: AuthenticatedRequest) -> HttpResponse:
    """Where one's cash goes, of which only the end is shown, and entering something else."""
    person, at = request.user.person, clock.now()
    form = DetailsForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            cash.enter(person, form.destination(), actor(request), at)
        except Refusal as refusal:
            form.add_error("account" if refusal.status == 422 else None, refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("Saved. We wrote you an email, and use it from this time tomorrow on."))
            return redirect("rewards:payouts")
    context: dict[str, Any] = {"form": form, "details": cash.standing(person), "at": at}
    return render(request, "rewards/cash/payout_details.html", context, status=status)


# Opening the link only shows a page, since scanners open every link of every email; whoever reads the mail of the
# account need not sign in, which somebody else may have made impossible.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo_payout_details(request: HttpRequest, token: str) -> HttpResponse:
    """Take a change back."""
    at = clock.now()
    try:
        changed = cash.found(token, at)
        if request.method != "POST":
            return render(request, "rewards/cash/undo_payout_details.html", {"details": changed})
        restored = cash.undo(changed, ("person", str(changed.person_id)), at)
    except Refusal as refusal:
        return render(request, "rewards/cash/undo_payout_details.html", {"refusal": refusal}, status=refusal.status)
    context = {"details": changed, "restored": restored, "done": True}
    return render(request, "rewards/cash/undo_payout_details.html", context)
