"""The door for what shops deliver: verified, kept, answered; nothing is done yet."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import receiving
from integrations.models import Connection
from integrations.vendors.base import Incoming, Ping
from spine import clock

# The headers by which a message is believed and known; no other is looked at.
HEADERS = (
    "stripe-signature", "x-shopify-hmac-sha256", "x-shopify-topic", "x-shopify-event-id", "x-shopify-webhook-id",
    "x-wc-webhook-signature", "x-wc-webhook-topic", "webhook-id", "webhook-timestamp", "webhook-signature",
)  # fmt: skip


@csrf_exempt
@require_POST
def hook(request: HttpRequest, key: str) -> HttpResponse:
    """Keep one message of the shop of this key. Raises Rejected, TooLong."""
    connection = get_object_or_404(Connection, source__key=key)
    headers = {name: value for name in HEADERS if (value := request.headers.get(name)) is not None}
    try:
        delivery = receiving.receive(connection, Incoming(headers, request.body, clock.now()))
    except Ping:
        return JsonResponse({})
    return JsonResponse({"id": str(delivery.public_id)})
