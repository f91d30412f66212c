"""Sign-ups and qualified leads as shops tell them: each is kept once, and what was told of it stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from customers import facts
from customers.identities import recognise
from customers.models import Lead
from customers.told import LeadFact
from customers.weighing import Result, Telling, weigh
from spine import events
from spine.inserts import insert_once


@dataclass(frozen=True)
class RecordedLead:
    """What became of a lead."""

    lead: Lead
    result: Result


@transaction.atomic
def record_lead(fact: LeadFact, at: datetime) -> RecordedLead:
    """Keep a lead with its customer. Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact."""
    source = facts.connected(fact.source)
    facts.refuse_future(at, fact.at, fact.customer.first_order_at)
    customer = recognise(source, fact.customer, told_at=fact.at, at=at)
    lead = Lead(source=source, key=fact.key, customer=customer, goal=fact.goal, at=fact.at, recorded_at=at)
    if not insert_once([lead], key=["source", "key"]):
        standing = Lead.objects.select_related("customer").get(source=source, key=fact.key)
        return RecordedLead(standing, weigh(_telling(standing), _telling(lead)))
    events.record(
        "lead.recorded",
        person=customer.person_id,
        subject=("lead", str(lead.public_id)),
        at=at,
        key=f"lead.recorded:{lead.public_id}",
        payload={"goal": lead.goal},
    )
    return RecordedLead(lead, Result.CREATED)


def _telling(lead: Lead) -> Telling:
    """A lead has no versions: told in another way, it conflicts."""
    return Telling((lead.customer_id, lead.goal, lead.at), None)
