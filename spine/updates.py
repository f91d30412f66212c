"""Writing many rows, each with values of its own, in one statement."""

from collections.abc import Sequence
from typing import cast

from django.db import DEFAULT_DB_ALIAS, connections, models

from spine import told_rows


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Write these columns of the rows, which the caller holds locked, as they stand in memory.

    Raises IntegrityError where a row breaks a constraint, and then nothing is written.
    """
    if not rows:
        return
    # Not the proxy, which looks the connection up again for each value.
    connection, meta = connections[DEFAULT_DB_ALIAS], type(rows[0])._meta
    assert meta.pk is not None
    columns = [meta.pk, *(cast(models.Field, meta.get_field(name)) for name in fields)]
    quote = connection.ops.quote_name
    names = [quote(field.column or "") for field in columns]
    told, values = told_rows.table(
        connection, [(field, [getattr(row, field.attname) for row in rows]) for field in columns]
    )
    table, settings = quote(meta.db_table), ", ".join(f"{name} = told.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH told ({', '.join(names)}) AS ({told})"  # noqa: S608 - names of our models
            f" UPDATE {table} SET {settings} FROM told WHERE {table}.{names[0]} = told.{names[0]}",
            values,
        )
