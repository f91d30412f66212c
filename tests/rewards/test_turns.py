"""Each act waits its turn: while another transaction holds a row that it has to hold, it does not go on.

A row is held so that only whoever asks for it is stopped. `FOR KEY SHARE` stops a `FOR UPDATE` and no plain update;
`FOR SHARE` also stops a `FOR NO KEY UPDATE`, and tells of rows that the act itself does not change.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from rewards import approvals, granting, leaving, occasions, proposals, releasing
from rewards.cash import batches, payouts
from rewards.cash import by_hand as payouts_by_hand
from rewards.catalogue import by_hand, redemptions
from rewards.models import Grant, Item, Occasion, Payout, Plan, Proposal, Redemption, Reward
from rewards.proposals import Wanted
from spine.refusal import Refusal
from tests.factories import NOON, make_reward, make_staff
from tests.rewards.cash.cash import ACTOR, LATER, approved, pay, requested
from tests.rewards.catalogue.shelf import fulfil, make_item, take
from tests.waiting import closing, is_somebody_waiting, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
UPDATE, SHARE = "FOR KEY SHARE", "FOR SHARE"


@pytest.fixture
def stopped(elsewhere):
    """Whether an act waits while these rows are held, and does not wait while they are not."""

    def impatient(act):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        return act()

    def run(row, how, act):
        table = type(row)._meta.db_table
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s {how}", [row.pk])
            try:
                elsewhere(lambda: impatient(act))
            except OperationalError as waiting:
                if "lock timeout" not in str(waiting):
                    raise
                is_stopped = True
            else:
                is_stopped = False
        return is_stopped

    return run


@pytest.fixture
def meanwhile():
    """Begin an act while a change is not committed, commit that once the act waits for it, and tell how it ended."""

    def one(act):
        try:
            return act()
        except Refusal as refusal:
            return refusal

    def run(change, act):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                change()
                ending = pool.submit(closing, lambda: one(act))
                wait_until(lambda: ending.done() or is_somebody_waiting())
            return ending.result(timeout=30)

    return run


@pytest.fixture
def waiting(ben):
    """A reward that waits for somebody's yes."""
    return make_reward(ben.person, available=False, needs_approval=True)


def grant(person, **fields):
    reward = make_reward(person)
    plan = Plan.objects.create(
        scheme=reward.scheme, version=1, document={"schema": 3}, published_at=NOON, published_by="x"
    )
    told = {"state": "ready", "ready_at": NOON, **fields}
    return Grant.objects.create(
        key="g-1", occasion=reward.occasion, scheme=reward.scheme, plan=plan, rule="advocate", side="advocate",
        person=person, kind="goods", promised_at=NOON, hold_until=NOON, **told,
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "how"), [(Occasion, SHARE), (Reward, UPDATE)])
def test_approving_a_reward(stopped, waiting, ada, kind, how):
    row = waiting.occasion if kind is Occasion else waiting

    assert stopped(row, how, lambda: approvals.approve([waiting.public_id], ada.user, NOON))
    assert Reward.objects.get().approved_at is None


def test_approving_a_grant(stopped, ben, ada):
    row = grant(ben.person, state="promised", ready_at=None, needs_approval=True)

    assert stopped(row, UPDATE, lambda: approvals.approve([row.public_id], ada.user, NOON))


def test_handing_a_grant_out(stopped, ben, ada):
    row = grant(ben.person)

    assert stopped(row, UPDATE, lambda: granting.mark_sent(row, ada.user, "", NOON))
    assert stopped(row.occasion, SHARE, lambda: granting.mark_sent(row, ada.user, "", NOON))


def test_releasing_early(stopped, ben):
    reward = make_reward(ben.person, available=False)

    assert stopped(reward, UPDATE, lambda: releasing.release_early(reward, ACTOR, "Soon", NOON))
    assert stopped(reward.occasion, SHARE, lambda: releasing.release_early(reward, ACTOR, "Soon", NOON))


@pytest.mark.parametrize("act", [batches.approve, batches.dissolve])
def test_closing_a_batch(stopped, ada, cleo, act):
    payout = requested(cleo)
    batch = batches.make(ada.user, LATER)

    assert stopped(payout, UPDATE, lambda: act(batch, ada.user, LATER))
    assert stopped(batch, SHARE, lambda: act(batch, ada.user, LATER))


def test_noting_that_somebody_was_paid(stopped, ada, cleo):
    batch = approved(ada, cleo)
    pay(LATER)
    payout = Payout.objects.get()

    assert stopped(payout, UPDATE, lambda: payouts_by_hand.mark_paid(payout, ada.user, LATER))
    assert stopped(payout, UPDATE, lambda: payouts_by_hand.mark_all_paid(batch, ada.user, LATER))
    assert Payout.objects.get().outcome == ""


def test_withdrawing_a_payout(stopped, cleo):
    payout = requested(cleo)

    assert stopped(payout, UPDATE, lambda: payouts.cancel(payout, ACTOR, NOON))
    assert stopped(payout, UPDATE, lambda: _within(payouts.cancel_all, [cleo.person.pk], NOON))
    assert Payout.objects.get().state == "requested"


def test_calling_something_off(stopped, cleo):
    make_reward(cleo.person, 1000, unit="PTS")
    item = make_item()
    taken = take(cleo, item)

    assert stopped(taken, UPDATE, lambda: redemptions.call_off(taken, ACTOR, NOON))
    assert stopped(item, SHARE, lambda: redemptions.call_off(taken, ACTOR, NOON))
    assert stopped(taken, UPDATE, lambda: _within(redemptions.call_off_all, [cleo.person.pk], NOON))
    assert Redemption.objects.get().state == "requested"


def test_taking_something(stopped, cleo):
    make_reward(cleo.person, 1000, unit="PTS")
    item = make_item()

    assert stopped(item, SHARE, lambda: take(cleo, item))
    assert stopped(cleo.person, SHARE, lambda: take(cleo, item))
    assert not Redemption.objects.exists()


def test_handing_something_out(stopped, cleo, ada):
    make_reward(cleo.person, 1000, unit="PTS")
    taken = take(cleo, make_item())
    fulfil()

    assert stopped(taken, UPDATE, lambda: by_hand.mark_arrived(taken, ada.user, "", NOON))
    assert stopped(taken, UPDATE, lambda: by_hand.take_up(ada.user, NOON))
    assert Redemption.objects.get().outcome == ""


def test_correcting(stopped, ben, ada):
    reward = make_reward(ben.person)
    told = {"person": ben.person.pk, "scheme": reward.scheme, "unit": reward.unit, "reward": reward}
    wanted = Wanted("take_away", 100, "A mistake", "t-1", **told)

    for row, how in ((reward, UPDATE), (reward.occasion, SHARE)):
        assert stopped(row, how, lambda: proposals.propose(wanted, ada.user, NOON))
    assert not Proposal.objects.exists()


def test_deciding_what_somebody_proposed(stopped, ben, ada):
    reward = make_reward(ben.person)
    told = {"person": ben.person.pk, "scheme": reward.scheme, "unit": "PTS"}
    proposal = proposals.propose(Wanted("award", 10**6, "For the photo", "t-1", **told), ada.user, NOON)

    assert stopped(proposal, UPDATE, lambda: proposals.decline(proposal, make_staff("eva").user, NOON))


def test_leaving(stopped, ben):
    reward = make_reward(ben.person)

    assert stopped(reward, UPDATE, lambda: _within(leaving.leave, [ben.person.pk], NOON))
    assert stopped(reward.occasion, SHARE, lambda: _within(leaving.leave, [ben.person.pk], NOON))


def test_asking_what_was_asked_before(stopped, ben):
    reward = make_reward(ben.person)

    def lock():
        return _within(occasions.lock, reward.occasion.kind, [reward.occasion.subject])

    assert stopped(reward.occasion, SHARE, lock)


def dispute(occasion):
    """A bank begins to look at the order."""
    Occasion.objects.filter(pk=occasion.pk).update(is_disputed=True)


def test_releases_nothing_early_of_an_order_that_a_bank_begins_to_look_at(meanwhile, ben):
    reward = make_reward(ben.person, available=False)

    ending = meanwhile(lambda: dispute(reward.occasion), lambda: releasing.release_early(reward, ACTOR, "Soon", NOON))

    assert isinstance(ending, releasing.UnderDispute)
    assert Reward.objects.get().on_hold == 1500


def test_releases_nothing_of_an_order_that_a_bank_begins_to_look_at(meanwhile, ben):
    reward = make_reward(ben.person, available=False, due_at=NOON)

    meanwhile(lambda: dispute(reward.occasion), lambda: releasing.release_due(NOON))

    assert Reward.objects.get().on_hold == 1500


def test_hands_nothing_out_of_an_order_that_a_bank_begins_to_look_at(meanwhile, ben, ada):
    row = grant(ben.person)

    ending = meanwhile(lambda: dispute(row.occasion), lambda: granting.mark_sent(row, ada.user, "", NOON))

    assert isinstance(ending, granting.GrantNotReady)
    assert Grant.objects.get().state == "ready"


def test_grants_nothing_of_an_order_that_a_bank_begins_to_look_at(meanwhile, ben):
    row = grant(ben.person, state="promised", ready_at=None, due_at=NOON)

    meanwhile(lambda: dispute(row.occasion), lambda: granting.grant_due(NOON))

    assert Grant.objects.get().state == "promised"


def test_takes_nothing_that_is_just_withdrawn(meanwhile, cleo):
    make_reward(cleo.person, 1000, unit="PTS")
    item = make_item()

    ending = meanwhile(lambda: Item.objects.filter(pk=item.pk).update(withdrawn_at=NOON), lambda: take(cleo, item))

    assert isinstance(ending, Refusal)
    assert not Redemption.objects.exists()
    assert Item.objects.get().taken == 0


def _within(act, *told):
    with transaction.atomic():
        return act(*told)
