"""Tables that the database itself keeps append-only: installed, removed and checked here and nowhere else.

An UPDATE, DELETE or TRUNCATE of such a table is refused on both engines, whoever sends it. `AlterField` on SQLite
rebuilds a table and silently drops its triggers, so the guards are laid again after every `migrate`, and the system
check `spine.E001` is red while one is missing.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.apps import apps
from django.db import connection, models, transaction

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


class AppendOnly(models.Model):
    """A table whose rows, once written, never change and never go."""

    # Columns that may go from NULL to a value, once.
    settable_once: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True


def guarded_models() -> list[type[AppendOnly]]:
    """Every append-only table of the installed rooms."""
    return [model for model in apps.get_models() if issubclass(model, AppendOnly)]


def install() -> None:
    """Lay every guard afresh; tables that do not exist yet are passed over."""
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for model in guarded_models():
            if model._meta.db_table in tables:
                _remove(cursor, model)
                for name, sql in _triggers(model).items():
                    cursor.execute(sql)
                    if connection.vendor == "postgresql":
                        table = connection.ops.quote_name(model._meta.db_table)
                        cursor.execute(f"COMMENT ON TRIGGER {name} ON {table} IS '{_digest(sql)}'")


def remove() -> None:
    """Take every guard away; for a flush, and for a migration that must rewrite rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in guarded_models():
            if model._meta.db_table in tables:
                _remove(cursor, model)


@contextmanager
def lifted() -> Iterator[None]:
    """Without guards inside, with them again afterwards, whatever happens inside."""
    remove()
    try:
        yield
    finally:
        install()


def missing() -> list[str]:
    """The names of the guards that should stand and do not, or that differ from what the code says."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger"
                " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
            )
            standing = dict(cursor.fetchall())
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            standing = {name: _digest(sql) for name, sql in cursor.fetchall()}
    return [
        name
        for model in guarded_models()
        if model._meta.db_table in tables
        for name, sql in _triggers(model).items()
        if standing.get(name) != _digest(sql)
    ]


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()[:16]


def _remove(cursor, model: type[AppendOnly]) -> None:  # type: ignore[no-untyped-def]
    table = connection.ops.quote_name(model._meta.db_table)
    where = f" ON {table}" if connection.vendor == "postgresql" else ""
    for name in _triggers(model):
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def _triggers(model: type[AppendOnly]) -> dict[str, str]:
    """The guards of one table: name → statement, in the engine's own words."""
    table = connection.ops.quote_name(model._meta.db_table)
    stem = f"{model._meta.db_table}_append_only"
    unless = _only_settles(model)
    if connection.vendor == "postgresql":
        refuse = "EXECUTE FUNCTION refuse_change()"
        when = f"WHEN (NOT ({unless})) " if unless else ""
        return {
            f"{stem}_update": f"CREATE TRIGGER {stem}_update BEFORE UPDATE ON {table} FOR EACH ROW {when}{refuse}",
            f"{stem}_delete": f"CREATE TRIGGER {stem}_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
            f"{stem}_truncate": f"CREATE TRIGGER {stem}_truncate BEFORE TRUNCATE ON {table} {refuse}",
        }
    refuse = f"BEGIN SELECT RAISE(ABORT, '{model._meta.db_table} is append-only'); END"
    when = f"WHEN NOT ({unless}) " if unless else ""
    return {
        f"{stem}_update": f"CREATE TRIGGER {stem}_update BEFORE UPDATE ON {table} {when}{refuse}",
        f"{stem}_delete": f"CREATE TRIGGER {stem}_delete BEFORE DELETE ON {table} {refuse}",
    }


def _only_settles(model: type[AppendOnly]) -> str:
    """The condition under which an UPDATE only fills what may be filled once; empty where nothing may."""
    if not model.settable_once:
        return ""
    same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
    clauses = []
    for field in model._meta.concrete_fields:
        column = connection.ops.quote_name(field.column or "")
        if field.name in model.settable_once:
            clauses.append(f"(OLD.{column} IS NULL OR NEW.{column} {same} OLD.{column})")
        else:
            clauses.append(f"NEW.{column} {same} OLD.{column}")
    return " AND ".join(clauses)
