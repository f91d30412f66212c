"""What the law lets a person ask of the brand: asking for it, and what this room holds."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction

from customers.models import Person, PrivacyRequest
from spine.privacy import Subject, rows

EXPORTED = {Person, PrivacyRequest}
NOTHING_PERSONAL: dict[type[models.Model], str] = {}


def request(person: Person, kind: str, at: datetime) -> PrivacyRequest:
    """Ask for an export or an erasure, due now; whoever asks again before it is done gets the open request."""
    while True:
        try:
            with transaction.atomic():
                return PrivacyRequest.objects.create(person=person, kind=kind, asked_at=at, due_at=at)
        except IntegrityError:
            # The open request may be done by the time we look for it; then there is room for a new one.
            if standing := PrivacyRequest.objects.filter(person=person, kind=kind, done_at=None).first():
                return standing


def export(subject: Subject) -> dict[str, Any]:
    """Their id and what they asked for."""
    asked = PrivacyRequest.objects.filter(person=subject.person)
    return {"id": str(subject.person), "requests": rows(asked, "kind", "asked_at", "done_at")}


def erase(subject: Subject, at: datetime) -> list[str]:
    """Empty the exports that were kept for them; the person stays as an id, the requests as proof of what was done."""
    PrivacyRequest.objects.filter(person=subject.person).update(answer=None)
    return []


def purge(at: datetime) -> int:
    """Empty exports that nobody needs any more."""
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["exports"])
    return PrivacyRequest.objects.filter(done_at__lt=kept_since, answer__isnull=False).update(answer=None)
