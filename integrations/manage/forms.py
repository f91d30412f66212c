"""What staff fill in to connect a shop."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.models import Connection

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

    name = forms.CharField(label=_("Name"), help_text=_("What is there, such as “CRM”."), max_length=80)
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


class RepeatForm(forms.Form):
    """Which events are sent once more."""

    first = forms.IntegerField(label=_("From position"), min_value=1, max_value=2**62)
    last = forms.IntegerField(label=_("To position"), min_value=1, max_value=2**62)


class SecretForm(forms.Form):
    """The secret that a shop's software made."""

    secret = forms.CharField(
        label=_("The secret"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
