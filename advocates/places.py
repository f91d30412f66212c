"""Countries, languages and time zones that one can live in, with their names for people."""

import functools
import zoneinfo
from itertools import groupby

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

Choice = tuple[str, str]
# CLDR lists these among the territories; nobody lives in them.
_NO_COUNTRIES = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "CQ"}
_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def countries() -> list[Choice]:
    """Codes and names of all countries in the active language, by name."""
    return _countries(translation.get_language() or settings.LANGUAGE_CODE)


@functools.cache
def _countries(language: str) -> list[Choice]:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(settings.LANGUAGE_CODE, sep="-")
    found = [
        (code, name)
        for code, name in locale.territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    ]
    return sorted(found, key=lambda country: country[1])


@functools.cache
def time_zones() -> list[tuple[str, list[Choice]]]:
    """Time zones by part of the world, with UTC first."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _AREAS and "/" in name)
    areas = groupby(names, key=lambda name: name.partition("/")[0])
    grouped = [(area, [(name, name.partition("/")[2].replace("_", " ")) for name in zones]) for area, zones in areas]
    return [("UTC", [("UTC", "UTC")]), *grouped]


def validate_country(code: str) -> None:
    """Raise ValidationError unless `code` is a country's."""
    if code not in dict(countries()):
        raise ValidationError(_("Choose a country from the list."), code="unknown_country")


def validate_language(code: str) -> None:
    """Raise ValidationError unless the site speaks this language."""
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(_("Choose a language from the list."), code="unknown_language")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a time zone's."""
    if not any(name == zone for _area, zones in time_zones() for zone, _label in zones):
        raise ValidationError(_("Choose a time zone from the list."), code="unknown_time_zone")
