"""Fields in which amounts, shares and lists are written as people write them."""

import re
from typing import Any
from urllib.parse import quote

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from advocates import places
from referrals.terms import KINDS, BadTerms, Precedence
from spine import money

_SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%", re.ASCII)
_POINTS = re.compile(r"\d{1,12}", re.ASCII)
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}")
MOST_LINES = 20
# What an amount may come to, in minor units: beyond it somebody mistyped.
MOST_AMOUNT = 10**11


class AmountField(forms.CharField):
    """An amount of one currency, such as 12.50; in minor units once it is cleaned, None where it is empty."""

    currency = "USD"

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=40, strip=True, required=False, **options)

    def clean(self, value: Any) -> Any:
        """The amount in minor units. Raises ValidationError."""
        text = super().clean(value)
        return in_minor(text, self.currency) if text else None


class WorthField(AmountField):
    """What a benefit is worth: an amount, or a share such as 10 %; `("fixed" | "percent", number)` once cleaned."""

    # Points are counted, and have no decimals.
    in_points = False

    def __init__(self, **options: Any) -> None:
        # Not a keyboard of digits: a phone's has no percent sign.
        super().__init__(widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)

    def clean(self, value: Any) -> Any:
        """The amount or the share. Raises ValidationError."""
        text = forms.CharField.clean(self, value)
        if not text:
            return None
        if "%" in text:
            return "percent", _in_hundredths(text)
        if not self.in_points:
            return "fixed", in_minor(text, self.currency)
        if not _POINTS.fullmatch(text) or int(text) > MOST_AMOUNT:
            raise ValidationError(_("Points are a whole number, such as 250."))
        return "fixed", int(text)


class LinesField(forms.CharField):
    """A short list, one entry a line."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"})
        super().__init__(max_length=2000, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        """What the lines say, the empty ones aside. Raises ValidationError."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("At most %(most)d lines."), params={"most": MOST_LINES})
        return self.read(lines)

    def read(self, lines: list[str]) -> Any:
        """What the lines say."""
        raise NotImplementedError


class HostsField(LinesField):
    """Host names, one a line."""

    def read(self, lines: list[str]) -> list[str]:
        """The host names in small letters. Raises ValidationError."""
        hosts = [line.lower() for line in lines]
        for host in hosts:
            if not _HOST.fullmatch(host):
                told = _("%(host)s is not a host name. Write it like shop.example.com.")
                raise ValidationError(told, params={"host": host})
        return list(dict.fromkeys(hosts))


class ParametersField(LinesField):
    """Query parameters, one `name=value` a line."""

    def read(self, lines: list[str]) -> dict[str, str]:
        """The parameters by name. Raises ValidationError."""
        found = {}
        for line in lines:
            name, _equals, value = (part.strip() for part in line.partition("="))
            if not (value and _NAME.fullmatch(name)) or len(quote(value)) > 200:
                raise ValidationError(_("Write each line like utm_source=referral."))
            found[name] = value
        return found


class CountriesField(forms.CharField):
    """Codes of countries with commas or spaces between; each once, once they are cleaned."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=800, required=False, **options)

    def clean(self, value: Any) -> Any:
        """The codes. Raises ValidationError."""
        codes = super().clean(value).upper().replace(",", " ").split()
        known = dict(places.countries())
        for code in codes:
            if code not in known:
                raise ValidationError(_("%(code)s is not a country's code."), params={"code": code})
        return tuple(dict.fromkeys(codes))


class PrecedenceField(LinesField):
    """An order of the kinds of recommendations: one group a line, its kinds with commas between."""

    def read(self, lines: list[str]) -> tuple[tuple[str, ...], ...]:
        """The groups; none for an empty field. Raises ValidationError."""
        named = [tuple(kind.strip().lower() for kind in line.split(",") if kind.strip()) for line in lines]
        groups = tuple(group for group in named if group)
        try:
            return Precedence(groups, "last").groups if groups else ()
        except BadTerms:
            told = _("Name each of these once, the strongest first: %(kinds)s.")
            raise ValidationError(told, params={"kinds": ", ".join(KINDS)}) from None


def in_minor(text: str, currency: str) -> int:
    """An amount as people write it, with a point or a comma before its decimals, in minor units.

    A comma or a point that could as well part thousands is refused, not guessed. Raises ValidationError.
    """
    digits = money.exponent(currency)
    mark = r"\." if digits > 2 else "[.,]"
    decimals = rf"(?:{mark}\d{{1,{digits}}})?" if digits else ""
    written = re.fullmatch(rf"\d{{1,12}}{decimals}", text, re.ASCII)
    minor = money.to_minor(text.replace(",", "."), currency) if written else None
    if minor is None or minor > MOST_AMOUNT:
        example = str(money.to_major(1000 * 10**digits, currency))
        raise ValidationError(_("Write the amount as digits alone, like %(example)s."), params={"example": example})
    return minor


def _in_hundredths(text: str) -> int:
    written = _SHARE.fullmatch(text)
    share = int(written[1]) * 100 + int((written[2] or "").ljust(2, "0")) if written else 0
    if not 0 < share <= 10_000:
        raise ValidationError(_("Write the share like 10 % or 12.5 %, up to 100 %."))
    return share
