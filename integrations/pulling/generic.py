"""A shop of one's own answers `{"messages": [{"id", "type", "data"}], "next": "…" | null}`, as it would send them."""

from collections.abc import Mapping

from integrations.pulling.base import PAGE, Access, Answer, Message, Question, Span, bearer, body, instant, listed, url
from integrations.vendors import base

shape = r"[\x21-\x7e]{16,200}"


def ask(access: Access, span: Span) -> Question:
    """For the messages of a stretch of time."""
    asked: list[tuple[str, object]] = [("since", instant(span.since)), ("until", instant(span.until)), ("limit", PAGE)]
    if span.place:
        asked.append(("after", span.place))
    return Question(url(access.address, "", asked), bearer(access.tokens[0]))


def read(answer: bytes, headers: Mapping[str, str], span: Span) -> Answer:
    """The messages, under the ids by which they are signed. Raises BadBody."""
    told = base.read(answer)
    messages = [
        Message(base.named(each.get("id")), "", body({"type": each.get("type"), "data": each.get("data")}))
        for each in listed(told, "messages")
    ]
    return Answer(messages, base.text(told.get("next"), most=1000))
