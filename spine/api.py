"""What the API views of every room are made of."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, pagination, renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from spine import clock, idempotency, keyset
from spine.refusal import Refusal

PROBLEM = "application/problem+json"
# An answer names so many unknown fields, however many came.
NAMED = 20


class BadIdempotencyKey(Refusal):
    """An Idempotency-Key that is none."""

    code = "bad_idempotency_key"
    status = 400
    sentence = _("An Idempotency-Key is 1 to 255 printable ASCII characters.")


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses, by name, what it does not know or only gives out."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data)
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as invalid:
            if isinstance(invalid.detail, dict):
                raise serializers.ValidationError({**invalid.detail, **unknown}) from None
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: Any) -> dict[str, list[exceptions.ErrorDetail]]:
        if not isinstance(data, Mapping):
            return {}
        known = {name for name, field in self.fields.items() if not field.read_only}
        refused = exceptions.ErrorDetail(str(_("This field is not known here.")), "unknown_field")
        return {str(name)[:100]: [refused] for name in [name for name in data if name not in known][:NAMED]}


class KeysetPagination(pagination.BasePagination):
    """A page of a list as `{"results": […], "next": cursor | null, "previous": cursor | null}`.

    The view names its `keyset_order`; the query's `after` or `before` is a cursor, `limit` the number of rows.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        query = request.query_params
        self.page = keyset.page(
            queryset,
            order=getattr(view, "keyset_order", ("-at", "-id")),
            after=query.get("after"),
            before=query.get("before"),
            limit=keyset.limit_from(query),
        )
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.page.next_cursor, "previous": self.page.previous_cursor})


class PagedQuery(StrictSerializer):
    """The query of a paged list; a list with filters adds its own."""

    after = serializers.CharField(required=False)
    before = serializers.CharField(required=False)
    limit = serializers.CharField(required=False, allow_blank=True)


class IdempotentMixin(APIView):
    """A view whose POST, sent again with the same Idempotency-Key, gets the stored answer and acts only once."""

    post: Callable[..., Response]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key is not None:
            act = partial(self.post, request, *args, **kwargs)
            self.post = partial(self._once, key, act)

    def idempotency_owner(self, request: Request) -> str:
        """Whose key it is: the same key of two owners is two keys."""
        key: Any = request.auth
        if key is not None:
            return f"key:{key.public_id}"
        assert request.user.is_authenticated, "whoever has no name has no keys"
        return f"user:{request.user.public_id}"

    def _once(self, key: str, act: Callable[[], Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise BadIdempotencyKey
        told = f"{request.method} {request.get_full_path()}\0".encode() + request._request.body
        answer = idempotency.once(
            self.idempotency_owner(request), key, told, lambda: self._perform(act), at=clock.now()
        )
        refused = answer.status >= HTTPStatus.BAD_REQUEST
        return Response(answer.body, answer.status, content_type=PROBLEM if refused else None)

    def _perform(self, act: Callable[[], Response]) -> idempotency.Answer:
        try:
            with transaction.atomic():
                response = act()
        except (Refusal, exceptions.APIException, Http404) as refused:
            if not _is_final(refused):
                raise
            response = self.handle_exception(refused)
        return idempotency.Answer(response.status_code, json.loads(renderers.JSONRenderer().render(response.data)))


def _is_final(refused: Exception) -> bool:
    """Whether asking again would get the same answer; what asks to be sent again later is none to keep."""
    if getattr(refused, "retry_after", None) or getattr(refused, "wait", None):
        return False
    return getattr(refused, "status_code", HTTPStatus.BAD_REQUEST) < HTTPStatus.INTERNAL_SERVER_ERROR
