"""What the brand's mail holds about one person."""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from brand.models import Brand, Message, Suppression
from brand.suppression import address_hash
from spine.privacy import Subject, delete_batch, forget_words, rows

EXPORTED = {Message, Suppression}
NOTHING_PERSONAL: dict[type[models.Model], str] = {Brand: "Its addresses are the brand's own."}


def export(subject: Subject) -> dict[str, Any]:
    """The mail sent to their addresses, and why we do not write to one of them."""
    return {
        "messages": rows(_messages(subject), "to", "subject", "text", "state", "created_at", "sent_at"),
        "suppressions": rows(_suppressions(subject), "masked", "reason", "at"),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Delete their mail. A suppression stays as a hash without its mask, since their wish stays."""
    _messages(subject).delete()
    suppressions = _suppressions(subject)
    forget_words("suppression", suppressions.values_list("pk", flat=True))
    suppressions.update(masked="")
    return []


def purge(at: datetime) -> int:
    """Delete messages that wait for nothing any more and are past their days."""
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["mail"])
    return delete_batch(Message.objects.filter(due_at=None, created_at__lt=kept_since))


def _messages(subject: Subject) -> models.QuerySet[Message]:
    to_them = reduce(or_, (Q(to__iexact=address) for address in subject.addresses), Q(pk__in=[]))
    return Message.objects.filter(to_them)


def _suppressions(subject: Subject) -> models.QuerySet[Suppression]:
    return Suppression.objects.filter(address_hash__in=[address_hash(address) for address in subject.addresses])
