from datetime import timedelta

import pytest

from advocates import suspending
from advocates.models import Suspension
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_advocate
from tests.spine.conftest import together  # noqa: F401

ACTOR = ("user", "u-1")
HOUR = timedelta(hours=1)


def test_suspends_from_an_instant_until_another(cleo):
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)
    suspending.lift(cleo.person, ACTOR, "A mistake", NOON + HOUR)

    moment = timedelta(microseconds=1)
    times = [NOON - moment, NOON, NOON + HOUR - moment, NOON + HOUR]
    assert [suspending.is_suspended(cleo.person.pk, at) for at in times] == [False, True, True, False]


def test_writes_down_who_did_it_and_why(cleo):
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)
    suspending.lift(cleo.person, ACTOR, "A mistake", NOON + HOUR)

    entries = AuditEntry.objects.order_by("pk").values_list("actor_id", "verb", "subject_id", "reason__text")
    assert list(entries) == [
        ("u-1", "advocate.suspended", str(cleo.person.pk), "Spam"),
        ("u-1", "advocate.reinstated", str(cleo.person.pk), "A mistake"),
    ]
    events = Event.objects.filter(person=cleo.person.pk).order_by("pk").values_list("name", "payload")
    assert list(events) == [("advocate.suspended", {}), ("advocate.reinstated", {})]


def test_suspends_again(cleo):
    for number in range(2):
        suspending.suspend(cleo.person, ACTOR, "Spam", NOON + 2 * number * HOUR)
        suspending.lift(cleo.person, ACTOR, "Enough", NOON + (2 * number + 1) * HOUR)

    assert Suspension.objects.count() == 2
    assert Event.objects.filter(name="advocate.suspended").count() == 2


def test_refuses_to_suspend_twice(cleo):
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)

    with pytest.raises(suspending.AlreadySuspended):
        suspending.suspend(cleo.person, ACTOR, "Spam", NOON + HOUR)

    assert AuditEntry.objects.count() == 1


def test_refuses_to_lift_what_does_not_stand(cleo):
    with pytest.raises(suspending.NotSuspended):
        suspending.lift(cleo.person, ACTOR, "A mistake", NOON)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_refuses_without_a_reason(cleo, reason):
    with pytest.raises(suspending.ReasonMissing):
        suspending.suspend(cleo.person, ACTOR, reason, NOON)
    assert not Suspension.objects.exists()

    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)
    with pytest.raises(suspending.ReasonMissing):
        suspending.lift(cleo.person, ACTOR, reason, NOON + HOUR)
    assert suspending.is_suspended(cleo.person.pk, NOON + HOUR)


def test_tells_who_among_many_is_suspended(cleo, dan, django_assert_num_queries):
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)

    with django_assert_num_queries(1):
        found = suspending.suspended_among([cleo.person.pk, dan.person.pk], NOON)
    assert found == {cleo.person.pk}


def test_suspends_once_when_many_do_at_once(together):  # noqa: F811
    cleo = make_advocate("cleo")

    done = together([lambda: suspending.suspend(cleo.person, ACTOR, "Spam", NOON)] * 5)

    assert sum(isinstance(one, Suspension) for one in done) == 1
    assert Suspension.objects.count() == AuditEntry.objects.count() == 1
