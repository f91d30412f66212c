import pytest
from django.apps import apps
from django.db import connection


@pytest.mark.parametrize("model", [each for each in apps.get_models() if each._meta.managed], ids=str)
def test_every_constraint_and_index_of_a_model_is_in_the_database(db, model):
    """Dropping a foreign key's index takes a conditional unique index on the same column with it, in silence."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)

    declared = {each.name for each in (*model._meta.constraints, *model._meta.indexes)}
    assert declared - found.keys() == set()
