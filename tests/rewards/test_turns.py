"""Each act waits its turn: while another transaction holds a row that it has to hold, it does not go on.

A row is held so that only whoever asks for it is stopped. `FOR KEY SHARE` stops a `FOR UPDATE` and no plain update;
`FOR SHARE` also stops a `FOR NO KEY UPDATE`, and tells of rows that the act itself does not change.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from customers import merging
from customers.models import Person
from rewards import approvals, climbing, errands, granting, leaving, ledger, merges, occasions, proposals, releasing
from rewards.cash import batches, paying, payouts
from rewards.cash import by_hand as payouts_by_hand
from rewards.catalogue import by_hand, fulfilling, redemptions
from rewards.ledger import Owner
from rewards.models import Account, Grant, Item, Occasion, Payout, Plan, Proposal, Redemption, Reward, Standing
from rewards.proposals import Wanted
from spine import events
from spine.refusal import Refusal
from tests.factories import NOON, make_reward, make_staff
from tests.rewards.cash.cash import ACTOR, BANK, LATER, Bank, approved, enter, pay, requested
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
def waits_first():
    """Whether an act that waits for the one row has not taken the other yet, as the order of all locks asks."""

    def run(row, how, act, later):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {type(row)._meta.db_table} WHERE id = %s {how}", [row.pk])
                ending = pool.submit(closing, act)
                wait_until(is_somebody_waiting)
                found = type(later).objects.filter(pk=later.pk).select_for_update(skip_locked=True)
                is_free = bool(list(found.values_list("pk")))
            ending.result(timeout=30)
        return is_free

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


def account(person):
    return Account.objects.get(person=person, kind="on_hold")


def test_leaves_in_the_order_of_all_locks(waits_first, ben):
    reward = make_reward(ben.person)

    act = partial(_within, leaving.leave, [ben.person.pk], NOON)

    assert waits_first(reward.occasion, SHARE, act, account(ben.person))


def test_merges_in_the_order_of_all_locks(waits_first, ben, cleo):
    reward = make_reward(cleo.person)
    merging.merge(cleo.person, ben.person, ACTOR, NOON)
    while events.number(NOON):
        pass

    assert waits_first(reward.occasion, SHARE, lambda: merges.follow(NOON), account(cleo.person))
    assert Reward.objects.get().person == ben.person


def test_ends_what_was_taken_in_the_order_of_all_locks(waits_first, cleo, ada):
    reward = make_reward(cleo.person, 1000, unit="PTS")
    item = make_item()
    taken = take(cleo, item)

    assert waits_first(item, SHARE, lambda: redemptions.call_off(taken, ACTOR, NOON), reward.occasion)
    taken = take(cleo, item)
    assert waits_first(reward.occasion, SHARE, lambda: redemptions.call_off(taken, ACTOR, NOON), account(cleo.person))
    assert set(Redemption.objects.values_list("state", flat=True)) == {"cancelled"}


def test_looks_at_tiers_in_the_order_of_their_keys(waits_first, ben, cleo):
    scheme = make_reward(ben.person).scheme
    heads = [ben.person, cleo.person]
    gone = [Person.objects.create(merged_into=head) for head in heads]
    first, second, *_rest = (
        Standing.objects.create(scheme=scheme, person=each, due_at=None) for each in (*heads, *gone)
    )
    # The first one now stands behind the second on the disk, where whoever takes them as they come finds it last.
    Standing.objects.filter(pk=first.pk).update(tier="x")

    act = partial(_within, climbing.merged, [person.pk for person in gone], NOON)

    assert waits_first(first, SHARE, act, second)


def test_leaves_a_payout_alone_that_was_taken_up_anew_meanwhile(meanwhile, ada, cleo):
    approved(ada, cleo)
    payout = Payout.objects.get()
    enter(cleo, "DE02 1203 0000 0000 2020 51", at=LATER)

    meanwhile(
        lambda: Payout.objects.filter(pk=payout.pk).update(lease=payout.lease + 1),
        lambda: errands.ask(payout, paying.DESK, LATER),
    )

    assert Payout.objects.get().state == "approved"


def test_leaves_a_redemption_alone_that_was_taken_up_anew_meanwhile(meanwhile, cleo):
    make_reward(cleo.person, 1000, unit="PTS")
    taken = take(cleo, make_item())
    Redemption.objects.update(call_off_at=NOON)
    taken.refresh_from_db()

    meanwhile(
        lambda: Redemption.objects.filter(pk=taken.pk).update(lease=taken.lease + 1),
        lambda: errands.ask(taken, fulfilling.DESK, NOON),
    )

    assert Redemption.objects.get().state == "requested"


def test_doubts_nothing_that_was_taken_up_anew_meanwhile(meanwhile, ada, cleo, settings):
    settings.PAYOUT_PROVIDER = BANK
    Bank.open()
    approved(ada, cleo)
    Payout.objects.update(asked_at=NOON)
    payout = Payout.objects.get()
    Bank.replies = [TimeoutError("the line went dead")]

    def ask():
        with pytest.raises(TimeoutError):
            errands.ask(payout, paying.DESK, LATER)

    meanwhile(lambda: Payout.objects.filter(pk=payout.pk).update(lease=payout.lease + 1), ask)

    assert (Payout.objects.get().state, Bank.asked) == ("approved", [("look_up", payout.key)])


def test_sees_what_was_made_while_it_waited(meanwhile, ben):
    """Whoever holds an owner sees the accounts that the one before made for them."""
    reward = make_reward(ben.person, available=False)
    owner = Owner.of(reward)

    def held():
        with transaction.atomic():
            return ledger.hold([owner]).balance(owner, "available")

    found = meanwhile(lambda: releasing.release_early(reward, ACTOR, "Soon", NOON), held)

    assert found == 1500


def _within(act, *told):
    with transaction.atomic():
        return act(*told)
