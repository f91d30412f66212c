"""The addresses at which systems read what advocates earned and what they have."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from advocates.models import Advocate
from customers.authentication import HasScope
from rewards import wallets
from rewards.models import Reward
from rewards.models.reward import PLACES
from spine.api import KeysetPagination, PagedQuery
from spine.api_fields import Instant
from spine.refusal import Refusal


class UnknownAdvocate(Refusal):
    """Nobody joined under this id."""

    code = "unknown_advocate"
    status = 404
    sentence = _("Nobody joined under this id.")


class RewardSerializer(serializers.Serializer):
    """One reward, and where its amount is now."""

    id = serializers.UUIDField(source="public_id")
    version = serializers.IntegerField()
    side = serializers.CharField()
    unit = serializers.CharField()
    amount = serializers.IntegerField()
    state = serializers.CharField()
    promised_at = Instant()
    hold_until = Instant()
    expires_at = Instant(allow_null=True)
    occasion = serializers.SerializerMethodField()
    places = serializers.SerializerMethodField()

    def get_occasion(self, reward: Reward) -> dict[str, Any]:
        """What it was earned by."""
        return {"kind": reward.occasion.kind, "id": reward.occasion.subject}

    def get_places(self, reward: Reward) -> dict[str, int]:
        """How much of it is where."""
        return {place: getattr(reward, place) for place in PLACES}


class Balances(APIView):
    """What an advocate has, for each unit in which they ever earned."""

    permission_classes = [HasScope("rewards:read")]

    def get(self, request: Request, public_id: str) -> Response:
        found = wallets.whole([_person(public_id)])
        amounts = [{name: getattr(balance, name) for name in ("unit", *wallets.AMOUNTS)} for balance in found]
        return Response({"balances": amounts})


class Rewards(APIView):
    """What an advocate was promised, the latest first."""

    permission_classes = [HasScope("rewards:read")]
    keyset_order = ("-promised_at", "-id")

    def get(self, request: Request, public_id: str) -> Response:
        PagedQuery(data=request.query_params.dict()).is_valid(raise_exception=True)
        pages = KeysetPagination()
        theirs = Reward.objects.filter(person=_person(public_id)).select_related("occasion")
        rows = pages.paginate_queryset(theirs, request, self)
        return pages.get_paginated_response(RewardSerializer(rows, many=True).data)


def _person(public_id: str) -> UUID:
    """Whom the id of an advocate stands for. Raises UnknownAdvocate."""
    try:
        asked = UUID(public_id)
    except ValueError:
        raise UnknownAdvocate from None
    person: UUID | None = Advocate.objects.filter(person=asked).values_list("person", flat=True).first()
    if person is None:
        raise UnknownAdvocate
    return person
