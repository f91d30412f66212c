"""Forms of the pages that are made of several rooms."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ErasureForm(forms.Form):
    """The typed yes to being erased: one's own address."""

    email = forms.CharField(
        label=_("Your email address"),
        help_text=_("Type it once more, so that nobody erases an account by a slip of the hand."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_email(self) -> str:
        """The address, if it is the account's own."""
        typed: str = self.cleaned_data["email"]
        if typed.strip().casefold() != self.address.casefold():
            raise forms.ValidationError(_("That is not the address of this account."), code="not_yours")
        return typed
