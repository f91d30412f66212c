import pytest

from customers import sources
from customers.models import Source
from spine.models import AuditEntry, Event
from tests.factories import NOON

ADA = ("user", "ada")


def acts():
    return [
        (entry.verb, entry.subject_id, event.payload)
        for entry, event in zip(AuditEntry.objects.order_by("pk"), Event.objects.order_by("pk"), strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Harbour Street", "harbour-street"),
        ("Café “Über” №1", "cafe-uber-no1"),
        ("日本", "shop"),
        ("--", "shop"),
        ("x" * 49 + " long", "x" * 49),
    ],
)
def test_connects_a_shop_under_a_key_made_of_its_name(db, name, key):
    shop = sources.connect(name, ADA, NOON)

    assert (shop.key, shop.name, shop.is_test, shop.created_at) == (key, name, False, NOON)
    assert acts() == [("source.connected", key, {"source": key})]


def test_refuses_a_name_that_is_taken(db):
    sources.connect("Harbour Street", ADA, NOON)

    with pytest.raises(sources.AlreadyConnected) as refused:
        sources.connect("harbour  street!", ADA, NOON)

    assert refused.value.detail == "A shop is connected as harbour-street already. Give this one another name."
    assert (Source.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_notes_that_past_customers_are_in(shop):
    sources.confirm_imported(shop, ADA, NOON)

    shop.refresh_from_db()
    assert (shop.past_customers_imported_at, shop.no_past_customers_at) == (NOON, None)
    assert acts() == [("source.confirmed", "shop", {"past_customers": "imported"})]


def test_notes_that_there_were_none_and_later_that_some_are_in(shop):
    sources.confirm_no_past_customers(shop, ADA, NOON)
    sources.confirm_imported(shop, ADA, NOON)

    shop.refresh_from_db()
    assert (shop.past_customers_imported_at, shop.no_past_customers_at) == (NOON, None)
    assert [payload["past_customers"] for _verb, _key, payload in acts()] == ["none", "imported"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (sources.confirm_imported, sources.confirm_imported),
        (sources.confirm_imported, sources.confirm_no_past_customers),
        (sources.confirm_no_past_customers, sources.confirm_no_past_customers),
    ],
)
def test_refuses_to_say_it_again(shop, first, then):
    first(shop, ADA, NOON)
    before = Source.objects.values().get()

    with pytest.raises(sources.PastCustomersKnown):
        then(shop, ("user", "ben"), NOON)

    assert Source.objects.values().get() == before
    assert AuditEntry.objects.count() == 1
