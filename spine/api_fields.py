"""What single values look like that the API takes: stricter than DRF's fields, which read "5", 5.0 and true as 5."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from spine.money import MOST

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
# What systems write for "never", such as the year 1, has no window before it and no local time in half the world.
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)


class Text(serializers.CharField):
    """A JSON string, taken as it is: nothing is trimmed and no number becomes one. Control characters are refused."""

    default_error_messages = {"control": _("This has a control character.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if any(unicodedata.category(character) == "Cc" for character in data):
            self.fail("control")
        text: str = super().to_internal_value(data)
        return text


class Key(Text):
    """A shop's own id of something: 1 to 255 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=255, **options)


class Whole(serializers.IntegerField):
    """A JSON integer, no larger than JSON carries exactly everywhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": -MOST, "max_value": MOST, **options})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Instant(serializers.Field):
    """An instant as RFC 3339 writes it, with its offset, in UTC from here on."""

    default_error_messages = {
        "invalid": _("This is not an instant with its offset, like 2026-11-21T10:00:00Z."),
        "too_early": _("Nothing was sold before 1900. Leave the instant out if it isn't known."),
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not _INSTANT.fullmatch(data):
            self.fail("invalid")
        try:
            instant = datetime.fromisoformat(data.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")
            raise
        if instant < _FIRST:
            self.fail("too_early")
        return instant

    def to_representation(self, value: datetime) -> str:
        return value.isoformat().replace("+00:00", "Z")
