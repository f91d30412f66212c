"""Cells: what people write into the columns of a table, read as what it means."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from spine.money import AmountNotExact, UnknownCurrency, known, to_minor

# `1234.5`, `1,234.50`, `1.234,50` and `1234,5`; not `1,234`, which means two things.
_PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,4})?", re.ASCII)
_ENGLISH = re.compile(r"-?\d{1,3}(,\d{3})+\.\d{1,4}", re.ASCII)
_CONTINENTAL = re.compile(r"-?\d{1,3}(\.\d{3})+,\d{1,4}|-?\d{1,15},\d{1,2}", re.ASCII)
# What stands beside an amount and says nothing about it that a column of currencies does not.
_BESIDE = re.compile(r"[\s\u00a0\u202f$€£¥₹]|[A-Za-z]{3}")


@dataclass(frozen=True)
class Wrong(Exception):
    """A cell that can't be read, and why, in words."""

    why: str


def words(cell: str, *, most: int = 255) -> str:
    """An id or a name. Raises Wrong."""
    said = cell.strip()
    if len(said) > most or not said.isprintable():
        raise Wrong(_("Use at most %(most)d characters that can be printed.") % {"most": most})
    return said


def email(cell: str) -> str:
    """An address. Raises Wrong."""
    said = cell.strip()
    try:
        validate_email(said)
    except ValidationError as invalid:
        raise Wrong(_("This is no email address.")) from invalid
    return said


def instant(cell: str) -> datetime:
    """A day or an instant in ISO 8601; a day begins at midnight, and without a zone UTC is meant. Raises Wrong."""
    said = cell.strip().replace(" UTC", "Z")
    said = re.sub(r" ([+-]\d{2}:?\d{2})$", r"\1", said)
    try:
        found = parse_datetime(said)
        if found is None and (day := parse_date(said)):
            found = datetime.combine(day, time(), UTC)
    except ValueError:
        found = None
    if found is None:
        raise Wrong(_("Write a day as 2026-11-21, or an instant as 2026-11-21 10:00."))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def currency(cell: str) -> str:
    """A currency's code. Raises Wrong."""
    try:
        return known(cell.strip().upper())
    except UnknownCurrency as unknown:
        raise Wrong(_("Write a currency by its three letters, such as USD.")) from unknown


def amount(cell: str, unit: str) -> int:
    """An amount in minor units of a currency. Raises Wrong."""
    said = _BESIDE.sub("", cell.strip())
    if _ENGLISH.fullmatch(said):
        said = said.replace(",", "")
    elif _CONTINENTAL.fullmatch(said):
        said = said.replace(".", "").replace(",", ".")
    if not _PLAIN.fullmatch(said):
        raise Wrong(_("Write an amount as 1234.50."))
    try:
        return to_minor(said, unit)
    except AmountNotExact as finer:
        raise Wrong(finer.detail) from finer
