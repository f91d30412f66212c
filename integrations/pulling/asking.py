"""Asking: every hour each shop that lets us is asked what changed, and what it tells is read like any message."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advocates import sealing
from integrations.models import Connection, Delivery, Pull
from integrations.pulling import generic, shopify, stripe, woocommerce
from integrations.pulling.base import Access, Message, Span
from integrations.vendors.base import BadBody
from spine import audit, due, http
from spine.audit import Party
from spine.inserts import insert_once
from spine.nudges import nudge
from spine.refusal import Refusal

SWEEP, READ = "integrations.pull", "integrations.read"
PURPOSE = "shop tokens"
SOFTWARE: Mapping[str, ModuleType] = {
    "stripe": stripe, "shopify": shopify, "woocommerce": woocommerce, "generic": generic,
}  # fmt: skip
EVERY = timedelta(hours=1)
# What changed since then may still be on its way to us, and is asked about next time.
UNDER_WAY = timedelta(minutes=10)
# How far each question reaches back behind the one before, and the first one behind its instant.
OVERLAP, FIRST = timedelta(hours=1), timedelta(hours=48)
# When to ask again after a question that went unanswered.
REST = timedelta(minutes=15)
MOST_BYTES = 20_000_000


# Why a question went unanswered; `answered_…` with any other status.
REASONS: Mapping[str, str | Promise] = {
    "token_refused": gettext_lazy("It does not take our token. Make another, and enter it here."),
    "token_unreadable": gettext_lazy("We can't read the token that we keep any more. Enter it once more."),
    "no_answer": gettext_lazy("It does not answer. Check the address."),
    "not_understood": gettext_lazy("We don't understand what it answers. Check the address."),
}


class BadToken(Refusal):
    """A token that the shop's software would not make."""

    code = "bad_token"
    status = 422
    sentence = gettext_lazy(
        "This doesn't look like a token that %(vendor)s makes. Copy it once more, from its beginning."
    )


class BadAddress(Refusal):
    """No address at which a shop's software could be asked."""

    code = "bad_address"
    status = 422
    sentence = gettext_lazy("Give a whole address that begins with https://, without a name and a password in it.")


@transaction.atomic
def allow(connection: Connection, address: str, tokens: Sequence[str], actor: Party, at: datetime) -> Pull:
    """Ask this shop from now on, first about the last two days. Raises BadToken, BadAddress."""
    software = SOFTWARE[connection.vendor]
    told = [token.strip() for token in tokens]
    if not told or not all(re.fullmatch(software.shape, token) for token in told):
        raise BadToken(vendor=connection.get_vendor_display())
    place = urlsplit(address.strip())
    if place.scheme != "https" or not place.hostname or "@" in place.netloc or place.query or place.fragment:
        raise BadAddress
    made = Pull(
        connection=connection, address=address.strip().rstrip("/"), sealed=sealing.seal("\n".join(told), PURPOSE),
        known_until=at - FIRST, due_at=at,
    )  # fmt: skip
    if not insert_once([made], key=["connection"]):
        fresh = {"address": made.address, "sealed": made.sealed, "due_at": at, "dead_at": None, "attempts": 0}
        anew = {"place": "", "asks_until": None, "reason": "", "failing_since": None, "lease": F("lease") + 1}
        Pull.objects.filter(connection=connection).update(**fresh, **anew)
        made = Pull.objects.get(connection=connection)
    audit.record(actor, "connection.pull_allowed", ("source", connection.source.key), at=at)
    nudge(SWEEP)
    return made


@transaction.atomic
def stop(connection: Connection, actor: Party, at: datetime) -> None:
    """Ask this shop no more, and forget its tokens."""
    if Pull.objects.filter(connection=connection).delete()[0]:
        audit.record(actor, "connection.pull_stopped", ("source", connection.source.key), at=at)


def pull_due(at: datetime) -> int:
    """Ask the next questions that are due; return how many."""
    return due.deliver(Pull.objects.all(), partial(pull, at=at), at=at)


def pull(row: Pull, at: datetime) -> Mapping[str, Any]:
    """Ask for one page, and keep what it tells; the columns that the answer sets."""
    if row.asks_until is None:
        _forget_known(row)
    span = Span(row.known_until - OVERLAP, row.asks_until or at - UNDER_WAY, row.place)
    software = SOFTWARE[row.connection.vendor]
    try:
        question = software.ask(Access(row.address, _tokens(row)), span)
        answer = http.send("GET", question.url, headers=question.headers, total=30, max_bytes=MOST_BYTES)
        if answer.status != 200:
            return _unanswered(row, "token_refused" if answer.status in (401, 403) else f"answered_{answer.status}", at)
        found = software.read(answer.body, answer.headers, span)
        if found.place and found.place == row.place:
            raise BadBody("the next page is this one")
    except InvalidToken:
        return _unanswered(row, "token_unreadable", at)
    except (http.NoAnswer, http.TooLarge, http.AddressRefused):
        return _unanswered(row, "no_answer", at)
    except (BadBody, LookupError, TypeError, ValueError, AttributeError):
        return _unanswered(row, "not_understood", at)
    _keep(row.connection, found.messages, at)
    heard = {"reason": "", "failing_since": None, "place": found.place[:1000]}
    if found.place:
        return {**heard, "asks_until": span.until, "due_at": at}
    return {**heard, "asks_until": None, "known_until": span.until, "due_at": at + EVERY}


def missed(connection: Connection) -> int:
    """How many messages were lost and found by asking, of those that are still kept."""
    return Delivery.objects.filter(connection=connection, is_missed=True).count()


def reason(code: str) -> str:
    """Why a question went unanswered, in a sentence."""
    found = REASONS.get(code)
    return (
        str(found) if found else _("It answered with status %(status)s.") % {"status": code.removeprefix("answered_")}
    )


def _keep(connection: Connection, messages: Sequence[Message], at: datetime) -> None:
    rows = [
        Delivery(
            connection=connection, key=each.key, topic=each.topic, body=each.body, received_at=at, due_at=at,
            is_pulled=True,
        )
        for each in messages
    ]  # fmt: skip
    if insert_once(rows, key=["connection", "key"]):
        nudge(READ)


def _forget_known(row: Pull) -> None:
    """What was read and said nothing new need not be kept."""
    known = Delivery.objects.filter(connection=row.connection, is_pulled=True, is_missed=False)
    known.filter(taken_at__isnull=False).exclude(state__in=[Delivery.State.REFUSED, Delivery.State.UNREADABLE]).delete()


def _unanswered(row: Pull, reason: str, at: datetime) -> Mapping[str, Any]:
    # Places in a list lapse, so whatever was refused is asked from the beginning of its time.
    has_lapsed = reason.startswith("answered_4") and reason != "answered_429"
    anew = {"place": "", "asks_until": None} if has_lapsed else {}
    return {**anew, "reason": reason, "failing_since": row.failing_since or at, "due_at": at + REST}


def _tokens(row: Pull) -> list[str]:
    return sealing.unseal(row.sealed, PURPOSE).split("\n")
