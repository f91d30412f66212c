import pytest
from django.apps import apps

from advocacy_platform import privacy
from advocates.staff import party
from rewards import lots, proof
from rewards.models import Account, Reward, Transfer
from rewards.plans import Benefit, PlanDocument
from tests.factories import NOON, make_reward
from tests.rewards.living import DAY, balances, follow, open_program, order, refund


def places(advocate):
    rows = Reward.objects.filter(person=advocate.person).order_by("pk")
    return [(row.state, row.amount) for row in rows]


@pytest.fixture
def rich(ben):
    """Ben, with something promised, something free, something in flight and something owed."""
    ben.display_name = "Ben-telltale"
    ben.save(update_fields=["display_name"])
    open_program(ben)
    order("1000")
    order("1001", at=NOON + 13 * DAY)
    follow(NOON + 14 * DAY)
    lots.take(ben.person.pk, "credit:USD", 1000, "test:1", NOON + 14 * DAY)
    lots.arrive("test:1", NOON + 14 * DAY)
    refund("r-1", 10_000, of="1000", at=NOON + 14 * DAY)
    make_reward(ben.person, 700, at=NOON)
    make_reward(ben.person, 500, unit="PTS", at=NOON)
    lots.take(ben.person.pk, "PTS", 300, "test:2", NOON + 14 * DAY)
    return ben


def test_what_somebody_held_ends_with_them_and_the_book_adds_up(rich):
    at = NOON + 15 * DAY
    assert balances(rich.person) == {"available": 700, "owed": 1000, "on_hold": 1000}

    privacy.erase(rich.person, party(rich.user), at)
    follow(at)
    lots.give_back("test:2", at)
    follow(NOON + 60 * DAY)

    held = Account.objects.filter(person=rich.person, balance__gt=0)
    assert list(held) == []
    assert places(rich) == [("written_off", 1000), ("expired", 1000), ("expired", 700), ("expired", 500)]
    assert [str(finding) for finding in proof.verify()] == []


def test_no_word_about_them_is_left_in_the_book(rich):
    privacy.erase(rich.person, party(rich.user), NOON + 15 * DAY)

    told = str([list(model.objects.values()) for model in apps.get_app_config("rewards").get_models()])
    assert "telltale" not in told
    assert "ben@example.com" not in told
    assert Transfer.objects.filter(reward__person=rich.person).count() > 5


def test_a_refund_after_they_left_takes_nothing_from_anybody(rich, cleo):
    at = NOON + 15 * DAY
    privacy.erase(rich.person, party(rich.user), at)
    follow(at)

    refund("r-2", 10_000, of="1001", at=at)
    follow(NOON + 60 * DAY)

    assert places(rich)[1] == ("reversed", 1000)
    assert [str(finding) for finding in proof.verify()] == []


def test_what_waits_for_a_yes_does_not_wait_for_ever(ben, ada):
    open_program(ben, PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=3, needs_approval=True),)))
    order("1000")

    privacy.erase(ben.person, party(ben.user), NOON)
    follow(NOON)
    follow(NOON + 4 * DAY)

    assert places(ben) == [("expired", 1500)]
