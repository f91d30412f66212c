"""Sending: every event to each endpoint that gets it, in order, signed, until it is taken.

An endpoint that does not answer holds up nobody but itself. What was sent and whose answer was lost is sent again under
the same id, so that whoever takes it can tell.
"""

import json
import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.utils.encoders import JSONEncoder

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from integrations.models import Dispatch, Endpoint
from integrations.outbound import chatting, endpoints
from spine import due, http, signatures
from spine.api_events import EventSerializer
from spine.models import Event

# How long one endpoint is served before another has its turn.
TURN_SECONDS = 10
BATCH = 100
# How long nothing may be taken before we give up.
PATIENCE = timedelta(days=5)
# 5 s, 30 s, 3 min, 18 min and so on: at most so much between two tries.
LONGEST = timedelta(hours=6)
ANSWER = 300
NO_ANSWER = 1


def send_due(at: datetime) -> int:
    """Wake the endpoints for which something happened, and serve those that are due; return how many were served."""
    newer = Event.objects.filter(position__gt=OuterRef("position"))
    again = Dispatch.objects.filter(endpoint=OuterRef("pk"), again_at__isnull=False)
    idle = Endpoint.objects.filter(due_at=None, disabled_at=None, dead_at=None)
    idle.filter(Q(Exists(newer)) | Q(Exists(again))).update(due_at=at)
    return due.deliver(Endpoint.objects.filter(disabled_at=None), partial(serve, at=at), at=at)


def serve(endpoint: Endpoint, at: datetime) -> Mapping[str, Any]:
    """Send what waits for one endpoint, for some seconds; the columns that this sets."""
    ends = time.monotonic() + TURN_SECONDS
    _repeat(endpoint, at, ends)
    while time.monotonic() < ends:
        events = list(Event.objects.filter(position__gt=endpoint.position).order_by("position")[:BATCH])
        if not events:
            return {"due_at": None}
        mine = [event for event in events if endpoints.takes(endpoint, event.name)]
        for event in mine:
            if time.monotonic() >= ends:
                return {"due_at": at}
            if status := _send(endpoint, event, at):
                return _failed(endpoint, status, at)
            if not _go_on(endpoint, event):
                # Somebody else has the lease now.
                return {}
        if not _go_on(endpoint, events[-1]):
            return {}
    return {"due_at": at}


def message(event: Event) -> bytes:
    """An event as it is sent: what the list of events tells of it, with the specification's `timestamp`."""
    told: dict[str, Any] = dict(EventSerializer(instance=event).to_representation(event))
    return json.dumps({**told, "timestamp": told["at"]}, cls=JSONEncoder).encode()


def backoff(tries: int) -> timedelta:
    """How long an endpoint rests after its nth failure, up to half as long again."""
    seconds = min(5.0 * 6 ** min(tries - 1, 6), LONGEST.total_seconds())
    return timedelta(seconds=seconds * random.uniform(1, 1.5))  # noqa: S311 - it spreads load, it guards nothing


def _send(endpoint: Endpoint, event: Event, at: datetime, *, is_again: bool = False) -> int:
    """Send one event and write down what was answered; 0 where it was taken, else the answer's status or NO_ANSWER."""
    status, answer = _call(endpoint, event, at)
    is_taken = status is not None and 200 <= status < 300
    dispatch, _is_new = Dispatch.objects.get_or_create(
        endpoint=endpoint, event=event, defaults={"first_at": at, "last_at": at}
    )
    failed = Dispatch.State.REFUSED if is_again else Dispatch.State.TRYING
    dispatch.state = Dispatch.State.TAKEN if is_taken else failed
    dispatch.tries, dispatch.status, dispatch.answer = dispatch.tries + 1, status, answer
    dispatch.last_at, dispatch.again_at = at, None
    dispatch.save(update_fields=["state", "tries", "status", "answer", "last_at", "again_at"])
    return 0 if is_taken else status or NO_ANSWER


def _call(endpoint: Endpoint, event: Event, at: datetime) -> tuple[int | None, str]:
    """The status of the answer, None where there was none, and how it began."""
    body = chatting.message(endpoint.url, event) if endpoint.is_chat else message(event)
    headers = {**({} if endpoint.is_chat else _signed(endpoint, event, body, at)), "Content-Type": "application/json"}
    try:
        answer = http.send("POST", endpoint.url, body=body, headers=headers, max_bytes=10_000)
    except http.TooLarge as large:
        return large.status, ""
    except http.NoAnswer as silence:
        return None, str(silence)[:ANSWER]
    except http.AddressRefused as refusal:
        return None, refusal.detail[:ANSWER]
    told = answer.body.decode(errors="replace").replace("\0", "")
    return answer.status, told[:ANSWER]


def _signed(endpoint: Endpoint, event: Event, body: bytes, at: datetime) -> dict[str, str]:
    signed = [signatures.sign(secret, str(event.public_id), at, body) for secret in endpoints.secrets_of(endpoint, at)]
    return {**signed[0], "webhook-signature": " ".join(each["webhook-signature"] for each in signed)}


def _go_on(endpoint: Endpoint, event: Event) -> bool:
    """Note that everything up to this event is done, where the lease still holds."""
    assert event.position is not None, "only numbered events are read"
    endpoint.position, endpoint.tries, endpoint.failing_since = event.position, 0, None
    held = Endpoint.objects.filter(pk=endpoint.pk, lease=endpoint.lease)
    return bool(held.update(position=event.position, tries=0, failing_since=None))


def _repeat(endpoint: Endpoint, at: datetime, ends: float) -> None:
    """Send what somebody asked for once more, each time it is asked."""
    asked = Dispatch.objects.filter(endpoint=endpoint, again_at__isnull=False).select_related("event")
    for dispatch in asked.order_by("event")[:BATCH]:
        if time.monotonic() < ends:
            _send(endpoint, dispatch.event, at, is_again=True)


def _failed(endpoint: Endpoint, status: int, at: datetime) -> Mapping[str, Any]:
    since, tries = endpoint.failing_since or at, endpoint.tries + 1
    if status == HTTPStatus.GONE or at - since >= PATIENCE:
        _give_up(endpoint, since, at)
        return {"due_at": None, "tries": tries, "failing_since": since, "disabled_at": at, "has_given_up": True}
    return {"due_at": at + backoff(tries), "tries": tries, "failing_since": since}


@transaction.atomic
def _give_up(endpoint: Endpoint, since: datetime, at: datetime) -> None:
    """Write to whoever made it, or where they have left, to all who may say where events are sent."""
    keepers = list(staff.who_may("integrations.manage_endpoints"))
    makers = [keeper for keeper in keepers if str(keeper.public_id) == endpoint.created_by]
    for keeper in makers or keepers:
        _write(keeper, endpoint, since, at)


def _write(keeper: User, endpoint: Endpoint, since: datetime, at: datetime) -> None:
    with preferences.activated(getattr(keeper, "advocate", None)):
        mail.enqueue(
            key=f"endpoint.gave_up:{endpoint.public_id}:{since.isoformat()}:{keeper.public_id}",
            to=keeper.email,
            subject=_("We stopped sending events to %(name)s") % {"name": endpoint.name},
            template="staff/endpoint",
            context={
                "name": endpoint.name,
                "since": since,
                "link": settings.BASE_URL + reverse("integrations:endpoint", args=[endpoint.public_id]),
            },
            at=at,
        )
