from datetime import timedelta

import pytest
from django.db import connection

from brand.models import Message
from rewards.cash import batches, by_hand, details, paying, payouts
from rewards.cash.details import Destination
from rewards.fulfilment import Outcome
from rewards.models import Payout, Reward, Scheme, Transfer
from spine import due
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_advocate
from tests.rewards.cash.cash import (
    ACTOR,
    IBAN,
    LATER,
    MUCH_LATER,
    after_lease,
    approved,
    balances,
    enter,
    give,
    pay,
    requested,
)


class Killed(BaseException):
    """A worker that is gone from one statement to the next."""


def events(payout):
    found = Event.objects.filter(subject_kind="payout", subject_id=str(payout.public_id)).order_by("pk")
    return [(event.name, event.payload["version"]) for event in found]


def acts(payout):
    found = AuditEntry.objects.filter(subject_kind="payout", subject_id=str(payout.public_id)).order_by("pk")
    return [(entry.verb, entry.actor_kind) for entry in found]


def letters():
    return list(Message.objects.filter(key__startswith="payout-").order_by("pk").values_list("key", flat=True))


def test_pays_what_was_approved(ada, cleo, bank):
    approved(ada, cleo)

    pay(LATER)

    payout = Payout.objects.get()
    assert (payout.state, payout.ended_at, payout.due_at) == ("paid", LATER, None)
    assert bank.taken == {payout.key: ("DE89370400440532013000", 5000)}
    assert balances(cleo) == {}
    assert Reward.objects.get().paid == 5000
    assert events(payout) == [("payout.requested", 1), ("payout.approved", 2), ("payout.paid", 3)]
    assert acts(payout) == [("payout.requested", "command"), ("payout.approved", "user"), ("payout.paid", "system")]
    assert letters() == [f"payout-paid:{payout.public_id}"]


def test_a_second_round_changes_nothing(ada, cleo, bank):
    approved(ada, cleo)
    pay(LATER)
    before = list(Transfer.objects.values())

    pay(MUCH_LATER)

    assert len(bank.asked) == 1
    assert list(Transfer.objects.values()) == before


def test_gives_back_what_could_not_be_paid_and_says_why(ada, cleo, bank):
    approved(ada, cleo)
    bank.outcomes["DE89370400440532013000"] = Outcome("failed", "account\nclosed")

    pay(LATER)

    payout = Payout.objects.get()
    assert (payout.state, payout.reason) == ("failed", "account closed")
    assert balances(cleo) == {"available": 5000}
    assert events(payout)[-1] == ("payout.failed", 3)
    assert "account closed" in Message.objects.get(key=f"payout-failed:{payout.public_id}").text


def test_of_500_with_one_bad_recipient_499_are_done_and_one_is_to_mend(ada, bank):
    scheme = Scheme.objects.create(name="Scheme", created_at=NOON)
    people = [make_advocate(f"payee{number}") for number in range(500)]
    for number, advocate in enumerate(people):
        give(advocate, 2000 + number, scheme=scheme)
        enter(advocate, "no such account at all" if number == 250 else f"Pay to the phone {number:08}")
        payouts.request(advocate.person, "cash:USD", ACTOR, NOON)
    bank.outcomes["no such account at all"] = Outcome("failed", "unknown account")
    batch = batches.make(ada.user, LATER)
    batches.approve(batch, ada.user, LATER)

    pay(LATER)

    assert Payout.objects.filter(state="paid").count() == 499
    mend = Payout.objects.exclude(state="paid").get()
    assert (mend.person, mend.state, mend.reason) == (people[250].person, "failed", "unknown account")
    assert balances(people[250]) == {"available": 2250}
    assert len(bank.taken) == 500
    paid = Transfer.objects.filter(act="pay")
    assert sum(transfer.amount for transfer in paid) == sum(range(2000, 2500)) - 2250
    # Mended: other details, and a payout of its own.
    enter(people[250], "Pay to the phone 00000250", at=LATER)
    payouts.request(people[250].person, "cash:USD", ACTOR, LATER)
    next_day = LATER + timedelta(days=1)
    batches.approve(batches.make(ada.user, next_day), ada.user, next_day)
    pay(next_day)
    assert Payout.objects.filter(state="paid").count() == 500


def test_what_is_accepted_is_asked_for_until_it_arrives(ada, cleo, bank):
    approved(ada, cleo)
    bank.outcomes["DE89370400440532013000"] = Outcome("accepted")

    pay(LATER)
    payout = Payout.objects.get()
    assert (payout.state, payout.due_at) == ("sent", LATER + bank.again)
    pay(LATER + bank.again)
    assert Payout.objects.get().due_at == LATER + 2 * bank.again
    bank.outcomes.clear()
    pay(LATER + 2 * bank.again)

    payout.refresh_from_db()
    assert payout.state == "paid"
    assert [what for what, _key in bank.asked] == ["send", "look_up", "look_up"]
    assert events(payout)[2:] == [("payout.sent", 3), ("payout.paid", 4)]


def test_an_unknown_outcome_stays_unknown_until_it_is_looked_up(ada, cleo, bank):
    approved(ada, cleo)
    bank.replies = [TimeoutError("no reply"), TimeoutError("no reply"), None]

    pay(LATER)
    payout = Payout.objects.get()
    assert (payout.state, payout.outcome, balances(cleo)) == ("unknown", "", {"in_flight": 5000})
    pay(LATER + timedelta(minutes=1))
    assert (Payout.objects.get().state, balances(cleo)) == ("unknown", {"in_flight": 5000})
    pay(MUCH_LATER)

    payout.refresh_from_db()
    assert (payout.state, balances(cleo)) == ("paid", {})
    assert [what for what, _key in bank.asked] == ["send", "look_up", "look_up"]
    assert len(bank.taken) == 1


def test_what_never_arrived_at_the_provider_is_sent_again_under_the_same_key(ada, cleo, bank):
    approved(ada, cleo)
    bank.deaf = 1

    pay(LATER)
    pay(MUCH_LATER)

    payout = Payout.objects.get()
    assert payout.state == "paid"
    assert bank.asked == [("send", payout.key), ("look_up", payout.key), ("send", payout.key)]


def test_what_a_provider_forgets_after_it_took_it_is_never_sent_again(ada, cleo, bank):
    approved(ada, cleo)
    bank.outcomes["DE89370400440532013000"] = Outcome("accepted")
    pay(LATER)
    bank.taken.clear()

    at = LATER + bank.again
    for _ in range(12):
        pay(at)
        at += timedelta(hours=2)

    payout = Payout.objects.get()
    assert (payout.state, balances(cleo)) == ("sent", {"in_flight": 5000})
    assert due.stuck(Payout, at).get() == payout
    assert [what for what, _key in bank.asked].count("send") == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_statement_pays_once(ada, bank):
    """The n-th worker is killed before its n-th statement; whoever comes after the lease finishes."""
    at, number = LATER, 0
    while True:
        advocate = make_advocate(f"killed{number}")
        batch = approved(ada, advocate, at=max(at, LATER))
        left = [number]

        def count(execute, sql, params, many, context, left=left):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(count):
                pay(at)
        except Killed:
            was_killed = True
        else:
            was_killed = False
        at = after_lease(at) + timedelta(hours=25)
        pay(at)

        payout = batch.payouts.get()
        assert (payout.state, payout.due_at) == ("paid", None)
        assert balances(advocate) == {}
        assert list(Transfer.objects.filter(entry=f"{payout.name}:ended").values_list("amount")) == [(5000,)]
        assert letters().count(f"payout-paid:{payout.public_id}") == 1
        assert [name for name, _version in events(payout)].count("payout.paid") == 1
        number += 1
        if not was_killed:
            break
    assert number > 20
    assert len(bank.taken) == number


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_with_the_reply_in_its_hand_pays_once(ada, cleo, bank):
    approved(ada, cleo)
    bank.replies = [Killed(), None]

    with pytest.raises(Killed):
        pay(LATER)
    pay(MUCH_LATER)

    assert Payout.objects.get().state == "paid"
    assert [what for what, _key in bank.asked] == ["send", "look_up"]
    assert balances(cleo) == {}


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_only_slow_books_nothing(ada, cleo, bank):
    """Its lease ended while the provider thought; another worker has done everything meanwhile."""
    approved(ada, cleo)
    slow, send = [True], bank.send

    def think(self, errand):
        answer = send(self, errand)
        if slow.pop() if slow else False:
            pay(after_lease(LATER))
        return answer

    bank.send = think
    try:
        pay(LATER)
    finally:
        bank.send = send

    payout = Payout.objects.get()
    assert (payout.state, len(bank.taken)) == ("paid", 1)
    assert Transfer.objects.filter(entry=f"{payout.name}:ended").count() == 1
    assert letters() == [f"payout-paid:{payout.public_id}"]


def changed(cleo):
    details.enter(cleo.person, Destination("Mallory", "GB82 WEST 1234 5698 7654 32"), ACTOR, LATER)


def stopped(cleo):
    Scheme.objects.update(payouts_stopped_at=LATER)


@pytest.mark.parametrize("meanwhile", [changed, stopped])
def test_sends_nothing_once_something_has_come_in_the_way(ada, cleo, bank, meanwhile):
    approved(ada, cleo)
    meanwhile(cleo)

    pay(LATER)

    payout = Payout.objects.get()
    assert bank.asked == []
    assert (payout.state, payout.batch, payout.details, payout.asked_at) == ("requested", None, None, None)
    assert balances(cleo) == {"in_flight": 5000}
    assert events(payout)[-1] == ("payout.put_back", 3)


def test_by_hand_waits_for_the_staff(ada, eva, cleo):
    batch = approved(ada, cleo)

    pay(LATER)
    pay(MUCH_LATER)
    payout = Payout.objects.get()
    assert (payout.state, payout.due_at) == ("sent", None)
    assert by_hand.work_list(batch, ada.user, LATER)[0][1:4] == ["Cleo Marchetti", "DE89370400440532013000", ""]
    by_hand.mark_paid(payout, ada.user, MUCH_LATER)
    pay(MUCH_LATER)

    payout.refresh_from_db()
    assert (payout.state, balances(cleo)) == ("paid", {})
    assert acts(payout)[-2:] == [("payout.marked_paid", "user"), ("payout.paid", "system")]


def test_by_hand_fails_in_words_that_the_advocate_reads(ada, cleo):
    approved(ada, cleo)
    pay(LATER)

    by_hand.mark_failed(Payout.objects.get(), ada.user, "Your bank sent it back", LATER)
    pay(LATER)

    payout = Payout.objects.get()
    assert (payout.state, balances(cleo)) == ("failed", {"available": 5000})
    assert "Your bank sent it back" in Message.objects.get(key=f"payout-failed:{payout.public_id}").text


def test_all_are_marked_paid_but_ones_own_and_whose_details_changed(ada, eva, cleo, ben, dan):
    for advocate in (cleo, ben, dan, eva):
        requested(advocate)
    batch = batches.make(ada.user, LATER)
    batches.approve(batch, ada.user, LATER)
    pay(LATER)
    enter(ben, "GB82 WEST 1234 5698 7654 32", at=LATER)

    assert by_hand.mark_all_paid(batch, eva.user, LATER) == (2, 2)
    pay(LATER)

    states = dict(Payout.objects.values_list("person", "state"))
    assert states == {cleo.person.pk: "paid", dan.person.pk: "paid", ben.person.pk: "sent", eva.person.pk: "sent"}
    assert {row[0] for row in by_hand.work_list(batch, ada.user, LATER)} == {
        str(Payout.objects.get(person=eva.person).public_id)
    }


@pytest.mark.parametrize("mark", [by_hand.mark_paid, lambda *told: by_hand.mark_failed(*told[:2], "why", told[2])])
def test_nobody_marks_what_does_not_wait_or_is_their_own(ada, eva, cleo, bank, mark):
    approved(ada, cleo)
    requested(eva)
    before = list(Payout.objects.order_by("pk").values())

    with pytest.raises(by_hand.NotByHand):
        mark(Payout.objects.get(person=cleo.person), ada.user, LATER)
    Payout.objects.filter(person=cleo.person).update(provider=by_hand.PATH, state="sent")
    Payout.objects.filter(person=cleo.person).update(person=eva.person, unit="cash:EUR")
    with pytest.raises(payouts.OwnPayout):
        mark(Payout.objects.get(unit="cash:EUR"), eva.user, LATER)

    Payout.objects.filter(unit="cash:EUR").update(
        person=cleo.person, unit="cash:USD", state="approved", provider=before[0]["provider"]
    )
    assert list(Payout.objects.order_by("pk").values()) == before


def test_asks_the_database_as_often_for_many_as_the_work_demands(ada, bank):
    """Each payout costs the same: nothing grows with how many there are."""
    for number in range(6):
        requested(make_advocate(f"few{number}"))
    batches.approve(batches.make(ada.user, LATER), ada.user, LATER)

    assert paying.send_due(LATER) == 6
    assert paying.book_due(LATER) == 6
    assert IBAN.replace(" ", "") in {account for account, _amount in bank.taken.values()}
