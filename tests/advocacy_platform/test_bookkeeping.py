from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from advocacy_platform import bookkeeping
from brand.models import Message
from rewards.models import Account, Scheme, Seal
from spine import guards
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_reward

DAY = timedelta(days=1)


@pytest.fixture
def schemes(ada, ben):
    """Two schemes, each with a reward of Ben's."""
    make_reward(ben.person, 1500)
    make_reward(ben.person, 500)
    return list(Scheme.objects.order_by("pk"))


def stopped():
    return list(Scheme.objects.exclude(payouts_stopped_at=None).values_list("pk", flat=True))


def break_one(scheme):
    Account.objects.filter(scheme=scheme, kind="available").update(balance=9999)


def test_proves_an_honest_ledger_once_a_day(schemes):
    assert bookkeeping.prove_daily(NOON) == 0
    assert bookkeeping.prove_daily(NOON) == 0
    bookkeeping.prove_daily(NOON + DAY)

    told = Event.objects.filter(name="ledger.proved").order_by("pk").values_list("payload", flat=True)
    assert list(told) == [{"findings": 0, "promises": []}] * 2
    assert stopped() == []
    assert not Message.objects.exists()


def test_stops_the_payouts_of_a_scheme_that_does_not_add_up_and_tells_the_staff(schemes, ada):
    break_one(schemes[0])

    assert bookkeeping.prove_daily(NOON) == 1
    assert bookkeeping.prove_daily(NOON) == 0

    assert stopped() == [schemes[0].pk]
    assert Account.objects.get(scheme=schemes[0], kind="available").balance == 9999
    message = Message.objects.get()
    assert (message.to, message.subject) == (ada.user.email, "The ledger does not add up")
    assert "balance_is_the_sum" in message.text
    entry = AuditEntry.objects.get(verb="scheme.payouts_stopped")
    assert (entry.actor_id, entry.subject_id) == ("bookkeeping", str(schemes[0].public_id))


def test_stops_everything_where_the_series_itself_is_broken(schemes):
    Seal.objects.create(sequence=7, transfer_id=7, digest="x", at=NOON)

    assert bookkeeping.prove_daily(NOON) > 0

    assert stopped() == [scheme.pk for scheme in schemes]
    with guards.lifted():
        Seal.objects.all().delete()


def test_stops_no_scheme_twice(schemes):
    Scheme.objects.update(payouts_stopped_at=NOON - DAY)
    break_one(schemes[0])

    bookkeeping.prove_daily(NOON)

    assert set(Scheme.objects.values_list("payouts_stopped_at", flat=True)) == {NOON - DAY}
    assert not AuditEntry.objects.filter(verb="scheme.payouts_stopped").exists()


def test_resumes_payouts_only_once_the_ledger_adds_up(schemes):
    break_one(schemes[0])
    bookkeeping.prove_daily(NOON)

    with pytest.raises(CommandError, match="does not add up yet"):
        call_command("resume_payouts", "An admin's script.")
    assert stopped() == [schemes[0].pk]
    Account.objects.filter(scheme=schemes[0], kind="available").update(balance=1500)
    call_command("resume_payouts", "An admin's script.", stdout=StringIO())

    assert stopped() == []
    entry = AuditEntry.objects.get(verb="scheme.payouts_resumed")
    assert (entry.actor_id, entry.reason.text) == ("resume_payouts", "An admin's script.")
