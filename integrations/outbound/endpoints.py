"""Endpoints: where events are sent, under which secret, and which of them once more."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from advocates import sealing
from integrations.models import Dispatch, Endpoint
from integrations.outbound import chatting
from spine import audit, signatures
from spine.audit import Party
from spine.inserts import insert_once
from spine.models import Event
from spine.nudges import nudge
from spine.refusal import Refusal

SWEEP = "integrations.send"
PURPOSE = "endpoint secrets"
# How long what we send is signed with the former secret as well.
OVERLAP = timedelta(days=3)
# So many are sent once more at a time.
MOST_AGAIN = 1000


class BadUrl(Refusal):
    """What was given is no address that can be called."""

    code = "bad_url"
    status = 422
    sentence = _("Give a whole address that begins with https://, without a name and a password in it.")


class NothingToRepeat(Refusal):
    """There is no event in this range that the endpoint gets."""

    code = "nothing_to_repeat"
    sentence = _("There is nothing between these positions that this endpoint gets.")


class AlreadyOff(Refusal):
    """The endpoint is off."""

    code = "already_off"
    sentence = _("Nothing is sent there already.")


class AlreadyOn(Refusal):
    """The endpoint is on."""

    code = "already_on"
    sentence = _("It is on already.")


@transaction.atomic
def make(
    name: str, url: str, names: Sequence[str], actor: Party, at: datetime, *, is_chat: bool = False
) -> tuple[Endpoint, str]:
    """Send what happens from now on to an address; the endpoint and its secret, which nobody can read again later.

    Raises BadUrl.
    """
    secret = _secret()
    endpoint = Endpoint.objects.create(
        name=name,
        url=_address(url),
        is_chat=is_chat,
        names=sorted(set(names)),
        secret=sealing.seal(secret, PURPOSE),
        position=Event.objects.aggregate(last=Max("position"))["last"] or 0,
        created_by=actor[1],
        created_at=at,
    )
    _note(endpoint, "endpoint.made", actor, at)
    return endpoint, secret


@transaction.atomic
def change(endpoint: Endpoint, name: str, url: str, names: Sequence[str], actor: Party, at: datetime) -> None:
    """Change where it is and what it gets from now on. Raises BadUrl."""
    fresh = {"name": name, "url": _address(url), "names": sorted(set(names))}
    Endpoint.objects.filter(pk=endpoint.pk).update(**fresh)
    # Whatever waits for the old address is tried at the new one.
    Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False, disabled_at=None).update(due_at=at)
    _note(endpoint, "endpoint.changed", actor, at)
    nudge(SWEEP)


@transaction.atomic
def rotate(endpoint: Endpoint, actor: Party, at: datetime) -> str:
    """Make another secret, shown this once; for some days we sign with both."""
    secret = _secret()
    fresh = {"secret": sealing.seal(secret, PURPOSE), "former_secret": F("secret"), "former_until": at + OVERLAP}
    Endpoint.objects.filter(pk=endpoint.pk).update(**fresh)
    _note(endpoint, "endpoint.secret_changed", actor, at)
    return secret


def secrets_of(endpoint: Endpoint, at: datetime) -> list[str]:
    """What to sign with now, the newest first."""
    sealed = [endpoint.secret]
    if endpoint.former_until and at < endpoint.former_until:
        sealed.append(endpoint.former_secret)
    return [sealing.unseal(each, PURPOSE) for each in sealed]


@transaction.atomic
def switch_off(endpoint: Endpoint, actor: Party, at: datetime) -> None:
    """Send nothing there any more; where it stood is kept. Raises AlreadyOff."""
    # Whoever is serving it finds that the number has moved on, and stops.
    off = {"disabled_at": at, "due_at": None, "lease": F("lease") + 1}
    if not Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(**off):
        raise AlreadyOff
    _note(endpoint, "endpoint.switched_off", actor, at)


@transaction.atomic
def switch_on(endpoint: Endpoint, actor: Party, at: datetime) -> None:
    """Go on where it stood, with all that happened since. Raises AlreadyOn."""
    fresh = {"disabled_at": None, "has_given_up": False, "failing_since": None, "tries": 0, "dead_at": None}
    off = Endpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False)
    if not off.update(**fresh, attempts=0, due_at=at):
        raise AlreadyOn
    _note(endpoint, "endpoint.switched_on", actor, at)
    nudge(SWEEP)


@transaction.atomic
def repeat(endpoint: Endpoint, first: int, last: int, actor: Party, at: datetime) -> int:
    """Send what happened from one position to another once more; how many events that is. Raises NothingToRepeat.

    What was not sent yet comes in its turn anyway. Of many, the first thousand.
    """
    reached = Endpoint.objects.values_list("position", flat=True).get(pk=endpoint.pk)
    found = Event.objects.filter(position__gte=first, position__lte=min(last, reached)).order_by("position")
    chosen = list(islice((event for event in found.iterator() if takes(endpoint, event.name)), MOST_AGAIN))
    if not chosen:
        raise NothingToRepeat
    rows = [Dispatch(endpoint=endpoint, event=event, first_at=at, last_at=at, again_at=at) for event in chosen]
    made = {row.event_id for row in insert_once(rows, key=["endpoint", "event"])}
    known = [event.pk for event in chosen if event.pk not in made]
    Dispatch.objects.filter(endpoint=endpoint, event__in=known).update(again_at=at)
    Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(due_at=at)
    _note(endpoint, "endpoint.repeated", actor, at)
    nudge(SWEEP)
    return len(chosen)


def takes(endpoint: Endpoint, name: str) -> bool:
    """Whether it gets events of this name; a chat room, only what there is something to say of."""
    return endpoint.takes(name) and (not endpoint.is_chat or name in chatting.SAYINGS)


def _secret() -> str:
    return signatures.HEAD + base64.b64encode(secrets.token_bytes(32)).decode()


def _address(url: str) -> str:
    """Whether it may be called is seen when it is: a name may lead elsewhere by then."""
    try:
        told = urlsplit(url.strip())
        is_whole = bool(told.hostname) and (told.port is None or told.port > 0)
    except ValueError as garbled:
        raise BadUrl from garbled
    if told.scheme not in ("http", "https") or not is_whole or told.username or told.password or told.fragment:
        raise BadUrl
    return url.strip()


def _note(endpoint: Endpoint, verb: str, actor: Party, at: datetime) -> None:
    audit.record(actor, verb, ("endpoint", str(endpoint.public_id)), at=at)
