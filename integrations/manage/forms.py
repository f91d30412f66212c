"""What staff fill in to connect a shop."""

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


class SecretForm(forms.Form):
    """The secret that a shop's software made."""

    secret = forms.CharField(
        label=_("The secret"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
