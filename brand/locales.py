"""The language in which a reader is spoken to, as Babel writes numbers and lists in it."""

from babel import Locale, UnknownLocaleError
from django.utils import translation


def active() -> Locale:
    """The locale of the language that is active now; English where Babel knows it not."""
    try:
        return Locale.parse(translation.to_locale(translation.get_language() or "en"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
