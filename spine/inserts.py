"""Inserting rows whose natural key may exist already."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from spine import told_rows

M = TypeVar("M", bound=models.Model)


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert the rows in one statement, with their primary keys set; what `bulk_create` does, in half its time.

    What the rows point at has its own primary key already when they are made.
    Raises IntegrityError where a row breaks a constraint, and then nothing is written.
    """
    if not rows:
        return
    connection, meta = connections[DEFAULT_DB_ALIAS], type(rows[0])._meta
    assert meta.pk is not None
    into, values = _into(connection, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"{into} RETURNING {connection.ops.quote_name(meta.pk.column or '')}", values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        _saved(connection, row, meta.pk.to_python(key))


def insert_once(rows: Sequence[M], *, key: Sequence[str]) -> list[M]:
    """Insert the rows whose `key` is new and return those, with their primary keys set.

    One statement: `INSERT … ON CONFLICT (key) DO NOTHING RETURNING`. Only a conflict on `key`, which a plain UNIQUE
    constraint must cover, is passed over; any other constraint that a row breaks raises IntegrityError. Two rows with
    the same key in one call: the first is inserted.
    """
    if not rows:
        return []
    connection, meta = connections[DEFAULT_DB_ALIAS], type(rows[0])._meta
    assert meta.pk is not None
    keys = [cast(models.Field, meta.get_field(name)) for name in key]
    assert not any(field.null for field in keys), "NULL conflicts with nothing, so it is no key"
    quote = connection.ops.quote_name
    target = ", ".join(quote(field.column or "") for field in keys)
    into, values = _into(connection, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{into} ON CONFLICT ({target}) DO NOTHING RETURNING {target}, {quote(meta.pk.column or '')}", values
        )
        found = {
            tuple(_in_python(connection, field, value) for field, value in zip(keys, row, strict=False)): row[-1]
            for row in cursor.fetchall()
        }
    inserted = []
    for row in rows:
        natural = tuple(field.to_python(getattr(row, field.attname)) for field in keys)
        if natural in found:
            _saved(connection, row, meta.pk.to_python(found.pop(natural)))
            inserted.append(row)
    assert not found, "a key came back from the database in a form that no row has"
    return inserted


def _into(connection: BaseDatabaseWrapper, rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """The beginning of a statement that inserts the rows, and its parameters."""
    meta, quote = type(rows[0])._meta, connection.ops.quote_name
    fields = [field for field in meta.concrete_fields if not isinstance(field, models.AutoField)]
    names = ", ".join(quote(field.column or "") for field in fields)
    told, values = told_rows.table(
        connection, [(field, [field.pre_save(row, add=True) for row in rows]) for field in fields]
    )
    return f"INSERT INTO {quote(meta.db_table)} ({names}) {told}", values


def _saved(connection: BaseDatabaseWrapper, row: models.Model, key: Any) -> None:
    row.pk = key
    row._state.adding = False
    row._state.db = connection.alias


def _in_python(connection: BaseDatabaseWrapper, field: models.Field, value: Any) -> Any:
    """What the database returned, as the field's own type: SQLite keeps a UUID or an instant as text."""
    column = field.get_col(field.model._meta.db_table)
    for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]:
        value = convert(value, column, connection)
    return field.to_python(value)
