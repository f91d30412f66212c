from dataclasses import replace
from datetime import timedelta

import pytest

from customers import facts, privacy
from customers.leads import record_lead
from customers.models import Customer, Lead, Person
from customers.told import CustomerFact, LeadFact
from customers.weighing import ConflictingFact
from spine.models import Event
from spine.privacy import Subject
from tests.factories import NOON, make_source

MINUTE = timedelta(minutes=1)
LEAD = LeadFact("shop", "l-1", CustomerFact("c-9", "dan@example.com"), "signup", NOON - MINUTE)


def state():
    return (
        list(Lead.objects.values("key", "customer", "goal", "at", "recorded_at")),
        list(Customer.objects.values()),
        (Person.objects.count(), Event.objects.count()),
    )


def test_records_a_lead(shop):
    recorded = record_lead(LEAD, NOON)

    lead = Lead.objects.get()
    assert (recorded.lead, recorded.result) == (lead, "created")
    assert (lead.customer.key, lead.customer.email, lead.goal) == ("c-9", "dan@example.com", "signup")
    event = Event.objects.get()
    assert (event.name, event.person, event.subject_id) == (
        "lead.recorded",
        lead.customer.person_id,
        str(lead.public_id),
    )
    assert event.payload == {"goal": "signup"}


def test_knows_the_same_lead_again(shop):
    first = record_lead(LEAD, NOON)
    before = state()

    again = record_lead(LEAD, NOON + MINUTE)

    assert (again.lead, again.result) == (first.lead, "duplicate")
    assert state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"goal": "qualified_lead"},
        {"at": NOON},
        {"customer": CustomerFact("c-10", "eve@example.com", first_order_at=NOON - MINUTE)},
    ],
)
def test_refuses_another_telling_of_a_lead(shop, change):
    record_lead(LEAD, NOON)
    before = state()

    with pytest.raises(ConflictingFact):
        record_lead(replace(LEAD, **change), NOON)

    assert state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOON + 5 * MINUTE + timedelta(microseconds=1)},
        {"customer": CustomerFact("c-9", first_order_at=NOON + 6 * MINUTE)},
    ],
)
def test_refuses_a_lead_that_has_not_come_yet(shop, change):
    before = state()

    with pytest.raises(facts.InTheFuture):
        record_lead(replace(LEAD, **change), NOON)

    assert state() == before


def test_takes_leads_of_a_test_shop_in_the_sandbox_only(shop, settings):
    make_source("trial", is_test=True)

    with pytest.raises(facts.LiveTakesNoTests):
        record_lead(replace(LEAD, source="trial"), NOON)

    assert Lead.objects.count() == 0
    settings.SANDBOX = True
    assert record_lead(replace(LEAD, source="trial"), NOON).result == "created"


def test_refuses_a_lead_of_a_shop_that_is_not_connected(shop):
    with pytest.raises(facts.UnknownSource):
        record_lead(replace(LEAD, source="elsewhere"), NOON)

    assert (Lead.objects.count(), Customer.objects.count()) == (0, 0)


def test_knows_whom_a_new_customer_is_and_leaves_a_known_one_alone(shop):
    someone, other = Person.objects.create(), Person.objects.create()
    record_lead(replace(LEAD, customer=CustomerFact("c-9", person=someone.pk)), NOON)

    record_lead(replace(LEAD, key="l-2", customer=CustomerFact("c-9", person=other.pk)), NOON)

    assert Customer.objects.get().person == someone
    assert Person.objects.count() == 2


def test_exports_the_leads_of_a_person(shop):
    person = record_lead(LEAD, NOON).lead.customer.person

    found = privacy.export(Subject(person.pk, frozenset({str(person.pk)}), frozenset()))

    assert [(row["key"], row["goal"], row["at"]) for row in found["leads"]] == [("l-1", "signup", NOON - MINUTE)]


def test_takes_the_same_lead_once_when_it_comes_20_times_at_once(together):
    make_source("shop")

    recorded = together([lambda: record_lead(LEAD, NOON)] * 20)

    assert sorted(str(each.result) for each in recorded) == ["created"] + ["duplicate"] * 19
    assert (Lead.objects.count(), Customer.objects.count(), Person.objects.count()) == (1, 1, 1)
    assert Event.objects.count() == 1
