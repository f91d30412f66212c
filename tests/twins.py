"""Rows that are like another one, to see what the database itself refuses."""

import itertools
import uuid
from typing import Any

from django.db import IntegrityError, models, transaction

_numbers = itertools.count(1)


def twin(row: models.Model, **changes: Any) -> models.Model:
    """A second row like this one, other where every row has to be and in what is told; unsaved."""
    fields = type(row)._meta.concrete_fields
    values = {field.attname: getattr(row, field.attname) for field in fields if not field.primary_key}
    single = {one.fields[0] for one in type(row)._meta.total_unique_constraints if len(one.fields) == 1}
    alone = [field for field in fields if (field.unique or field.name in single) and not field.primary_key]
    values |= {field.attname: _fresh(field) for field in alone}
    pk = type(row)._meta.pk
    if pk is not None and not isinstance(pk, models.AutoField):
        values[pk.attname] = _fresh(pk)
    return type(row)(**{**values, **changes})


def refusal(row: models.Model) -> str:
    """Why the database refuses to save the row; empty where it takes it."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as why:
        return str(why)
    return ""


def _fresh(field: models.Field) -> Any:
    number = next(_numbers)
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    return 10**6 + number if isinstance(field, models.IntegerField) else f"fresh-{number}"
