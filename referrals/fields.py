"""What forms of this room are made of."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _


class ReasonField(forms.CharField):
    """The words that the audit keeps with an act."""

    def __init__(self, **options: Any) -> None:
        options = {"label": _("Reason"), "help_text": _("Kept in the audit, for whoever asks later."), **options}
        super().__init__(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}), **options)


class DayField(forms.DateField):
    """A day that has a midnight in every time zone."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
