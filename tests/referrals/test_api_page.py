import json
import re

from django.conf import settings
from django.test import Client

from tests.factories import make_advocate, make_key, make_link, make_program, make_source

PAGE = settings.BASE_DIR / "docs" / "api.md"
EXAMPLE = re.compile(
    r"^`(GET|POST) (/api/\S+)`\n\n(?:```json\n(.*?)```\n\n)?`(\d+)`\n\n```json\n(.*?)```", re.MULTILINE | re.DOTALL
)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def test_shows_what_the_api_really_answers(db):
    make_source("shop")
    make_link(make_program(), make_advocate("ben"), "BEN42")
    _key, token = make_key("facts:write", "facts:read", "touches:write")
    client, answered = Client(), []

    for method, path, sent, status, shown in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
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
        "/api/v1/orders/shop/1002",
    ]
