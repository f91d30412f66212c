"""Lists of what people asked for: narrowed by whose and how far it has come, and asked for by the same address."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.authentication import HasScope
from customers.models import Person
from rewards import people
from spine.api import IdempotentMixin, KeysetPagination, PagedQuery

# A filter of the query, and the column that it narrows.
FILTERS = (("advocate", "person"), ("state", "state"))


class AskedForQuery(PagedQuery):
    """Whose, and how far it has come."""

    advocate = serializers.UUIDField(required=False)


class AskedFor(IdempotentMixin, APIView):
    """The list, the newest first; whoever posts to it needs `asks_with` besides what reading takes."""

    keyset_order = ("-requested_at", "-id")
    asks_with: ClassVar[str]
    query: ClassVar[type[AskedForQuery]]
    shown: ClassVar[type[serializers.BaseSerializer[Any]]]

    def rows(self) -> QuerySet[Any]:
        """All of them."""
        raise NotImplementedError

    def get_permissions(self) -> Any:
        """Whoever asks for something may do more than read."""
        asks = self.request.method == "POST"
        return [*super().get_permissions(), *([HasScope(self.asks_with)()] if asks else [])]

    def get(self, request: Request) -> Response:
        query = self.query(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        told = query.validated_data
        pages = KeysetPagination()
        wanted = self.rows().filter(**{column: told[name] for name, column in FILTERS if name in told})
        rows = pages.paginate_queryset(wanted, request, self)
        return pages.get_paginated_response(self.shown(rows, many=True).data)


def asker(told: dict[str, Any]) -> Person:
    """For whom something is asked. Raises NoAdvocate."""
    person = Person.objects.filter(pk=told["advocate"]).first()
    if person is None:
        raise people.NoAdvocate
    return person
