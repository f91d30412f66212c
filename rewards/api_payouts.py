"""The addresses at which systems read payouts, and ask for one."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import keys
from customers.authentication import HasScope
from customers.models import Person
from rewards.cash import payouts as cash
from rewards.cash import people
from rewards.models import Payout
from spine import clock
from spine.api import IdempotentMixin, KeysetPagination, PagedQuery, StrictSerializer
from spine.api_fields import Instant, Text, Whole


class PayoutSerializer(serializers.ModelSerializer):
    """One payout, as far as it has come; never where it goes."""

    id = serializers.UUIDField(source="public_id")
    advocate = serializers.UUIDField(source="person_id")
    requested_at = Instant()
    ended_at = Instant()

    class Meta:
        model = Payout
        fields = ["id", "advocate", "unit", "amount", "state", "reason", "requested_at", "ended_at", "version"]


class PayoutsQuery(PagedQuery):
    """Whose payouts, and how far they have come."""

    advocate = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=Payout.State.choices, required=False)


class RequestSerializer(StrictSerializer):
    """For whom a payout is asked, in which unit, and how much; all that is available where no amount is named."""

    advocate = serializers.UUIDField()
    unit = Text(max_length=12)
    amount = Whole(min_value=1, required=False, allow_null=True, default=None)


class Payouts(IdempotentMixin, APIView):
    """Every payout, the newest first; or ask for one, which takes a key that holds `payouts:write` as well."""

    permission_classes = [HasScope("payouts:read")]
    keyset_order = ("-requested_at", "-id")

    def get_permissions(self) -> Any:
        """Whoever asks for a payout may do more than read."""
        asks = self.request.method == "POST"
        return [*super().get_permissions(), *([HasScope("payouts:write")()] if asks else [])]

    def get(self, request: Request) -> Response:
        query = PayoutsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = {
            column: query.validated_data[name]
            for name, column in (("advocate", "person"), ("state", "state"))
            if name in query.validated_data
        }
        pages = KeysetPagination()
        rows = pages.paginate_queryset(Payout.objects.filter(**wanted), request, self)
        return pages.get_paginated_response(PayoutSerializer(rows, many=True).data)

    def post(self, request: Request) -> Response:
        key: Any = request.auth
        sent = RequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        told = sent.validated_data
        person = Person.objects.filter(pk=told["advocate"]).first()
        if person is None:
            raise people.NoAdvocate
        payout = cash.request(person, told["unit"], keys.party(key), clock.now(), told["amount"])
        return Response(PayoutSerializer(payout).data, 201)


class OnePayout(APIView):
    """One payout, as far as it has come."""

    permission_classes = [HasScope("payouts:read")]

    def get(self, request: Request, public_id: UUID) -> Response:
        payout = Payout.objects.filter(public_id=public_id).first()
        if payout is None:
            raise Http404
        return Response(PayoutSerializer(payout).data)
