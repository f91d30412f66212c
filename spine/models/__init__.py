"""The tables that every room leans on."""

from spine.models.audit import AuditEntry, AuditReason
from spine.models.clock import ClockOffset
from spine.models.event import Cursor, Event, Redelivery
from spine.models.idempotency import IdempotencyKey
from spine.models.limit import LimitWindow

__all__ = [
    "AuditEntry",
    "AuditReason",
    "ClockOffset",
    "Cursor",
    "Event",
    "IdempotencyKey",
    "LimitWindow",
    "Redelivery",
]
