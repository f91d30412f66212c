"""International bank account numbers (ISO 13616): recognising one, and whether its check digits fit."""

import re

_LOOKS = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_SPACING = re.compile(r"[\s.-]+")


def compact(text: str) -> str:
    """The number as machines write it: capitals, without what people put between the groups."""
    return _SPACING.sub("", text).upper().removeprefix("IBAN").lstrip(":")


def looks_like(text: str) -> bool:
    """Whether somebody meant to write one, right or wrong."""
    return bool(_LOOKS.fullmatch(compact(text)))


def is_valid(text: str) -> bool:
    """Whether the check digits fit: the number, its first four characters moved to the end and letters counted from
    10 on, leaves 1 when it is divided by 97.
    """
    number = compact(text)
    return looks_like(number) and int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1


def grouped(number: str) -> str:
    """The number in groups of four, as people read it."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
