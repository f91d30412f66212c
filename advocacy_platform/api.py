"""What the API reads. DRF imports this before its views, so nothing here imports those."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from math import isfinite
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers

# Deeper than any request of ours, and far from where a parser gives up.
DEPTH = 32


class TooLarge(exceptions.APIException):
    """More was sent than is read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("That is more than can be sent at once.")


class StrictJSONParser(parsers.BaseParser):
    """JSON as RFC 8259 has it and no more: UTF-8, no NaN, no name twice, no text that a database can't keep."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            parsed = json.loads(
                body.decode(), parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_named_once
            )
        except RecursionError:
            raise _unread("too_deep") from None
        except ValueError:
            raise _unread("malformed_json") from None
        _check_depth_and_text(parsed, DEPTH)
        return parsed


_UNREAD = {
    "malformed_json": _("The body is not JSON in UTF-8."),
    "duplicate_name": _("The body has an object in which a name stands twice."),
    "too_deep": _("The body is nested too deep."),
    "bad_text": _("The body has text with a NUL or with half a character."),
}


def _unread(code: str) -> exceptions.ParseError:
    return exceptions.ParseError(_UNREAD[code], code)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _unread("duplicate_name")
    return found


def _check_depth_and_text(value: Any, deeper: int) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise _unread("bad_text")
        return
    if not isinstance(value, dict | list):
        return
    if not deeper:
        raise _unread("too_deep")
    for item in [*value, *value.values()] if isinstance(value, dict) else value:
        _check_depth_and_text(item, deeper - 1)
