"""What every vendor's module is made of: a message, whether it can be believed, and the facts in it."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from brand.suppression import address_hash
from customers.told import CustomerFact, DisputeFact, LeadFact, LineFact, OrderFact, RefundFact
from referrals.touches import MOST, Told
from spine.money import AmountNotExact, exponent, to_minor
from spine.refusal import Refusal

# How far the instant of a signature may be from ours, to either side.
TOLERANCE = timedelta(minutes=5)
Secrets = Sequence[str]


class Rejected(Refusal):
    """A message that can't be believed; nothing of it is kept."""

    status = 401


class Unsigned(Rejected):
    """The signature is missing, or is none."""

    code = "unsigned"
    sentence = _("This message carries no signature that we know.")


class WrongSignature(Rejected):
    """The signature is not of this body under the shop's secret."""

    code = "wrong_signature"
    sentence = _("The signature does not fit. Compare the secret on both sides.")


class WrongTime(Rejected):
    """The message was signed too long ago, or will be."""

    code = "wrong_time"
    sentence = _("This was signed too long ago, or ahead of our clock. Check the clock of the server that sends it.")


class Ping(Exception):
    """Nothing but the question whether anybody is there."""


class BadBody(Exception):
    """The message is the shop's, and can't be read."""


@dataclass(frozen=True)
class Incoming:
    """A message as it came; the names of its headers in small letters."""

    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True)
class Genuine:
    """A message that is the shop's: the key that makes it one, and what it says it is about."""

    key: str
    topic: str


@dataclass(frozen=True)
class OrderTold:
    """An order and what came along. A vague one gives way to whatever else is told of the same money."""

    fact: OrderFact
    told: Told
    is_vague: bool = False


@dataclass(frozen=True)
class RefundTold:
    """A payment back; an undated one is told without its own instant, which only its first telling sets."""

    fact: RefundFact
    is_undated: bool = False


@dataclass(frozen=True)
class LeadTold:
    """A lead and what came along."""

    fact: LeadFact
    told: Told


@dataclass(frozen=True)
class Came:
    """What came along with a customer, without any order."""

    customer: CustomerFact
    told: Told
    at: datetime


@dataclass(frozen=True)
class PrivacyTold:
    """A customer's, or without a customer the whole shop's, wish to see or erase what is held of them."""

    kind: str
    customer: str = ""


Fact = OrderTold | RefundTold | DisputeFact | LeadTold | Came | PrivacyTold


@dataclass(frozen=True)
class Parsed:
    """The facts of a message, in the order in which they are to be taken; none where it is not for us."""

    facts: Sequence[Fact] = field(default_factory=tuple)
    is_test: bool = False
    # The shop's id of whom it is about.
    customer: str = ""


def signed(secret: bytes, body: bytes) -> bytes:
    """The HMAC-SHA256 of a body."""
    return hmac.new(secret, body, hashlib.sha256).digest()


def fits(given: Iterable[str], right: Iterable[bytes], *, is_hex: bool = False) -> bool:
    """Whether any of the signatures that came is one that is right; every pair is compared, in constant time."""
    told = [digest.hex() if is_hex else base64.b64encode(digest).decode() for digest in right]
    return sum(constant_time_compare(one, other) for one in given for other in told) > 0


def in_time(seconds: str, at: datetime) -> None:
    """Raises Unsigned for what is no instant, WrongTime for one that is too far from ours."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise Unsigned
    if abs(at.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise WrongTime


def read(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises BadBody."""
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as garbled:
        raise BadBody("it is no JSON") from garbled
    if not isinstance(found, dict):
        raise BadBody("it is no JSON object")
    return found


def text(value: Any, *, most: int = 255) -> str:
    """An id or a word, which shops write as text or as a number; empty for null. Raises BadBody."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadBody("an id is neither text nor a number")
    said = str(value).strip()
    if len(said) > most or not said.isprintable():
        raise BadBody("an id is too long, or holds what nobody can print")
    return said


def named(value: Any) -> str:
    """An id that has to be there. Raises BadBody."""
    if not (said := text(value)):
        raise BadBody("an id is missing")
    return said


def email(value: Any) -> str:
    """An address, or nothing where it is none."""
    said = value.strip() if isinstance(value, str) else ""
    return said if 3 <= len(said) <= 254 and "@" in said and said.isprintable() else ""


def guest(address: str) -> CustomerFact | None:
    """Somebody who bought without an account: all that a shop knows them by is the address."""
    return CustomerFact(f"guest:{address_hash(address)[:32]}", address) if address else None


def whole(value: Any) -> int:
    """A whole number. Raises BadBody."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadBody("an amount is no whole number")
    return value


def obj(value: Any) -> Mapping[str, Any]:
    """A JSON object. Raises BadBody."""
    if not isinstance(value, dict):
        raise BadBody("something is no object")
    return value


def objects(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The JSON objects of a list, none where there is no list. Raises BadBody."""
    found = told.get(name) or []
    if not isinstance(found, list):
        raise BadBody(f"{name} is no list")
    return [obj(each) for each in found]


def pairs(rows: Iterable[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The values of these rows, each by what its row calls `name`."""
    return {each[name]: each.get("value") for each in rows if isinstance(each.get(name), str)}


def money(value: Any, currency: str) -> int:
    """An amount that was written as text, in minor units; what is finer is rounded half up. Raises BadBody."""
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadBody("an amount is no text")
    try:
        amount = Decimal(str(value)).quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)
        return to_minor(amount, currency)
    except (ArithmeticError, AmountNotExact) as garbled:
        raise BadBody("an amount is none") from garbled


def instant(value: Any) -> datetime:
    """An instant in RFC 3339; one without a zone is told in UTC. Raises BadBody."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError as garbled:
        raise BadBody("there is no such instant") from garbled
    if found is None:
        raise BadBody("an instant is missing")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def adding_up(lines: Iterable[LineFact], amounts: Mapping[str, int], total: int) -> tuple[LineFact, ...]:
    """The goods with lines of these kinds and amounts, and one more for what is missing to the total.

    What is missing is a tip, a duty or a rounding, in any case no goods.
    """
    found = [*lines, *(LineFact(kind, kind, amount) for kind, amount in amounts.items() if amount)]
    rest = total - sum(line.amount for line in found)
    return (*found, LineFact("rest", "tax", rest)) if rest or not found else tuple(found)


def came_along(values: Mapping[str, Any], *, coupon: str = "") -> Told:
    """What came along in fields named `advocacy_tokens` and `advocacy_code`; tokens are parted by dots, as the
    snippet joins them, by spaces or by commas.
    """
    tokens = values.get("advocacy_tokens")
    typed = values.get("advocacy_code")
    found = [each for each in re.split(r"[.,\s]+", tokens) if each] if isinstance(tokens, str) else []
    code = typed.strip()[:64] if isinstance(typed, str) else ""
    return Told(tuple(token for token in found[:MOST] if len(token) <= 200), code, coupon.strip()[:64])


def _no_number(_text: str) -> None:
    raise ValueError("NaN and infinity are no amounts")
