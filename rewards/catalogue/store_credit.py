"""The provider that is the shop: it books store credit when a signed request asks for it, and says that it did.

Each request is a POST with a JSON body, signed as the Standard Webhooks specification has it:
`{"type": "store_credit.requested", "timestamp": …, "data": {"key", "advocate", "customers", "currency", "amount"}}`.
`store_credit.looked_up` and `store_credit.called_off` ask what became of a key, and for it not to be booked. The shop
answers 200 with `{"key": …, "status": "booked" | "accepted" | "failed" | "unheard", "reference": …, "reason": …}`.
Any other answer says nothing: the credit may have been booked, so it is looked up before anything is sent again.
"""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings

from rewards.fulfilment import Errand, Outcome, State
from spine import clock, http, signatures

# How often to ask after what the shop has accepted and not booked yet.
AGAIN = timedelta(minutes=15)
STATES: dict[str, State] = {"booked": "arrived", "accepted": "accepted", "failed": "failed"}
UNKNOWN = Outcome("unknown", "the answer was not understood")


class NotConnected(Exception):
    """Nobody said where store credit is booked."""


class StoreCredit:
    """The shop's address for store credit: STORE_CREDIT_URL, under STORE_CREDIT_SECRET."""

    again: timedelta | None = AGAIN

    def send(self, errand: Errand) -> Outcome:
        """Ask the shop to book it; a shop that knows the key books nothing more. Raises NotConnected, NoAnswer."""
        return _ask("store_credit.requested", errand)

    def look_up(self, errand: Errand) -> Outcome:
        """Ask the shop what became of the key. Raises NotConnected, NoAnswer."""
        return _ask("store_credit.looked_up", errand)

    def cancel(self, errand: Errand) -> Outcome:
        """Ask the shop not to book it. Raises NotConnected, NoAnswer."""
        answer = _ask("store_credit.called_off", errand)
        return Outcome("failed", "called off") if answer.state == "failed" else answer


def is_connected() -> bool:
    """Whether the site knows where store credit is booked."""
    return bool(settings.STORE_CREDIT_URL and settings.STORE_CREDIT_SECRET)


def _ask(kind: str, errand: Errand) -> Outcome:
    if not is_connected():
        raise NotConnected("STORE_CREDIT_URL and STORE_CREDIT_SECRET are not set")
    at = clock.now()
    body = json.dumps({"type": kind, "timestamp": at.isoformat(), "data": _told(errand)}).encode()
    # What is asked about one key differs by kind, and a message's id stands for one content.
    headers = signatures.sign(settings.STORE_CREDIT_SECRET, f"{kind}:{errand.key}", at, body)
    headers["Content-Type"] = "application/json"
    try:
        answer = http.send("POST", settings.STORE_CREDIT_URL, body=body, headers=headers, max_bytes=10_000)
    except http.TooLarge:
        return UNKNOWN
    return _outcome(answer, errand)


def _told(errand: Errand) -> dict[str, Any]:
    return {
        "key": errand.key,
        "advocate": errand.person,
        "customers": errand.facts["customers"],
        "currency": errand.facts["currency"],
        "amount": errand.facts["value"],
    }


def _outcome(answer: http.Response, errand: Errand) -> Outcome:
    """What an answer says; one that is not about this key, or not 200, says nothing."""
    try:
        told = json.loads(answer.body) if answer.status == 200 else None
    except ValueError:
        return UNKNOWN
    if not isinstance(told, dict) or told.get("key") != errand.key:
        return UNKNOWN
    if told.get("status") == "unheard":
        return Outcome("failed", "unheard")
    state = STATES.get(str(told.get("status")))
    if state == "arrived":
        return Outcome("arrived", result=_text(told.get("reference")))
    return Outcome(state, _text(told.get("reason"))) if state else UNKNOWN


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
