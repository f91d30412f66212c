"""Stripe keeps its events for 30 days: https://docs.stripe.com/api/events/list, the newest first."""

from collections.abc import Mapping

from integrations.pulling.base import PAGE, Access, Answer, Message, Question, Span, bearer, body, listed, url
from integrations.vendors import base
from integrations.vendors.stripe import TOPICS

ADDRESS = "https://api.stripe.com"
shape = r"(rk|sk)_(live|test)_[A-Za-z0-9]{16,240}"


def ask(access: Access, span: Span) -> Question:
    """For the events of a stretch of time that we want to know of."""
    asked: list[tuple[str, object]] = [
        ("limit", PAGE),
        ("created[gte]", int(span.since.timestamp())),
        ("created[lt]", int(span.until.timestamp())),
        *(("types[]", topic) for topic in TOPICS),
    ]
    if span.place:
        asked.append(("starting_after", span.place))
    return Question(url(access.address, "/v1/events", asked), bearer(access.tokens[0]))


def read(answer: bytes, headers: Mapping[str, str], span: Span) -> Answer:
    """An event is the very message that should have come. Raises BadBody."""
    told = base.read(answer)
    events = listed(told, "data")
    messages = [
        Message(base.named(each.get("id")), base.text(each.get("type"), most=100), body(each)) for each in events
    ]
    return Answer(messages, messages[-1].key if messages and told.get("has_more") is True else "")
