"""The same request told twice gets the same answer, a refusal included."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from spine.inserts import insert_once
from spine.models.idempotency import IdempotencyKey
from spine.refusal import Refusal

KEPT = timedelta(hours=24)
LOCK_NOT_AVAILABLE = "55P03"


class KeyUsedForAnother(Refusal):
    """The key came before, with a different request."""

    code = "idempotency_key_reused"
    status = 422
    sentence = _("This Idempotency-Key was used for a different request. Use a new key for a new request.")


class StillInFlight(Refusal):
    """The first request with this key has no answer yet."""

    code = "idempotency_in_flight"
    status = 409
    sentence = _("The first request with this Idempotency-Key is still being answered. Ask again in a moment.")


@dataclass(frozen=True)
class Answer:
    """What a request got: an HTTP status and a JSON body."""

    status: int
    body: Any


def once(owner: str, key: str, request: bytes, perform: Callable[[], Answer], *, at: datetime) -> Answer:
    """Perform a request once for each owner and key; a repeat within 24 hours gets the stored answer.

    `request` is whatever tells two requests apart (method, path, body). `perform` runs in the transaction that stores
    its answer, so a crash keeps neither; a Refusal that it answers must be rolled back by itself.
    Raises KeyUsedForAnother, StillInFlight.
    """
    fingerprint = hashlib.sha256(request).hexdigest()
    with transaction.atomic():
        IdempotencyKey.objects.filter(owner=owner, key=key, at__lt=at - KEPT).delete()
        row = IdempotencyKey(owner=owner, key=key, fingerprint=fingerprint, at=at)
        if not _claim(row):
            return _repeated(IdempotencyKey.objects.get(owner=owner, key=key), fingerprint)
        answer = perform()
        body = json.dumps(answer.body, cls=DjangoJSONEncoder)
        IdempotencyKey.objects.filter(pk=row.pk).update(status=answer.status, body=body)
    return Answer(answer.status, json.loads(body))


def purge(at: datetime) -> int:
    """Forget answers that are over a day old; return how many."""
    return IdempotencyKey.objects.filter(at__lt=at - KEPT).delete()[0]


def _claim(row: IdempotencyKey) -> bool:
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '1s'")
            claimed = bool(insert_once([row], key=["owner", "key"]))
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
            return claimed
    except OperationalError as waiting:
        if getattr(waiting.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise StillInFlight(retry_after=1) from waiting
        raise


def _repeated(row: IdempotencyKey, fingerprint: str) -> Answer:
    if row.fingerprint != fingerprint:
        raise KeyUsedForAnother
    if row.status is None:
        raise StillInFlight(retry_after=1)
    return Answer(row.status, json.loads(row.body))
