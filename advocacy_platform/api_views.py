"""The API's own addresses: where it begins, where there is nothing, and what is made of several rooms."""

from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from advocacy_platform import audit_search, gate
from advocates.models import User
from brand.models import Brand
from customers.authentication import HasKey, HasScope
from customers.models import ApiKey
from spine import keyset
from spine.api import KeysetPagination, PagedQuery, StrictSerializer
from spine.api_events import EventSerializer
from spine.models import AuditEntry, Event


class HasSecondFactor(permissions.BasePermission):
    """Somebody of the staff who passed the second factor, as the staff side's gate asks."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_staff and gate.passed_second_factor(request._request, request.user)


class MayViewAudit(permissions.BasePermission):
    """Somebody who may look past acts up."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.has_perm("spine.view_auditentry"))


class Root(APIView):
    """Where the API begins."""

    permission_classes = [permissions.AllowAny]

    def get(self, request: Request) -> Response:
        names = ("me", "key", "orders", "leads", "touches", "events", "audit")
        links = {name: reverse(f"api:{name}") for name in names}
        return Response({"name": Brand.current().name, "version": settings.VERSION, "links": links})


class Nowhere(APIView):
    """Every address below /api/ at which there is nothing."""

    authentication_classes: Sequence[type[authentication.BaseAuthentication]] = []
    permission_classes = [permissions.AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound(_("There is nothing at this address."))


class AuditQuery(PagedQuery):
    """Whose acts, on what, and which."""

    actor = serializers.CharField(max_length=200, required=False)
    subject = serializers.CharField(max_length=200, required=False)
    verb = serializers.CharField(max_length=80, required=False)


class AuditEntrySerializer(serializers.ModelSerializer):
    """One past act; the reason is empty where none was given."""

    reason = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = ["id", "at", "actor_kind", "actor_id", "verb", "subject_kind", "subject_id", "reason"]

    def get_reason(self, entry: AuditEntry) -> str:
        return entry.reason.text if hasattr(entry, "reason") else ""


class Audit(APIView):
    """Who did what, to what, when and why; the newest first."""

    permission_classes = [(permissions.IsAuthenticated & MayViewAudit & HasSecondFactor) | HasScope("audit:read")]
    keyset_order = ("-id",)

    def get(self, request: Request) -> Response:
        query = AuditQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = {name: query.validated_data.get(name, "") for name in ("actor", "subject", "verb")}
        pages = KeysetPagination()
        rows = pages.paginate_queryset(audit_search.search(cast("User", request.user), **wanted), request, self)
        return pages.get_paginated_response(AuditEntrySerializer(rows, many=True).data)


class KeySerializer(serializers.ModelSerializer):
    """What a system may know of its own key."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "kind", "scopes", "created_at", "last_used_at"]


class Key(APIView):
    """Whose key it is that asks, so that a shop can test its own."""

    permission_classes = [HasKey]

    def get(self, request: Request) -> Response:
        return Response(KeySerializer(request.auth).data)


class EventsQuery(StrictSerializer):
    """From where on, and how many."""

    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=keyset.MOST, default=keyset.LIMIT)


class Events(APIView):
    """Every event in order. `next` is where to go on from, now or later, also when there is nothing new."""

    permission_classes = [HasScope("events:read")]

    def get(self, request: Request) -> Response:
        query = EventsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        after, limit = query.validated_data["after"], query.validated_data["limit"]
        rows = list(Event.objects.filter(position__gt=after).order_by("position")[:limit])
        onward = rows[-1].position if rows else after
        return Response({"results": EventSerializer(rows, many=True).data, "next": onward})
