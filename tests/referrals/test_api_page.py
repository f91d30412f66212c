import json
import re

import time_machine
from django.conf import settings
from django.test import Client

from rewards.cash import details
from tests.factories import (
    LONG_AGO,
    NOON,
    make_advocate,
    make_key,
    make_link,
    make_program,
    make_reward,
    make_source,
)  # fmt: skip

ACTOR = ("command", "test")
PAGE = settings.BASE_DIR / "docs" / "api.md"
EXAMPLE = re.compile(
    r"^`(GET|POST) (/api/\S+)`\n\n(?:```json\n(.*?)```\n\n)?`(\d+)`\n\n```json\n(.*?)```", re.MULTILINE | re.DOTALL
)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@time_machine.travel(NOON, tick=False)
def test_shows_what_the_api_really_answers(db):
    make_source("shop")
    ben = make_advocate("ben")
    make_link(make_program(), ben, "BEN42")
    make_reward(ben.person, 5000, unit="cash:USD", at=LONG_AGO)
    details.enter(ben.person, details.Destination("Ben Okafor", "Cheque to Harbour Street 1"), ACTOR, LONG_AGO)
    _key, token = make_key("facts:write", "facts:read", "touches:write", "payouts:read", "payouts:write")
    client, answered = Client(), []

    for method, path, sent, status, shown in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        # What is left out of an address or a body is Ben.
        sent = sent.replace("…", str(ben.person_id))
        response = client.generic(
            method, path, sent, content_type="application/json", headers={"authorization": f"Bearer {token}"}
        )
        told = json.loads(ID.sub("…", response.content.decode()))
        assert (path, response.status_code, told) == (path, int(status), json.loads(shown))
        answered.append(path)

    assert answered == [
        "/api/v1/orders",
        "/api/v1/orders/shop/1001/refunds",
        "/api/v1/orders/shop/1001/disputes",
        "/api/v1/leads",
        "/api/v1/touches",
        "/api/v1/orders/bulk",
        "/api/v1/refunds/bulk",
        "/api/v1/payouts",
        "/api/v1/orders/shop/1002",
    ]
