"""What asking any software is made of: a question, and the messages that an answer amounts to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from integrations.vendors import base
from integrations.vendors.base import BadBody

# How many changes to ask for at a time.
PAGE = 50


@dataclass(frozen=True)
class Access:
    """Where the software is asked, and the tokens that open it."""

    address: str
    tokens: Sequence[str]


@dataclass(frozen=True)
class Span:
    """A stretch of time, and how far within it the answers have come."""

    since: datetime
    until: datetime
    place: str = ""


@dataclass(frozen=True)
class Question:
    """What to send."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """What the software should have delivered: under which key and topic, and its body."""

    key: str
    topic: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """The messages of one page, and the place of the next one; empty after the last."""

    messages: Sequence[Message]
    place: str = ""


def url(address: str, path: str, asked: Sequence[tuple[str, object]]) -> str:
    """The whole address of a question."""
    return f"{address}{path}?{urlencode([(name, str(value)) for name, value in asked])}"


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def instant(at: datetime) -> str:
    """An instant as most software reads it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message(told: Mapping[str, Any], topic: str, changed: str) -> Message:
    """An object as the message that tells of it, known by its id and by when it was changed."""
    key = f"pulled:{topic}:{base.named(told.get('id'))}:{base.text(told.get(changed))}"
    return Message(key[:255], topic, body(told))


def body(told: Mapping[str, Any]) -> bytes:
    """An object as JSON."""
    return json.dumps(told, ensure_ascii=False).encode()


def listed(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list that has to be there, or what was not asked would be taken for known. Raises BadBody."""
    if not isinstance(told.get(name), list):
        raise BadBody(f"{name} is no list")
    return base.objects(told, name)


def rows(read: bytes) -> list[Mapping[str, Any]]:
    """The objects of a JSON list. Raises BadBody."""
    return listed(base.read(b'{"rows":' + read + b"}"), "rows")
