"""Writing many rows, each with values of its own, in one statement."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, models


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> int:
    """Write these columns of the rows, which the caller holds locked, as they stand in memory; return how many.

    Raises IntegrityError where a row breaks a constraint, and then nothing is written.
    """
    if not rows:
        return 0
    meta = type(rows[0])._meta
    assert meta.pk is not None
    columns = [meta.pk, *(cast(models.Field, meta.get_field(name)) for name in fields)]
    quote = connection.ops.quote_name
    names = [quote(field.column or "") for field in columns]
    later = "(" + ", ".join(["%s"] * len(columns)) + ")"
    # PostgreSQL takes the types of all rows from the first; SQLite would read a number out of an instant's text.
    is_strict = connection.vendor == "postgresql"
    row = (
        "(" + ", ".join(f"CAST(%s AS {field.rel_db_type(connection)})" for field in columns) + ")"
        if is_strict
        else later
    )
    values: list[Any] = [
        field.get_db_prep_save(getattr(each, field.attname), connection) for each in rows for field in columns
    ]
    table, settings = quote(meta.db_table), ", ".join(f"{name} = told.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH told ({', '.join(names)}) AS (VALUES {', '.join([row] + [later] * (len(rows) - 1))})"  # noqa: S608
            f" UPDATE {table} SET {settings} FROM told WHERE {table}.{names[0]} = told.{names[0]}",
            values,
        )
        return int(cursor.rowcount)
