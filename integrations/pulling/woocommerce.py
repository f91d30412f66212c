"""WooCommerce tells of orders that changed: https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders.

Its pages are numbered and shift when an order changes meanwhile, so the next question begins where the answer ended.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta

from integrations.pulling.base import PAGE, Access, Answer, Question, Span, instant, message, rows, url
from integrations.vendors import base

shape = r"c[ks]_[0-9a-f]{40}"
SECOND = timedelta(seconds=1)


def ask(access: Access, span: Span) -> Question:
    """For the orders that changed in a stretch of time, the longest ago first."""
    after, _space, page = (span.place or f"{instant(span.since - SECOND)} 1").partition(" ")
    asked = [
        ("per_page", PAGE), ("page", page), ("orderby", "modified"), ("order", "asc"), ("dates_are_gmt", "true"),
        ("modified_after", after), ("modified_before", instant(span.until)),
    ]  # fmt: skip
    told = base64.b64encode(":".join(access.tokens).encode()).decode()
    return Question(url(access.address, "/wp-json/wc/v3/orders", asked), {"Authorization": f"Basic {told}"})


def read(answer: bytes, headers: Mapping[str, str], span: Span) -> Answer:
    """Each order as a message that it was updated. Raises BadBody."""
    orders = rows(answer)
    return Answer([message(order, "order.updated", "date_modified_gmt") for order in orders], _place(orders, span))


def _place(orders: list[Mapping[str, object]], span: Span) -> str:
    if len(orders) < PAGE:
        return ""
    after, _space, page = span.place.partition(" ")
    last = base.instant(orders[-1].get("date_modified_gmt"))
    # Just before the last one, since others may have changed in the same second; unless that is where this one began.
    following = instant(last - SECOND)
    return f"{after} {int(page) + 1}" if following == after else f"{following} 1"
