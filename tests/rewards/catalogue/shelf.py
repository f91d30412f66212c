"""A catalogue for tests: items, people who can afford them, and a shop that books store credit in books of its own."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

from django.db.models import Sum
from werkzeug import Response

from rewards import pools
from rewards.catalogue import fulfilling, redemptions
from rewards.catalogue.addresses import Address
from rewards.catalogue.redemptions import Wish
from rewards.models import Account, Item, Pool, PoolCode, Redemption, Reward, Scheme, Transfer
from spine import due
from tests.factories import LONG_AGO, NOON

ACTOR = ("command", "test")
HOME = Address("Cleo Marchetti", "Via Roma 1", "00100", "Roma", "IT")
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
# When whatever was leased at noon is due again, and a shop may have forgotten what it was asked a day ago.
MUCH_LATER = NOON + timedelta(hours=25)


def make_item(kind="perk", *, price=1000, unit="PTS", codes=(), **fields):
    """An item that is offered, with a pool of these codes where it is a code."""
    if kind == "discount_code":
        scheme = Scheme.objects.create(name="Scheme", created_at=LONG_AGO)
        fields["pool"] = Pool.objects.create(scheme=scheme, name="10 % off", created_at=LONG_AGO)
        if codes:
            pools.fill(fields["pool"], codes, ACTOR, LONG_AGO)
    if kind == "store_credit" and not fields.get("has_open_amount"):
        fields.setdefault("value", 500)
    told = {"name": "A bag of beans", "currency": "USD", "created_at": LONG_AGO, "offered_at": LONG_AGO, **fields}
    return Item.objects.create(kind=kind, price=price, unit=unit, **told)


def take(advocate, item, at=NOON, **told):
    """What the advocate takes."""
    return redemptions.redeem(advocate.person, item, Wish(**told), ACTOR, at)


def fulfil(at=NOON):
    """Let the sweep do all there is to do."""
    while fulfilling.fulfil_due(at):
        pass


def after_lease(at):
    return at + due.LEASE + timedelta(seconds=1)


def balances(advocate, unit="PTS"):
    found = Account.objects.filter(person=advocate.person, unit=unit, balance__gt=0).values_list("kind")
    return dict(found.annotate(total=Sum("balance")).order_by("kind"))


def everything():
    """All that a refusal must leave as it is."""
    kinds = (Account, Transfer, Reward, Redemption, Item, PoolCode)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


class Shop:
    """What books store credit: it knows the keys that it booked, and may be told to misbehave, once each."""

    def __init__(self, server, settings):
        self.booked, self.asked, self.refused = {}, [], set()
        # What to do with the next requests: `deaf` and `mute` lose the request or the reply, the rest is answered so.
        self.moods = []
        self.accepts_only = False
        server.expect_request("/credit", method="POST").respond_with_handler(self.answer)
        settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
        settings.STORE_CREDIT_URL = server.url_for("/credit")
        settings.STORE_CREDIT_SECRET = SECRET

    def answer(self, request):
        assert self.is_signed(request)
        told = json.loads(request.get_data())
        kind, data = told["type"].removeprefix("store_credit."), told["data"]
        self.asked.append((kind, data["key"]))
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "deaf":
            return Response("Bad gateway", 502)
        answer = {"key": data["key"], **getattr(self, kind)(data)}
        if mood == "mute":
            return Response("", 504)
        if mood == "garbled":
            return Response("<html>")
        if mood == "other":
            answer["key"] = "redemption:of-somebody-else"
        return Response(json.dumps(answer), content_type="application/json")

    def requested(self, data):
        told = (data["currency"], data["amount"])
        if data["key"] in self.refused or (data["key"] not in self.booked and None in self.refused):
            self.refused.add(data["key"])
            return {"status": "failed", "reason": "no such customer"}
        assert self.booked.setdefault(data["key"], told) == told, "the same key for something else"
        return {"status": "accepted"} if self.accepts_only else {"status": "booked", "reference": "GC-77"}

    def looked_up(self, data):
        if data["key"] in self.refused:
            return {"status": "failed", "reason": "no such customer"}
        return self.requested(data) if data["key"] in self.booked else {"status": "unheard"}

    def called_off(self, data):
        if self.accepts_only or data["key"] not in self.booked:
            self.booked.pop(data["key"], None)
            return {"status": "failed", "reason": "called off"}
        return {"status": "booked", "reference": "GC-77"}

    def is_signed(self, request):
        head = request.headers
        signed = b".".join([head["webhook-id"].encode(), head["webhook-timestamp"].encode(), request.get_data()])
        digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        return head["webhook-signature"] == f"v1,{digest}"
