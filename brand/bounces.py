"""What a mail provider tells us later: a message bounced, a reader complained."""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType
from django.db import transaction

from brand import mail, suppression
from brand.models import Message, Suppression
from spine import clock

REASONS = {
    EventType.BOUNCED: Suppression.Reason.BOUNCE,
    EventType.COMPLAINED: Suppression.Reason.COMPLAINT,
    EventType.UNSUBSCRIBED: Suppression.Reason.UNSUBSCRIBED,
}

# A provider rejects what it never tried to deliver, often for reasons of its own; the address is not to blame then.
UNDELIVERED = {EventType.BOUNCED, EventType.REJECTED}


@transaction.atomic
def take(event: AnymailTrackingEvent, **kwargs: Any) -> None:
    """Take one notice of a provider; told twice it changes nothing more."""
    at = clock.now()
    reason = REASONS.get(event.event_type)
    if reason and event.recipient:
        suppression.suppress(event.recipient, reason, at=at, actor=suppression.PROVIDER)
    if event.event_type in UNDELIVERED and event.message_id:
        sent = Message.objects.filter(provider_id=event.message_id, state=Message.State.SENT)
        for message in sent.select_for_update():
            Message.objects.filter(pk=message.pk).update(state=Message.State.BOUNCED)
            mail.record_bounce(message, at)
