from dataclasses import replace

import pytest

from customers.models import Person
from rewards import occasions
from rewards.models import Occasion, Scheme
from rewards.occasions import Asked, OccasionIsFinal, UnknownOccasion
from spine.models import AuditEntry, Event
from tests.factories import NOON
from tests.referrals.cast import DAY


@pytest.fixture
def asked(db):
    scheme = Scheme.objects.create(name="Give ten, get fifteen", created_at=NOON)
    return Asked("conversion", "c-1", scheme, Person.objects.create().pk, NOON, 5000, "USD")


def kept():
    return list(Occasion.objects.order_by("pk").values("subject", "person", "at", "counted", "currency", "final_at"))


def test_writes_down_what_is_asked(asked):
    other = replace(asked, subject="c-2", counted=0, currency="")

    made = occasions.open_or_revise([asked, other], NOON)

    assert [(row.subject, row.counted) for row in made] == [("c-1", 5000), ("c-2", 0)]
    assert kept() == [
        {"subject": "c-1", "person": asked.person, "at": NOON, "counted": 5000, "currency": "USD", "final_at": None},
        {"subject": "c-2", "person": asked.person, "at": NOON, "counted": 0, "currency": "", "final_at": None},
    ]


def test_takes_over_what_is_new(asked):
    (first,) = occasions.open_or_revise([asked], NOON)
    other = Person.objects.create()

    (second,) = occasions.open_or_revise([replace(asked, person=other.pk, at=NOON + DAY, counted=0)], NOON)

    assert second == first
    assert [(row["person"], row["at"], row["counted"]) for row in kept()] == [(other.pk, NOON + DAY, 0)]


def test_asks_nothing_of_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert occasions.open_or_revise([], NOON) == []


def test_needs_as_many_queries_for_many(asked, django_assert_max_num_queries):
    occasions.open_or_revise([replace(asked, subject=f"c-{number}") for number in range(10)], NOON)

    with django_assert_max_num_queries(6):
        occasions.open_or_revise([replace(asked, subject=f"c-{number}", counted=number) for number in range(20)], NOON)

    assert [row["counted"] for row in kept()] == list(range(20))


def test_makes_an_occasion_final_once(asked):
    occasions.open_or_revise([asked], NOON)

    occasions.finalise("conversion", "c-1", NOON)
    again = occasions.finalise("conversion", "c-1", NOON + DAY)

    assert (again.final_at, kept()[0]["final_at"]) == (NOON, NOON)
    entry, event = AuditEntry.objects.get(), Event.objects.get()
    assert (entry.verb, entry.actor_kind, entry.subject_id, entry.at) == (
        "occasion.finalised",
        "system",
        str(again.public_id),
        NOON,
    )
    assert (event.name, event.person, event.payload) == (
        "occasion.finalised",
        asked.person,
        {"kind": "conversion", "subject": "c-1"},
    )


def test_revises_nothing_that_is_final(asked):
    other = replace(asked, subject="c-2")
    occasions.open_or_revise([asked], NOON)
    occasions.finalise("conversion", "c-1", NOON)
    before = kept()

    with pytest.raises(OccasionIsFinal):
        occasions.open_or_revise([other, replace(asked, counted=1)], NOON)

    assert kept() == before


def test_knows_no_occasion_that_was_never_asked(asked):
    occasions.open_or_revise([asked], NOON)

    with pytest.raises(UnknownOccasion):
        occasions.finalise("conversion", "c-2", NOON)

    assert kept()[0]["final_at"] is None


def test_finds_what_is_there_to_lock(asked):
    occasions.open_or_revise([asked], NOON)

    assert list(occasions.lock("conversion", ["c-1", "c-2"])) == ["c-1"]
    assert occasions.lock("event", ["c-1"]) == {}
