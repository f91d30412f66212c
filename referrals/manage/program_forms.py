"""What staff fill in about programs and their life."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from advocates import places
from referrals.models import Program
from spine import money

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class CurrencyField(forms.CharField):
    """A currency's code."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false", "size": 4})
        super().__init__(label=_("Currency"), max_length=3, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """The code in capitals. Raises ValidationError."""
        try:
            return money.known(super().clean(value).upper())
        except money.UnknownCurrency as unknown:
            raise ValidationError(unknown.detail, code=unknown.code) from unknown


class CreateForm(forms.Form):
    """What a program needs before it is designed."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Advocates read it, such as “Give 10 %, get $15”.")
    )
    currency = CurrencyField(
        help_text=_("What orders and rewards are counted in, such as USD. Fixed once terms are published."),
        initial="USD",
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("In which its days begin and end. Fixed once terms are published.")
    )
    destination = forms.URLField(
        label=_("Where links lead"), max_length=500, assume_scheme="https", help_text=_("A page of your shop.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = places.time_zones()

    def clean_destination(self) -> str:
        """A page of the web."""
        return web_page(self.cleaned_data["destination"])


class StartForm(forms.Form):
    """When a program goes live."""

    start = forms.DateTimeField(
        label=_("Goes live on"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program
        self.fields["start"].help_text = _("In the program's time zone, %(zone)s.") % {"zone": program.time_zone}

    def clean_start(self) -> datetime:
        """The instant, read as the program's clocks show it."""
        # The field made it aware in the reader's zone; what was typed is meant in the program's.
        written: datetime = self.cleaned_data["start"].replace(tzinfo=None)
        if not FIRST_DAY < written.date() < LAST_DAY:
            raise ValidationError(_("Choose a day of this millennium."))
        return written.replace(tzinfo=ZoneInfo(self.program.time_zone)).astimezone(UTC)


class EndForm(forms.Form):
    """With which day a program ends."""

    on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        help_text=_("Orders placed until the end of that day count."),
    )


class EndNowForm(forms.Form):
    """The word that a program ends at once."""

    sure = forms.BooleanField(
        label=_("I know that this can't be undone"), error_messages={"required": _("Tick the box to end it now.")}
    )


def web_page(url: str) -> str:
    """The address, if a browser opens it as a page. Raises ValidationError."""
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if "@" in parts.netloc or not (parts.scheme == "https" or is_near):
        raise ValidationError(_("Write the address of a page, like https://shop.example.com/."))
    return url
