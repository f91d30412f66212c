"""Tallies: how many rows several questions find, asked in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def count(asked: Mapping[str, Sequence[QuerySet[Any, Any]]]) -> dict[str, int]:
    """For each name, how many rows its questions find together; one query for any number, none for none."""
    if not asked:
        return {}
    columns: list[str] = []
    params: list[Any] = []
    for questions in asked.values():
        counts = []
        for question in questions:
            sql, told = question.order_by().values("pk").query.sql_with_params()
            counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS asked)")  # noqa: S608 - SQL of our own querysets
            params += told
        columns.append(" + ".join(counts))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", params)
        found = cursor.fetchone()
    return dict(zip(asked, found, strict=True))
