import csv
import io
from datetime import timedelta
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocates import suspending
from rewards.cash import batches, details, payouts
from rewards.cash.hindrances import Hindrance
from rewards.models import Payout, PayoutBatch, Scheme
from spine import clock
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import NOON, make_advocate, make_staff
from tests.rewards.cash.cash import ACTOR, LATER, approved, ask, balances, enter, everything, give, pay, requested

QUEUE = reverse("rewards:manage_payouts")
MAKE = reverse("rewards:make_payout_batch")
LIST = reverse("rewards:payout_batches")


def page(batch, act="payout_batch"):
    return reverse(f"rewards:{act}", args=[batch.public_id])


def text(answer):
    return unescape(answer.content.decode())


def long_ago(advocate, amount=5000):
    """A payout whose details are usable by now."""
    at = clock.now() - timedelta(days=2)
    give(advocate, amount, at=at)
    enter(advocate, at=at)
    return ask(advocate, at=at)


def test_collects_what_can_be_paid_with_where_it_goes(ada, cleo, ben):
    for advocate in (cleo, ben):
        requested(advocate)

    batch = batches.make(ada.user, LATER)

    assert batch.made_by == str(ada.user.public_id)
    found = Payout.objects.order_by("pk")
    assert [(each.batch, each.details.ending, each.state) for each in found] == [(batch, "3000", "requested")] * 2
    assert AuditEntry.objects.get(verb="payout_batch.made").subject_id == str(batch.public_id)


def test_says_who_is_left_out_and_why(ada, cleo, ben, dan):
    nora, olaf, pia = (make_advocate(name) for name in ("nora", "olaf", "pia"))
    for advocate in (cleo, ben, nora, olaf, pia, ada):
        requested(advocate, 3000)
    requested(dan, 4000)
    requested(dan, 2500, unit="cash:EUR")
    suspending.suspend(ben.person, ACTOR, "Spam", NOON)
    details.undo(details.standing(nora.person), ACTOR, NOON)
    enter(olaf, at=LATER)
    Scheme.objects.filter(rewards__person=pia.person).update(payouts_stopped_at=NOON)
    cleo.user.is_active = False
    cleo.user.save()

    found = batches.preview(ada.user, LATER)

    assert {payout.person: why for payout, why in found.hindered} == {
        cleo.person: Hindrance.GONE,
        ben.person: Hindrance.SUSPENDED,
        nora.person: Hindrance.NO_DETAILS,
        olaf.person: Hindrance.TOO_NEW,
        pia.person: Hindrance.STOPPED,
        ada.person: Hindrance.OWN,
    }
    assert (found.people, found.sums) == (1, [("cash:EUR", 2500), ("cash:USD", 4000)])
    assert sum(count for _why, count in found.left_out) == 6
    batch = batches.make(ada.user, LATER)
    assert {payout.person for payout in batch.payouts.all()} == {dan.person}


def test_uses_new_details_a_day_later_and_no_sooner(ada, cleo):
    requested(cleo)
    just_before = LATER - timedelta(microseconds=1)

    with pytest.raises(batches.NothingToPay):
        batches.make(ada.user, just_before)

    assert not PayoutBatch.objects.exists()
    assert batches.make(ada.user, LATER).payouts.count() == 1


def test_of_two_who_collect_at_once_one_collects(transactional_db, ada, eva, cleo, together):
    requested(cleo)

    results = together([lambda: batches.make(ada.user, LATER), lambda: batches.make(eva.user, LATER)])

    assert sorted(type(result).__name__ for result in results) == ["NothingToPay", "PayoutBatch"]
    assert PayoutBatch.objects.count() == 1


def test_approves_small_sums_alone(ada, eva, cleo):
    requested(cleo, 50_000)
    batch = batches.make(ada.user, LATER)

    batches.approve(batch, ada.user, LATER)

    payout = Payout.objects.get()
    assert (payout.state, payout.provider, payout.due_at) == ("approved", "rewards.cash.by_hand.ByHand", LATER)
    batch.refresh_from_db()
    assert (batch.approved_at, batch.approved_by) == (LATER, str(ada.user.public_id))
    assert Event.objects.get(name="payout.approved").payload == {"version": 2, "unit": "cash:USD", "amount": 50_000}


def test_asks_for_a_second_person_above_an_amount(ada, eva, cleo):
    requested(cleo, 50_001)
    batch = batches.make(ada.user, LATER)
    before = everything()

    with pytest.raises(batches.SecondPersonNeeded):
        batches.approve(batch, ada.user, LATER)
    assert everything() == before
    batches.approve(batch, eva.user, LATER)

    assert Payout.objects.get().state == "approved"


def test_a_single_manager_is_not_stuck(ada, cleo):
    requested(cleo, 50_001)

    batches.approve(batches.make(ada.user, LATER), ada.user, LATER)

    assert Payout.objects.get().state == "approved"


def test_nobody_approves_what_pays_themselves(ada, eva, cleo):
    requested(eva)
    requested(cleo)
    batch = batches.make(ada.user, LATER)
    before = everything()

    with pytest.raises(payouts.OwnPayout):
        batches.approve(batch, eva.user, LATER)

    assert everything() == before


def test_nobody_approves_what_pays_who_was_merged_into_them(ada, eva, cleo):
    requested(cleo)
    batch = batches.make(ada.user, LATER)
    cleo.person.merged_into = eva.person
    cleo.person.save()
    before = everything()

    with pytest.raises(payouts.OwnPayout):
        batches.approve(batch, eva.user, LATER)

    assert everything() == before


def test_approving_leaves_out_what_came_in_the_way_meanwhile(ada, cleo, ben):
    requested(cleo)
    requested(ben)
    batch = batches.make(ada.user, LATER)
    enter(ben, "GB82 WEST 1234 5698 7654 32", at=LATER)
    # Also a day later: it goes where it was to go, or nowhere.
    next_week = LATER + timedelta(days=7)

    found = batches.approve(batch, ada.user, next_week)

    assert [(payout.person, why) for payout, why in found.hindered] == [(ben.person, Hindrance.CHANGED)]
    left = Payout.objects.get(person=ben.person)
    assert (left.state, left.batch, left.details) == ("requested", None, None)
    assert batches.make(ada.user, next_week).payouts.get() == left


def test_a_batch_is_approved_or_dissolved_once(ada, eva, cleo):
    requested(cleo)
    batch = batches.make(ada.user, LATER)
    batches.dissolve(batch, ada.user, LATER)
    assert Payout.objects.get().batch is None
    before = everything()

    for act in (batches.approve, batches.dissolve):
        with pytest.raises(batches.BatchClosed):
            act(batch, eva.user, LATER)

    assert everything() == before


def test_of_two_who_approve_at_once_one_does(transactional_db, ada, eva, cleo, together):
    requested(cleo)
    batch = batches.make(ada.user, LATER)

    results = together(
        [lambda: batches.approve(batch, ada.user, LATER), lambda: batches.approve(batch, eva.user, LATER)]
    )

    assert sorted(type(result).__name__ for result in results) == ["BatchClosed", "Preview"]
    assert Event.objects.filter(name="payout.approved").count() == 1


def test_of_a_withdrawal_and_an_approval_at_once_one_holds(transactional_db, ada, cleo, ben, together):
    payout = requested(cleo)
    requested(ben)
    batch = batches.make(ada.user, LATER)

    together([lambda: payouts.cancel(payout, ACTOR, LATER), lambda: batches.approve(batch, ada.user, LATER)])

    payout.refresh_from_db()
    assert (payout.state, balances(cleo)) in [("cancelled", {"available": 5000}), ("approved", {"in_flight": 5000})]


@pytest.mark.parametrize(
    "broken",
    [{"state": "paid"}, {"state": "approved"}, {"amount": 0}, {"unit": "PTS"}, {"ended_at": NOON}],
)
def test_the_database_refuses_a_payout_that_cant_be(cleo, broken):
    requested(cleo)

    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.update(**broken)

    assert Payout.objects.get().state == "requested"


@pytest.mark.parametrize("broken", [{"approved_at": NOON}, {"approved_by": "x"}])
def test_the_database_refuses_a_batch_approved_by_nobody(ada, cleo, broken):
    requested(cleo)
    batches.make(ada.user, LATER)

    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutBatch.objects.update(**broken)


def test_the_queue_leads_to_a_batch_and_the_batch_to_the_bank(ada_client, ada, cleo):
    payout = long_ago(cleo)

    assert "Cleo" in text(ada_client.get(QUEUE))
    preview = text(ada_client.get(MAKE))
    assert "$50" in preview
    assert not PayoutBatch.objects.exists()
    answer = ada_client.post(MAKE)
    batch = PayoutBatch.objects.get()
    assert answer.url == page(batch)
    assert "Approve, and pay it" in text(ada_client.get(page(batch)))
    ada_client.post(page(batch, "approve_payout_batch"))
    pay(clock.now())
    assert "Pay it at your bank" in text(ada_client.get(page(batch)))
    file = ada_client.post(page(batch, "export_payout_batch"))
    rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert rows[1] == [str(payout.public_id), "Cleo Marchetti", "DE89370400440532013000", "", "50.00", "USD"]
    assert AuditEntry.objects.filter(verb="payout_batch.exported").count() == 1
    ada_client.post(page(batch, "mark_payout_batch_paid"))
    pay(clock.now())
    assert "Done" in text(ada_client.get(page(batch)))
    assert Payout.objects.get().state == "paid"


def test_no_spreadsheet_runs_what_somebody_wrote(ada_client, ada, cleo):
    give(cleo)
    enter(cleo, "=cmd|' /C calc'!A0 and more", "@Cleo")
    ask(cleo)
    batch = batches.make(ada.user, LATER)
    batches.approve(batch, ada.user, LATER)
    pay(LATER)

    file = ada_client.post(page(batch, "export_payout_batch"))

    rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert rows[1][1:4] == ["'@Cleo", "", "'=cmd|' /C calc'!A0 and more"]


def test_a_batch_tells_before_the_yes_what_it_sets_off(eva, ada, ada_client, cleo, ben):
    for advocate in (cleo, ben):
        long_ago(advocate, 40_000)
    batch = batches.make(ada.user, clock.now())
    enter(ben, "GB82 WEST 1234 5698 7654 32", at=clock.now())

    mine = text(ada_client.get(page(batch)))
    assert "They changed their payout details since" in mine
    assert "$400" in mine
    assert "Approve, and pay it" in mine
    suspending.suspend(cleo.person, ACTOR, "Spam", clock.now())
    assert "Approve, and pay it" not in text(ada_client.get(page(batch)))


def test_a_batch_says_that_somebody_else_approves_it(eva, ada, ada_client, cleo):
    long_ago(cleo, 60_000)
    batch = batches.make(ada.user, clock.now())

    assert "Somebody else approves it" in text(ada_client.get(page(batch)))
    assert ada_client.post(page(batch, "approve_payout_batch")).status_code == 403
    assert Payout.objects.get().state == "requested"
    assert "Approve, and pay it" in text(sign_in(eva).get(page(batch)))


def test_one_payout_is_marked_and_declined_on_its_page(ada, ada_client, cleo, ben):
    approved(ada, cleo)
    pay(LATER)
    first, second = Payout.objects.get(), requested(ben)

    def act(name, payout, **told):
        return ada_client.post(reverse(f"rewards:{name}", args=[payout.public_id]), told)

    assert act("mark_payout_failed", first).status_code == 422
    assert act("decline_payout", second).status_code == 422
    assert Payout.objects.exclude(outcome="").count() == 0
    act("mark_payout_failed", first, reason="Sent back")
    act("decline_payout", second, reason="No invoice")
    assert act("mark_payout_paid", first).status_code == 409
    pay(clock.now())

    assert dict(Payout.objects.values_list("state", "reason")) == {"failed": "Sent back", "cancelled": "No invoice"}
    for payout in (first, second):
        assert payout.person.advocate.display_name in text(
            ada_client.get(reverse("rewards:payout", args=[payout.public_id]))
        )


@pytest.mark.parametrize("role", ["moderator", None])
def test_only_who_may_make_payouts_sees_them(ada, cleo, role):
    client = sign_in(make_staff("mika", role) if role else make_advocate("nobody"))
    batch = approved(ada, cleo)
    payout = Payout.objects.get()
    before = everything()
    refused = {403} if role else {403, 404}

    for address in (QUEUE, MAKE, LIST, page(batch), reverse("rewards:payout", args=[payout.public_id])):
        assert client.get(address).status_code in refused
    assert client.post(MAKE).status_code in refused
    for act in ("approve_payout_batch", "dissolve_payout_batch", "export_payout_batch", "mark_payout_batch_paid"):
        assert client.post(page(batch, act)).status_code in refused

    assert everything() == before


@pytest.mark.parametrize("address", [QUEUE, f"{QUEUE}?state=paid", MAKE, LIST])
def test_asks_the_same_for_many_as_for_one(ada_client, ada, cleo, address):
    def count():
        with CaptureQueriesContext(connection) as asked:
            assert ada_client.get(address).status_code == 200
        return len(asked)

    def fill(*people):
        approved(ada, *(make_advocate(f"{name}a") for name in people))
        pay(LATER)
        Payout.objects.filter(state="sent").update(outcome="arrived", due_at=LATER)
        pay(LATER)
        for name in people:
            requested(make_advocate(f"{name}b"))

    fill("x")
    count()
    few = count()
    fill("y", "z", "w")

    assert count() == few


def test_the_staffs_home_counts_what_waits(ada_client, cleo):
    requested(cleo)

    assert sum(waits.count() for waits in batches.waits()) == 1
    assert "Payouts to make" in text(ada_client.get(reverse("manage:home")))
