"""Paging through lists that grow while they are read: by the last row seen, never by counting rows.

A page costs one query however deep it lies, and a row is neither shown twice nor missed because others came or went.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spine.refusal import Refusal

M = TypeVar("M", bound=models.Model)

LIMIT = 50
MOST = 100


class BadCursor(Refusal):
    """A cursor that this list never gave out."""

    code = "bad_cursor"
    status = 400
    sentence = _("This page of the list can't be found. Start again from the first page.")


class BadLimit(Refusal):
    """A page of a size that is not served."""

    code = "bad_limit"
    status = 400
    sentence = _("A page has from 1 to %(most)d rows.")

    def __init__(self) -> None:
        super().__init__(most=MOST)


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows of a list, and the cursors to what lies after and before them, where anything does."""

    rows: list[M]
    next_cursor: str | None
    previous_cursor: str | None


def page(
    queryset: models.QuerySet[M],
    *,
    order: Sequence[str] = ("-at", "-id"),
    after: str | None = None,
    before: str | None = None,
    limit: int = LIMIT,
) -> Page[M]:
    """The rows that come `after` or `before` a cursor; without one, the first.

    `order` names columns or annotations that hold no NULL and that together are unique. Raises BadCursor, BadLimit.
    """
    if not 1 <= limit <= MOST:
        raise BadLimit
    if after and before:
        raise BadCursor
    keys = _Keys(queryset, tuple(order))
    backward, cursor = bool(before), before or after
    found = queryset.order_by(*(keys.reversed() if backward else order))
    if cursor:
        found = found.filter(keys.beyond(cursor, backward=backward))
    rows = list(found[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    if backward:
        rows.reverse()
    # Where there are no rows, the way back begins with the row at the cursor itself.
    back = keys.cursor(rows[-1] if backward else rows[0]) if rows else cursor and keys.including(cursor)
    on = keys.cursor(rows[0] if backward else rows[-1]) if more else None
    back = back if cursor else None
    return Page(rows, back, on) if backward else Page(rows, on, back)


def limit_from(query: Mapping[str, str]) -> int:
    """The `limit` that a query string asks for. Raises BadLimit."""
    text = query.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise BadLimit
    return int(text)


class _Keys:
    """The columns that order a list, and places in it told by their values."""

    def __init__(self, queryset: models.QuerySet[Any], order: tuple[str, ...]) -> None:
        self.queryset = queryset
        self.order = order
        self.names = [name.removeprefix("-") for name in order]
        # Signed, with the list's name as salt, so that no value in a cursor was made up or came from another list.
        self.signer = signing.Signer(salt=f"keyset {queryset.model._meta.label} {' '.join(order)}")

    def reversed(self) -> list[str]:
        return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in self.order]

    def cursor(self, row: models.Model, *, including: bool = False) -> str:
        return self.signer.sign_object([[_plain(getattr(row, name)) for name in self.names], including])

    def including(self, cursor: str) -> str:
        return self.signer.sign_object([self._read(cursor)[0], True])

    def beyond(self, cursor: str, *, backward: bool) -> Q:
        """Rows past the cursor: (a > x) or (a = x and b > y) …, each column in its own direction."""
        plain, including = self._read(cursor)
        values = [self._field(name).to_python(value) for name, value in zip(self.names, plain, strict=True)]
        past, same = Q(), Q()
        for name, value, ordered in zip(self.names, values, self.order, strict=True):
            comparison = "gt" if ordered.startswith("-") == backward else "lt"
            past |= same & Q(**{f"{name}__{comparison}": value})
            same &= Q(**{name: value})
            if name == self.names[0]:
                # Said apart, since an index helps with this and not with an OR.
                bound = Q(**{f"{name}__{comparison}e": value})
        return bound & (past | same if including else past)

    def _read(self, cursor: str) -> tuple[list[Any], bool]:
        try:
            plain, including = self.signer.unsign_object(cursor)
        except (signing.BadSignature, ValueError, ValidationError):
            raise BadCursor from None
        return plain, including

    def _field(self, name: str) -> models.Field:
        annotation = self.queryset.query.annotations.get(name)
        if annotation is not None:
            return annotation.output_field
        meta = self.queryset.model._meta
        return cast("models.Field", meta.pk if name == "pk" else meta.get_field(name))


def _plain(value: Any) -> Any:
    assert value is not None, "a list is not ordered by a column that holds NULL"
    if isinstance(value, int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
