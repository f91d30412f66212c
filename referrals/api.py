"""The addresses at which shops tell facts and read what was decided about them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import orders
from customers.authentication import HasScope
from customers.models import ApiKey
from referrals import api_answers, api_facts, intake
from referrals.touches import Told
from spine import clock
from spine.api import IdempotentMixin
from spine.api_fields import Key


def take_order(sent: Any) -> Response:
    """Take an order as it was sent."""
    order = _read(api_facts.OrderSerializer, sent)
    taken = intake.take_order(order.fact(), api_facts.told(order.validated_data), clock.now())
    return Response(api_answers.of_order(taken), api_answers.status(taken.recorded.result))


def take_refund(sent: Any, source: str = "", order: str = "") -> Response:
    """Take a refund as it was sent: of this order, or of the one that it names."""
    refund = _read(api_facts.RefundSerializer if order else api_facts.NamingRefundSerializer, sent)
    named = refund.validated_data
    fact = refund.fact(source or named["source"], order or named["order"])
    taken = intake.take_refund(fact, clock.now())
    return Response(api_answers.of_order(taken), api_answers.status(taken.recorded.result))


def take_lead(sent: Any) -> Response:
    """Take a lead as it was sent."""
    lead = _read(api_facts.LeadSerializer, sent)
    taken = intake.take_lead(lead.fact(), api_facts.told(lead.validated_data), clock.now())
    return Response(api_answers.of_lead(taken), api_answers.status(taken.recorded.result))


class Facts(IdempotentMixin, APIView):
    """An address that takes facts."""

    permission_classes = [HasScope("facts:write")]


class Orders(Facts):
    """Take an order with what came along: once by its source and id, however often it is sent."""

    def post(self, request: Request) -> Response:
        return take_order(request.data)


class Refunds(Facts):
    """Take a refund of an order, before or after the order itself."""

    def post(self, request: Request, source: str, order: str) -> Response:
        return take_refund(request.data, source, _key(order))


class Disputes(Facts):
    """Take a dispute of an order, before or after the order itself."""

    def post(self, request: Request, source: str, order: str) -> Response:
        dispute = _read(api_facts.DisputeSerializer, request.data)
        taken = intake.take_dispute(dispute.fact(source, _key(order)), clock.now())
        return Response(api_answers.of_order(taken), api_answers.status(taken.recorded.result))


class Leads(Facts):
    """Take a sign-up or a qualified lead with what came along."""

    def post(self, request: Request) -> Response:
        return take_lead(request.data)


class Bulk(APIView):
    """Many facts at once, each in a transaction of its own: a bad one stops only itself.

    Each is known by its own ids, so sending all of them again does nothing twice and needs no Idempotency-Key.
    """

    permission_classes = [HasScope("facts:write")]

    def take(self, sent: Any) -> Response:
        """Take one of them."""
        raise NotImplementedError

    def post(self, request: Request) -> Response:
        sent = _read(api_facts.ItemsSerializer, request.data)
        return Response({"items": [self._outcome(item) for item in sent.validated_data["items"]]})

    def _outcome(self, item: Any) -> dict[str, Any]:
        try:
            with transaction.atomic():
                answer = self.take(item)
        except Exception as failure:  # noqa: BLE001 - it is logged and answered as for a request of its own
            answer = self.handle_exception(failure)
        return {"status": answer.status_code, "body": answer.data}


class BulkOrders(Bulk):
    """Take up to 500 orders; the answer says for each what it would have said for it alone."""

    def take(self, sent: Any) -> Response:
        return take_order(sent)


class BulkRefunds(Bulk):
    """Take up to 500 refunds, each of which names its source and order."""

    def take(self, sent: Any) -> Response:
        return take_refund(sent)


class BulkLeads(Bulk):
    """Take up to 500 leads."""

    def take(self, sent: Any) -> Response:
        return take_lead(sent)


class Touches(IdempotentMixin, APIView):
    """Take a visitor's tokens and code from a page; never an order, never an amount."""

    permission_classes = [HasScope("touches:write")]

    def get_permissions(self) -> Sequence[Any]:
        # A browser asks beforehand, without a key, whether a page of the shop may send one.
        return [] if self.request.method == "OPTIONS" else super().get_permissions()

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def post(self, request: Request) -> Response:
        key: Any = request.auth
        sent = _read(api_facts.ContactsSerializer, request.data).validated_data
        intake.take_touches(
            sent["source"],
            api_facts.customer_fact(sent["customer"]),
            Told(tuple(sent["tokens"]), sent["code"]),
            clock.now(),
            is_shops_word=key.kind == ApiKey.Kind.SECRET,
        )
        return Response({"result": "taken"})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Let pages of any origin read the answer: they come with a key of their own and never with a cookie."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = "Retry-After"
        if request.method == "OPTIONS":
            answer["Access-Control-Allow-Methods"] = "POST"
            answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
            answer["Access-Control-Max-Age"] = "86400"
        return answer


class Order(APIView):
    """All that is known of an order, and for each of its conversions the decisions with their traces."""

    permission_classes = [HasScope("facts:read")]

    def get(self, request: Request, source: str, order: str) -> Response:
        return Response(api_answers.whole(orders.find(source, order)))


def _read(kind: type[serializers.Serializer], sent: Any) -> Any:
    serializer = kind(data=sent)
    serializer.is_valid(raise_exception=True)
    return serializer


def _key(order: str) -> str:
    """The order's id as the address has it. Raises ValidationError."""
    try:
        key: str = Key().run_validation(order)
    except serializers.ValidationError as invalid:
        raise serializers.ValidationError({"order": invalid.detail}) from None
    return key
