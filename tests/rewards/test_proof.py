from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rewards import proof, sealing
from rewards.models import Account, Count, Reward, Seal, Transfer
from spine import guards
from spine.models import Event
from tests.factories import NOON
from tests.rewards.living import DAY, dispute, follow, open_program, order, refund


@pytest.fixture
def book(ben):
    """A ledger in which something happened, sealed, with its head told."""
    open_program(ben)
    for number in range(3):
        order(f"10{number}")
    refund("r-1", 3000, of="100")
    follow(NOON + 14 * DAY)
    refund("r-1", 3000, of="100", status="failed", at=NOON + 14 * DAY)
    dispute("opened", of="101", at=NOON + 14 * DAY)
    while sealing.seal(NOON + 14 * DAY):
        pass
    sealing.export_head(NOON + 14 * DAY)
    return ben


def found():
    return [str(finding) for finding in proof.verify()]


def changed(change):
    """Change rows behind the guards' back, as somebody with the database's password would."""
    with guards.lifted():
        change()
    return found()


def test_finds_nothing_in_an_honest_ledger(book):
    out = StringIO()

    call_command("verify_ledger", stdout=out)

    assert found() == []
    assert out.getvalue() == "Every balance follows from its transfers, and the seal is whole.\n"
    assert list(Seal.objects.values_list("sequence", flat=True)) == list(range(1, Transfer.objects.count() + 1))


@pytest.mark.parametrize("column", ["amount", "entry", "act", "unit", "number", "source_id", "reverses_id"])
def test_names_a_transfer_of_which_one_byte_was_changed(book, column):
    second = Transfer.objects.order_by("sequence")[1]
    value = getattr(second, column)
    other = {"amount": second.amount + 1, "number": 9, "reverses_id": Transfer.objects.first().pk}
    other |= {"source_id": Account.objects.exclude(pk__in=[second.source_id, second.target_id]).first().pk}

    named = changed(
        lambda: Transfer.objects.filter(pk=second.pk).update(**{column: other.get(column, f"{value}x"[:12])})
    )

    second.refresh_from_db()
    assert f"sealed_transfer_is_unchanged: 2: {second}" in named
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=StringIO())


def test_names_a_transfer_that_was_deleted(book):
    last = Transfer.objects.order_by("-sequence").first()

    named = changed(lambda: Transfer.objects.filter(pk=last.pk).delete())

    assert f"sealed_transfer_stands: {last.sequence}: transfer {last.pk} is gone" in named
    assert any(line.startswith("balance_is_the_sum") for line in named)
    assert any(line.startswith("reward_is_where_it_says") for line in named)


def test_names_a_seal_that_was_taken_out(book):
    assert changed(lambda: Seal.objects.filter(sequence=2).delete())[0] == "sealed_without_gap: 2 is missing"


def test_names_the_end_of_a_series_that_was_cut_off(book):
    last = Seal.objects.order_by("-sequence").first()

    def cut():
        Seal.objects.filter(pk=last.pk).delete()
        Transfer.objects.filter(pk=last.transfer_id).delete()

    assert any(line.startswith(f"told_head_stands: {last.sequence} ") for line in changed(cut))


def test_names_a_balance_that_does_not_follow(book):
    account = Account.objects.filter(kind="available", balance__gt=0).get()
    Account.objects.filter(pk=account.pk).update(balance=account.balance + 1)

    assert found() == [f"balance_is_the_sum: {account.key} says {account.balance + 1}, has {account.balance}"]


def test_names_a_reward_that_is_elsewhere(book):
    reward = Reward.objects.filter(available__gt=0).first()
    Reward.objects.filter(pk=reward.pk).update(available=0, redeemed=reward.available)

    assert found() == [f"reward_is_where_it_says: {reward.public_id}: available, redeemed"]


def test_names_a_count_that_is_no_recount(book):
    Count.objects.filter(name="budget").update(used=1)

    assert [line.split(":")[0] for line in found()] == ["count_is_a_recount"]


def test_seals_nothing_twice_and_leaves_no_gap(book):
    before = list(Seal.objects.values_list("sequence", "transfer_id", "digest"))
    assert sealing.seal(NOON) == 0

    order("200")
    assert sealing.unsealed_since(NOON + 2 * DAY) == 2 * DAY
    assert sealing.seal(NOON) == 1

    after = list(Seal.objects.order_by("sequence").values_list("sequence", "transfer_id", "digest"))
    assert after[:-1] == before
    assert after[-1][0] == len(before) + 1
    assert sealing.unsealed_since(NOON) is None


def test_tells_its_head_once_a_day(book):
    assert sealing.export_head(NOON + 14 * DAY) == 0
    assert sealing.export_head(NOON + 15 * DAY) == 1
    assert Event.objects.filter(name="ledger.sealed").count() == 2
