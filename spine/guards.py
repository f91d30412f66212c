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
from django.db.backends.utils import CursorWrapper

# What the triggers call on PostgreSQL; on SQLite each trigger says it itself.
FUNCTION = "refuse_change"
_BODY = """
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
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


def install() -> list[str]:
    """Lay the guards that are missing and return their names; tables that do not exist yet are passed over.

    Those that stand are left alone: laying one takes the table's exclusive lock.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        absent = missing()
        if FUNCTION in absent:
            cursor.execute(_function())
        for model in guarded_models():
            table = connection.ops.quote_name(model._meta.db_table)
            for name, sql in _triggers(model).items():
                if name in absent:
                    _drop(cursor, name, table)
                    cursor.execute(sql)
                    if connection.vendor == "postgresql":
                        cursor.execute(f"COMMENT ON TRIGGER {name} ON {table} IS '{_digest(sql)}'")
    return absent


def remove() -> None:
    """Take every guard away; for a flush, and for a migration that must rewrite rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in guarded_models():
            if model._meta.db_table in tables:
                for name in _triggers(model):
                    _drop(cursor, name, connection.ops.quote_name(model._meta.db_table))


@contextmanager
def lifted() -> Iterator[None]:
    """Without guards inside, with them again afterwards; one transaction, so nobody else ever sees them gone."""
    with transaction.atomic():
        remove()
        yield
        install()


def missing() -> list[str]:
    """The names of the guards that should stand and do not, or that differ from what the code says."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        standing = _standing(cursor)
    expected = {
        name: sql
        for model in guarded_models()
        if model._meta.db_table in tables
        for name, sql in _triggers(model).items()
    }
    if expected and connection.vendor == "postgresql":
        expected = {FUNCTION: _BODY, **expected}
    return [name for name, sql in expected.items() if standing.get(name) != _digest(sql)]


def _standing(cursor: CursorWrapper) -> dict[str, str]:
    """The digests of the guards that the database holds, by name."""
    if connection.vendor == "sqlite":
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: _digest(sql) for name, sql in cursor.fetchall()}
    cursor.execute(
        "SELECT tgname, obj_description(t.oid, 'pg_trigger') FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"
    )
    standing = dict(cursor.fetchall())
    cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s AND pg_function_is_visible(oid)", [FUNCTION])
    return standing | dict.fromkeys([FUNCTION], "".join(_digest(source) for (source,) in cursor.fetchall()))


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()[:16]


def _drop(cursor: CursorWrapper, name: str, table: str) -> None:
    where = f" ON {table}" if connection.vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def _function() -> str:
    return f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"


def _triggers(model: type[AppendOnly]) -> dict[str, str]:
    """The guards of one table: name → statement, in the engine's own words."""
    table = connection.ops.quote_name(model._meta.db_table)
    stem = f"{model._meta.db_table}_append_only"
    unless = _only_settles(model)
    if connection.vendor == "postgresql":
        refuse = f"EXECUTE FUNCTION {FUNCTION}()"
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
