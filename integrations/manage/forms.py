"""What staff fill in to connect a shop."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.files.cells import Wrong, currency
from integrations.files.kinds import KINDS
from integrations.models import Connection, Import
from integrations.pulling import stripe

# Said beside each choice, so that nobody has to know our words for it.
HINTS = {
    "stripe": _("Stripe: payment links, checkouts and subscriptions"),
    "shopify": _("Shopify"),
    "woocommerce": _("WooCommerce, on WordPress"),
    "generic": _("A shop of your own that signs its messages"),
}


class SoftwareForm(forms.Form):
    """Which software a shop runs."""

    software = forms.ChoiceField(
        label=_("Software"),
        choices=[(value, HINTS[value]) for value in Connection.Vendor.values],
        widget=forms.RadioSelect,
    )


class EndpointForm(forms.Form):
    """Where events are sent, and which."""

    name = forms.CharField(
        label=_("Name"), help_text=_("How you call it, such as “CRM” or “Team chat”."), max_length=80
    )
    url = forms.CharField(label=_("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://"}))
    names = forms.CharField(
        label=_("Which events"),
        help_text=_("Their names, parted by spaces or lines, such as “conversion.credited” or “reward.*”. None: all."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def clean_names(self) -> list[str]:
        """The names, each once."""
        told = self.cleaned_data["names"].replace(",", " ").split()
        for name in told:
            if not re.fullmatch(r"[a-z_]{1,40}\.([a-z_]{1,40}|\*)", name):
                raise forms.ValidationError(_("“%(name)s” is no name of an event."), params={"name": name[:80]})
        return sorted(set(told))


class NewEndpointForm(EndpointForm):
    """Where events are sent, which, and to what."""

    field_order = ("is_chat", "name", "url", "names")

    is_chat = forms.ChoiceField(
        label=_("What is there"),
        choices=[
            ("no", _("Another system: it gets every event, signed")),
            ("yes", _("A chat room: it is told in a sentence what waits for somebody")),
        ],
        initial="no",
        widget=forms.RadioSelect,
    )

    def clean_is_chat(self) -> bool:
        """Whether it is a chat room."""
        return bool(self.cleaned_data["is_chat"] == "yes")


class RepeatForm(forms.Form):
    """Which events are sent once more."""

    first = forms.IntegerField(label=_("From position"), min_value=1, max_value=2**62)
    last = forms.IntegerField(label=_("To position"), min_value=1, max_value=2**62)


class FileForm(forms.Form):
    """A file with a shop's past."""

    kind = forms.ChoiceField(label=_("What is in it"), choices=Import.Kind.choices, widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("CSV file"), help_text=_("With a line of column names, as any spreadsheet or shop exports it.")
    )


class ColumnsForm(forms.Form):
    """Which column is what."""

    def __init__(self, table: Import, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        columns = [("", _("Not in this file")), *((str(place), name) for place, name in enumerate(table.columns))]
        for field in KINDS[table.kind]:
            self.fields[field.name] = forms.ChoiceField(
                label=str(field.label),
                choices=columns,
                required=field.is_needed,
                initial=table.mapping.get(field.name, ""),
            )
        if table.kind != Import.Kind.CUSTOMERS:
            self.fields["all_in"] = forms.CharField(
                label=_("All amounts are in"),
                help_text=_("Where no column says it."),
                max_length=3,
                required=False,
                initial=table.currency,
            )

    def clean_all_in(self) -> str:
        """The currency's code."""
        told = str(self.cleaned_data["all_in"]).strip()
        if not told:
            return ""
        try:
            return currency(told)
        except Wrong as wrong:
            raise forms.ValidationError(wrong.why) from wrong

    def mapping(self) -> dict[str, int]:
        """For each field that was named, its column."""
        told = self.cleaned_data.items()
        return {name: int(place) for name, place in told if name != "all_in" and place != ""}


class PullForm(forms.Form):
    """Where a shop's software is asked what changed, and the token that lets us."""

    def __init__(self, vendor: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        token = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        label, hint = ADDRESSES.get(vendor, ("", ""))
        if label:
            self.fields["address"] = forms.CharField(label=label, help_text=hint, max_length=200)
        for name, (label, hint) in TOKENS[vendor].items():
            self.fields[name] = forms.CharField(label=label, help_text=hint, max_length=250, widget=token)

    @property
    def address(self) -> str:
        """The address, with the beginning that people leave out."""
        told = str(self.cleaned_data.get("address", stripe.ADDRESS)).strip()
        return told if "://" in told else f"https://{told}"

    @property
    def tokens(self) -> list[str]:
        """The tokens in their order."""
        return [str(value) for name, value in self.cleaned_data.items() if name != "address"]


# Where each software is asked; Stripe has one address for all.
ADDRESSES = {
    "shopify": (_("Address of the shop"), _("The one that Shopify gave it, such as “beans.myshopify.com”.")),
    "woocommerce": (_("Address of the shop"), _("Such as “https://beans.example”.")),
    "generic": (_("Address"), _("Where your shop answers; docs/shops.md says how.")),
}
TOKENS = {
    "stripe": {
        "token": (_("Restricted key"), _("In Stripe: Developers, API keys. Let it read Events, and nothing else.")),
    },
    "shopify": {
        "token": (_("Access token"), _("In Shopify: Settings, Apps, Develop apps. Let it read orders, nothing else.")),
    },
    "woocommerce": {
        "token": (_("Consumer key"), _("In WooCommerce: Settings, Advanced, REST API. Let it read.")),
        "second": (_("Consumer secret"), _("It is shown beside the key, once.")),
    },
    "generic": {"token": (_("Token"), _("Your shop gets it as “Authorization: Bearer …”."))},
}


class SecretForm(forms.Form):
    """The secret that a shop's software made."""

    secret = forms.CharField(
        label=_("The secret"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
