"""Names that people give themselves, and what makes one a name that others can read."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# They join letters in Persian, Indic scripts and emoji; alone they show nothing.
_JOINERS = {"\u200c", "\u200d"}
_BREAKING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHOWING = {"L", "N", "P", "S"}


def validate_one_line(text: str) -> None:
    """Refuse line breaks, and what turns or hides the text around it.

    Raises ValidationError.
    """
    if any(unicodedata.category(char) in _BREAKING and char not in _JOINERS for char in text):
        raise ValidationError(_("Write it on one line, in ordinary characters."), code="not_one_line")


def validate_visible(text: str) -> None:
    """Refuse a name that nobody could see. Raises ValidationError."""
    if not any(unicodedata.category(char)[0] in _SHOWING for char in text):
        raise ValidationError(_("Write a name that people can read."), code="not_visible")
