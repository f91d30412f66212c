"""Rows of values as a table that one statement reads, in the form that each database takes fastest."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

# Each column with its values, one for each row, as Python has them.
Column = tuple[models.Field, Iterable[Any]]


def table(connection: BaseDatabaseWrapper, columns: Sequence[Column]) -> tuple[str, list[Any]]:
    """A query that gives these rows, which must not be none, and its parameters.

    PostgreSQL gets an array for each column, so that it plans and reads as many parameters as there are columns.
    """
    ready = [list(_ready(connection, field, values)) for field, values in columns]
    if connection.vendor != "postgresql":
        row = "(" + ", ".join(["%s"] * len(columns)) + ")"
        return f"VALUES {', '.join([row] * len(ready[0]))}", [
            value for row in zip(*ready, strict=True) for value in row
        ]
    # Without their lengths, which would cut values short where the column itself refuses them.
    kinds = [str(field.rel_db_type(connection)).split("(")[0] for field, _values in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    return f"SELECT * FROM unnest({arrays})", [_array(values) for values in ready]  # noqa: S608


def _ready(connection: BaseDatabaseWrapper, field: models.Field, values: Iterable[Any]) -> Iterator[Any]:
    """The values as the driver takes them. What a column repeats is made ready once."""
    last, ready = object(), None
    for value in values:
        if value is not last:
            last, ready = value, field.get_db_prep_save(value, connection)
        yield ready


def _array(values: list[Any]) -> Any:
    """The values as the text of an array, which is written much faster here than by the driver."""
    texts: list[str] = []
    last, text = object(), ""
    for value in values:
        if value is not last:
            last, told = value, _text(value)
            if told is None:
                return values
            text = told
        texts.append(text)
    return "{" + ",".join(texts) + "}"


def _text(value: Any) -> str | None:
    """One element of an array; None for what only the driver knows to write."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "dumps") and hasattr(value, "obj"):
        return _quoted(value.dumps(value.obj))
    return None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
