import pytest
from django.db import IntegrityError, transaction

from customers import privacy
from customers.models import Person, PrivacyRequest
from spine.privacy import Subject
from tests.factories import NOON


def test_asks_once_for_what_is_still_open(db):
    person = Person.objects.create()

    first = privacy.request(person, "erase", NOON)
    again = privacy.request(person, "erase", NOON)

    assert again == first
    assert PrivacyRequest.objects.get().due_at == NOON


def test_asks_anew_once_the_first_is_done(db):
    person = Person.objects.create()
    PrivacyRequest.objects.filter(pk=privacy.request(person, "export", NOON).pk).update(done_at=NOON)

    again = privacy.request(person, "export", NOON)

    assert again.done_at is None
    assert PrivacyRequest.objects.count() == 2


def test_refuses_a_second_open_request_in_the_database(db):
    person = Person.objects.create()
    privacy.request(person, "export", NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        PrivacyRequest.objects.create(person=person, kind="export", asked_at=NOON)

    assert PrivacyRequest.objects.count() == 1


def test_exports_what_was_asked_for(db):
    person = Person.objects.create()
    privacy.request(person, "export", NOON)

    found = privacy.export(Subject(person.pk, frozenset({str(person.pk)}), frozenset()))

    assert {name: part for name, part in found.items() if part} == {
        "id": str(person.pk),
        "requests": [{"kind": "export", "asked_at": NOON, "done_at": None}],
    }
