import pytest
from django.apps import apps
from django.db import connection


def named(table):
    """What the database calls the constraints and indexes of a table; of SQLite, all that it says of the table."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s", [table])
            return " ".join(sql for (sql,) in cursor.fetchall() if sql)
        return connection.introspection.get_constraints(cursor, table)


@pytest.mark.parametrize("model", [each for each in apps.get_models() if each._meta.managed], ids=str)
def test_every_constraint_and_index_of_a_model_is_in_the_database(db, model):
    """Dropping a foreign key's index takes a conditional unique index on the same column with it, in silence."""
    found = named(model._meta.db_table)

    declared = {each.name for each in (*model._meta.constraints, *model._meta.indexes)}
    assert {name for name in declared if name not in found} == set()
