"""Inserting rows whose natural key may exist already."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def insert_once(rows: Sequence[M], *, key: Sequence[str]) -> list[M]:
    """Insert the rows whose `key` is new and return those, with their primary keys set.

    One statement: `INSERT … ON CONFLICT (key) DO NOTHING RETURNING`. Only a conflict on `key`, which a plain UNIQUE
    constraint must cover, is passed over; any other constraint that a row breaks raises IntegrityError. Two rows with
    the same key in one call: the first is inserted.
    """
    if not rows:
        return []
    meta = type(rows[0])._meta
    assert meta.pk is not None
    fields = [field for field in meta.concrete_fields if not isinstance(field, models.AutoField)]
    keys = [cast(models.Field, meta.get_field(name)) for name in key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or "") for field in fields)
    target = ", ".join(quote(field.column or "") for field in keys)
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    assert not any(field.null for field in keys), "NULL conflicts with nothing, so it is no key"
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    pk = quote(meta.pk.column or "")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {places}"  # noqa: S608 - names of our models
            f" ON CONFLICT ({target}) DO NOTHING RETURNING {target}, {pk}",
            values,
        )
        found = {
            tuple(_in_python(field, value) for field, value in zip(keys, row, strict=False)): row[-1]
            for row in cursor.fetchall()
        }
    inserted = []
    for row in rows:
        natural = tuple(field.to_python(getattr(row, field.attname)) for field in keys)
        if natural in found:
            row.pk = meta.pk.to_python(found.pop(natural))
            row._state.adding = False
            row._state.db = connection.alias
            inserted.append(row)
    assert not found, "a key came back from the database in a form that no row has"
    return inserted


def _in_python(field: models.Field, value: Any) -> Any:
    """What the database returned, as the field's own type: SQLite keeps a UUID or an instant as text."""
    column = field.get_col(field.model._meta.db_table)
    for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]:
        value = convert(value, column, connection)
    return field.to_python(value)
