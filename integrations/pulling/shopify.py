"""Shopify tells of orders that changed: https://shopify.dev/docs/api/admin-rest/latest/resources/order."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from integrations.pulling.base import PAGE, Access, Answer, Question, Span, instant, listed, message, url
from integrations.vendors import base

VERSION = "2026-07"
shape = r"shp[a-z]{2}_[A-Za-z0-9]{16,120}"
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


def ask(access: Access, span: Span) -> Question:
    """For the orders that changed in a stretch of time. A further page is asked for by its place alone."""
    asked: list[tuple[str, object]] = [("limit", PAGE)]
    if span.place:
        asked.append(("page_info", span.place))
    else:
        asked += [
            ("status", "any"),
            ("updated_at_min", instant(span.since)),
            ("updated_at_max", instant(span.until)),
        ]
    path = f"/admin/api/{VERSION}/orders.json"
    return Question(url(access.address, path, asked), {"X-Shopify-Access-Token": access.tokens[0]})


def read(answer: bytes, headers: Mapping[str, str], span: Span) -> Answer:
    """Each order as a message that it was updated. Raises BadBody."""
    orders = listed(base.read(answer), "orders")
    found = _NEXT.search(headers.get("Link", ""))
    place = parse_qs(urlsplit(found[1]).query).get("page_info", [""])[0] if found else ""
    return Answer([message(order, "orders/updated", "updated_at") for order in orders], place)
