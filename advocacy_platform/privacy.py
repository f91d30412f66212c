"""The privacy runner: exports and erases what every room holds about one person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from advocates import privacy as advocates_privacy
from brand import privacy as brand_privacy
from customers import privacy as customers_privacy
from customers.models import Person, PrivacyRequest
from integrations import privacy as integrations_privacy
from referrals import privacy as referrals_privacy
from referrals.visits import clicks
from rewards import privacy as rewards_privacy
from spine import audit, due, events
from spine import privacy as spine_privacy

# In the order in which they erase: who leans on somebody else's rows goes first.
ROOMS = {
    "integrations": integrations_privacy,
    "referrals": referrals_privacy,
    "rewards": rewards_privacy,
    "advocates": advocates_privacy,
    "brand": brand_privacy,
    "spine": spine_privacy,
    "customers": customers_privacy,
}
encoder = DjangoJSONEncoder(indent=2, ensure_ascii=False)


def export(person: Person) -> dict[str, Any]:
    """Everything that is held about a person, room by room."""
    subject = advocates_privacy.subject(person)
    return {name: room.export(subject) for name, room in ROOMS.items()}


@transaction.atomic
def download(person: Person, actor: audit.Party, at: datetime) -> bytes:
    """Everything that is held about a person, as the JSON file that they get; the handing out is written down."""
    document = encoder.encode({"exported_at": at, **export(person)}).encode()
    audit.record(actor, "person.exported", ("person", str(person.pk)), at=at)
    return document


@transaction.atomic
def erase(person: Person, actor: audit.Party, at: datetime) -> PrivacyRequest:
    """Erase a person now, in one transaction; their stored files go with the next round of the sweep.

    Erasing somebody who is erased already takes nothing more away. Raises staff.LastAdmin.
    """
    asked = customers_privacy.request(person, PrivacyRequest.Kind.ERASE, at)
    request = PrivacyRequest.objects.select_for_update().get(pk=asked.pk)
    if request.done_at is None:
        audit.record(actor, "person.erased", ("person", str(person.pk)), at=at)
        _erase(request, at)
        # It may have been tried before and given up.
        request.attempts, request.dead_at, request.error = 0, None, ""
        request.save(update_fields=["due_at", "done_at", "files", "attempts", "dead_at", "error"])
    return request


def run_due(at: datetime) -> int:
    """Work the open requests; return how many were taken in hand."""
    still_open = PrivacyRequest.objects.filter(done_at=None)
    answered = due.work(still_open.filter(files=[]), _answer, at=at, batch=20)
    return answered + due.deliver(still_open.exclude(files=[]), partial(_delete_files, at=at), at=at)


def purge(at: datetime) -> int:
    """Let the rooms forget what is past its days, a batch of each kind; return how many rows went."""
    rooms = (advocates_privacy, brand_privacy, customers_privacy, integrations_privacy, clicks)
    return sum(room.purge(at) for room in rooms)


def _answer(requests: Sequence[PrivacyRequest], at: datetime) -> None:
    for request in requests:
        if request.kind == PrivacyRequest.Kind.ERASE:
            _erase(request, at)
        else:
            request.answer, request.done_at = export(request.person), at
        request.save(update_fields=["answer", "done_at", "files"])


def _erase(request: PrivacyRequest, at: datetime) -> None:
    """Erase in the caller's transaction. Files must outlive a rollback, so the request stays due while any is left."""
    subject = advocates_privacy.subject(request.person)
    request.files += [name for room in ROOMS.values() for name in room.erase(subject, at)]
    request.due_at, request.done_at = (at, None) if request.files else (None, at)
    events.record(
        "person.erased",
        person=request.person_id,
        subject=("person", str(request.person_id)),
        at=at,
        key=f"person.erased:{request.public_id}",
    )


def _delete_files(request: PrivacyRequest, at: datetime) -> Mapping[str, Any]:
    for name in request.files:
        default_storage.delete(name)
    return {"files": [], "done_at": at}
