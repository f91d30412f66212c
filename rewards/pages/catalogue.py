"""The catalogue for the advocate: what there is, and taking it."""

import uuid
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from advocates import names, places
from brand.access import AuthenticatedRequest, actor
from rewards import amounts, wallets
from rewards.catalogue import items, redemptions
from rewards.catalogue.addresses import Address
from rewards.catalogue.redemptions import Wish
from rewards.models import Item
from spine import clock, keyset
from spine.refusal import Refusal

ORDER = ("unit", "price", "id")
SHOWN = 24
_ONE_LINE = [names.validate_one_line, names.validate_visible]


class WishForm(forms.Form):
    """How much of it, where that is open, and where to send it."""

    # Sending the same form twice takes it once.
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    amount = forms.CharField(
        label=gettext_lazy("How much"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, validators=_ONE_LINE)
    street = forms.CharField(
        label=gettext_lazy("Street and number"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
    )
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    town = forms.CharField(label=gettext_lazy("Town"), max_length=100, validators=_ONE_LINE)
    country = forms.ChoiceField(label=gettext_lazy("Country"))

    ADDRESS = {"name": "name", "street": "", "postcode": "postal-code", "town": "address-level2", "country": "country"}

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        self.item, self.unit = item, item.unit
        super().__init__(*args, **kwargs)
        if item.has_open_amount:
            smallest = amounts.written(item.price, item.unit)
            told = {"smallest": smallest, "currency": item.currency}
            self.fields["amount"].help_text = _("%(smallest)s %(currency)s or more.") % told
        else:
            del self.fields["amount"]
        for field, hint in self.ADDRESS.items():
            if not item.needs_address:
                del self.fields[field]
            elif hint:
                self.fields[field].widget.attrs["autocomplete"] = hint
        if item.needs_address:
            there: Any = self.fields["country"]
            there.choices = [
                ("", _("Choose")),
                *((code, name) for code, name in places.countries() if not item.countries or code in item.countries),
            ]

    def clean_amount(self) -> int:
        """The amount in minor units."""
        try:
            return amounts.read(self.cleaned_data["amount"], self.unit)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def wish(self) -> Wish:
        """What was filled in. Raises BadAddress."""
        told = self.cleaned_data
        address = Address(*(told[name] for name in self.ADDRESS)) if self.item.needs_address else None
        return Wish(told.get("amount"), address, str(told["token"]))


@require_safe
@login_required
def catalogue(request: AuthenticatedRequest) -> HttpResponse:
    """What there is, the cheapest first, and what the visitor lacks for each."""
    advocate, at = request.user.advocate, clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(items.offered().select_related("pool"), order=ORDER, limit=SHOWN, **cursors)
    context = {
        "page": page,
        "offers": items.offers(page.rows, advocate, at),
        "balances": wallets.moving([advocate.person_id]),
    }
    return render(request, "rewards/catalogue/catalogue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def item(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One item, and taking it."""
    advocate, at = request.user.advocate, clock.now()
    found = get_object_or_404(items.offered().select_related("pool"), public_id=public_id)
    offer = items.offers([found], advocate, at)[0]
    initial = {"name": advocate.display_name, "country": advocate.country}
    if found.has_open_amount:
        initial["amount"] = amounts.written(offer.available, found.unit)
    form = WishForm(request.POST or None, item=found, initial=initial)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            taken = redemptions.redeem(request.user.person, found, form.wish(), actor(request), at)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("Taken. You get an email as soon as it has arrived."))
            return redirect("rewards:redemption", taken.public_id)
    context = {"offer": offer, "item": found, "form": form}
    return render(request, "rewards/catalogue/item.html", context, status=status)
