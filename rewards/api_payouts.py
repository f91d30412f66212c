"""The addresses at which systems read payouts, and ask for one."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import keys
from customers.authentication import HasScope
from rewards.api_lists import AskedFor, AskedForQuery, asker
from rewards.cash import payouts as cash
from rewards.models import Payout
from spine import clock
from spine.api import StrictSerializer
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


class PayoutsQuery(AskedForQuery):
    """Whose payouts, and how far they have come."""

    state = serializers.ChoiceField(choices=Payout.State.choices, required=False)


class RequestSerializer(StrictSerializer):
    """For whom a payout is asked, in which unit, and how much; all that is available where no amount is named."""

    advocate = serializers.UUIDField()
    unit = Text(max_length=12)
    amount = Whole(min_value=1, required=False, allow_null=True, default=None)


class Payouts(AskedFor):
    """Every payout, the newest first; or ask for one, which takes a key that holds `payouts:write` as well."""

    permission_classes = [HasScope("payouts:read")]
    asks_with = "payouts:write"
    query = PayoutsQuery
    shown = PayoutSerializer

    def rows(self) -> QuerySet[Payout]:
        """Every one."""
        return Payout.objects.all()

    def post(self, request: Request) -> Response:
        key: Any = request.auth
        sent = RequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        told = sent.validated_data
        person = asker(told)
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
