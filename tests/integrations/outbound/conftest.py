import base64
import hmac
import json

import pytest
from werkzeug import Response

from integrations.outbound import endpoints
from spine import events
from tests.factories import NOON

ACTOR = ("user", "u-ada")


class Receiver:
    """Another system that takes events: it remembers what came, and answers as it is told to."""

    def __init__(self, httpserver, settings):
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
        self.came, self.answers, self.status = [], [], 200
        self.url = httpserver.url_for("/events")
        httpserver.expect_request("/events", method="POST").respond_with_handler(self.take)

    def take(self, request):
        self.came.append((dict(request.headers), request.get_data()))
        return Response(
            "thanks" if self.status == 200 else "down", self.answers.pop(0) if self.answers else self.status
        )

    @property
    def told(self):
        """The types and positions of what came."""
        found = [json.loads(body) for _headers, body in self.came]
        return [(each["type"], each["position"]) for each in found]


@pytest.fixture
def receiver(httpserver, settings):
    return Receiver(httpserver, settings)


def make_endpoint(url, *names, name="CRM"):
    return endpoints.make(name, url, names, ACTOR, NOON)


def happen(*names, at=NOON):
    """Record that these things happened, and number them."""
    for name in names:
        happen.count += 1
        key = f"outbound-test:{happen.count}"
        events.record(name, person=None, subject=("order", "o-1"), at=at, key=key, payload={"version": 3, "amount": 5})
    while events.number(at):
        pass


happen.count = 0


def verified(secret, headers, body):
    """The message, if one of its signatures is that of the specification under this secret; None if none is."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(key, content, "sha256").digest()).decode()
    return json.loads(body) if right in headers["Webhook-Signature"].split(" ") else None
