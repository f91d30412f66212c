"""The addresses at which systems read the catalogue, and what people took of it, and take something for somebody."""

import uuid
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
from rewards.catalogue import items, redemptions
from rewards.catalogue.addresses import Address
from rewards.catalogue.redemptions import Wish
from rewards.models import Item, Redemption
from spine import clock
from spine.api import KeysetPagination, PagedQuery, StrictSerializer
from spine.api_fields import Instant, Text, Whole


class ItemSerializer(serializers.ModelSerializer):
    """One thing that people can take; `left` is null where there are as many as people want."""

    id = serializers.UUIDField(source="public_id")
    left = serializers.IntegerField(allow_null=True)
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = [
            *("id", "kind", "name", "words", "picture", "unit", "price", "has_open_amount", "currency", "value"),
            *("left", "countries", "needs_address"),
        ]

    def get_picture(self, item: Item) -> str | None:
        """Where its picture is."""
        return self.context["request"].build_absolute_uri(item.picture.url) if item.picture else None


class RedemptionSerializer(serializers.ModelSerializer):
    """One thing that somebody took, as far as it has come; never where it goes."""

    id = serializers.UUIDField(source="public_id")
    advocate = serializers.UUIDField(source="person_id")
    item = serializers.UUIDField(source="item.public_id")
    requested_at = Instant()
    ended_at = Instant()

    class Meta:
        model = Redemption
        fields = [
            *("id", "advocate", "item", "unit", "amount", "currency", "value", "state", "result", "reason"),
            *("requested_at", "ended_at", "version"),
        ]


class RedemptionsQuery(AskedForQuery):
    """Whose redemptions, and how far they have come."""

    state = serializers.ChoiceField(choices=Redemption.State.choices, required=False)


class AddressSerializer(StrictSerializer):
    """Whom and where a parcel goes to."""

    name = Text(max_length=100)
    street = Text(max_length=200)
    postcode = Text(max_length=20, required=False, default="")
    town = Text(max_length=100)
    country = Text(max_length=2)


class WishSerializer(StrictSerializer):
    """For whom something is taken, what, how much where that is open, and where it goes where it is sent."""

    advocate = serializers.UUIDField()
    item = serializers.UUIDField()
    amount = Whole(min_value=1, required=False, allow_null=True, default=None)
    address = AddressSerializer(required=False, allow_null=True, default=None)


class Catalogue(APIView):
    """What people can take, the cheapest of each unit first."""

    permission_classes = [HasScope("rewards:read")]
    keyset_order = ("unit", "price", "id")

    def get(self, request: Request) -> Response:
        PagedQuery(data=request.query_params.dict()).is_valid(raise_exception=True)
        pages = KeysetPagination()
        rows = pages.paginate_queryset(items.offered(), request, self)
        return pages.get_paginated_response(ItemSerializer(rows, many=True, context={"request": request}).data)


class Redemptions(AskedFor):
    """Everything that people took, the newest first; or take something, with a key that holds `redemptions:write`."""

    permission_classes = [HasScope("rewards:read")]
    asks_with = "redemptions:write"
    query = RedemptionsQuery
    shown = RedemptionSerializer

    def rows(self) -> QuerySet[Redemption]:
        """Every one."""
        return Redemption.objects.select_related("item")

    def post(self, request: Request) -> Response:
        key: Any = request.auth
        sent = WishSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        told = sent.validated_data
        person = asker(told)
        item = Item.objects.filter(public_id=told["item"]).first()
        if item is None:
            raise items.NotOffered
        wish = Wish(told["amount"], Address(**told["address"]) if told["address"] else None, str(uuid.uuid4()))
        taken = redemptions.redeem(person, item, wish, keys.party(key), clock.now())
        return Response(RedemptionSerializer(taken).data, 201)


class OneRedemption(APIView):
    """One of them, as far as it has come."""

    permission_classes = [HasScope("rewards:read")]

    def get(self, request: Request, public_id: UUID) -> Response:
        found = Redemption.objects.filter(public_id=public_id).select_related("item").first()
        if found is None:
            raise Http404
        return Response(RedemptionSerializer(found).data)
