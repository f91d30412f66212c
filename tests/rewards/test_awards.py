from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from customers import merging
from customers.told import CaptureFact, LineFact, RefundLineFact
from referrals.models import Conversion
from rewards import awards, lots, releasing
from rewards.models import Award, Count, Occasion, Reward, Transfer
from rewards.plans import Benefit, Cap, PlanDocument, Rule
from spine.models import AuditEntry, Event
from tests.factories import NOON, TERMS, make_terms
from tests.rewards.living import (
    DAY,
    SHARE,
    balances,
    dispute,
    follow,
    open_program,
    order,
    refund,
    taken_back,
)

LATER = NOON + 14 * DAY
FIXED = Benefit("advocate", "credit", fixed=1500, hold_days=14)
POINTS = PlanDocument((Benefit("advocate", "points", fixed=100),))


def spend(person, amount, name="redemption:1", at=LATER, unit="credit:USD"):
    with transaction.atomic():
        lots.take(person.pk, unit, amount, name, at)
    with transaction.atomic():
        lots.arrive(name, at)


def test_promises_waits_and_releases(ben):
    open_program(ben)

    order()

    reward = Reward.objects.get()
    assert (reward.person, reward.unit, reward.amount, reward.hold_until) == (ben.person, "credit:USD", 1000, LATER)
    assert balances(ben.person) == {"on_hold": 1000}
    follow(LATER - timedelta(microseconds=1))
    assert balances(ben.person) == {"on_hold": 1000}
    assert Occasion.objects.get().final_at is None

    follow(LATER)

    assert balances(ben.person) == {"available": 1000}
    assert Occasion.objects.get().final_at == LATER


def test_tells_of_every_change(ben):
    open_program(ben)
    order()
    follow(LATER)
    refund("r-1", 3000, at=LATER)

    told = list(Event.objects.filter(subject_kind="reward").order_by("pk").values_list("name", "payload__version"))
    assert told == [("reward.promised", 1), ("reward.available", 2), ("reward.reversed", 3)]
    audited = AuditEntry.objects.filter(subject_kind="reward").order_by("pk").values_list("verb", flat=True)
    assert list(audited) == ["reward.promised", "reward.available", "reward.reversed"]


def test_takes_back_the_share_of_each_refund(ben):
    open_program(ben, SHARE)
    order(amount=1000)
    assert Reward.objects.get().amount == 100

    refund("r-1", 300)
    assert balances(ben.person) == {"on_hold": 70}
    refund("r-1", 300)
    assert balances(ben.person) == {"on_hold": 70}
    refund("r-2", 700)

    assert balances(ben.person) == {}
    assert Reward.objects.get().state == "reversed"
    assert list(Transfer.objects.filter(act="take_back").order_by("pk").values_list("amount", flat=True)) == [30, 70]


def test_takes_back_the_same_whatever_comes_first(ben):
    open_program(ben, SHARE)
    refund("r-2", 700)
    refund("r-1", 200)

    order(amount=1000)

    assert balances(ben.person) == {"on_hold": 10}


def test_rounds_three_refunds_to_the_whole(ben):
    open_program(ben, POINTS)
    order(amount=9999)
    follow(NOON)

    found = []
    for number in (1, 2, 3):
        refund(f"r-{number}", 3333)
        found.append(taken_back()[0])
    assert found == [33, 67, 100]

    refund("r-2", 3333, status="failed")

    assert taken_back() == [67]
    assert balances(ben.person, "PTS") == {"available": 33}
    refund("r-4", 3333)
    assert taken_back() == [100]


def test_what_was_spent_becomes_owed_and_is_paid_from_the_next(ben):
    open_program(ben)
    order()
    follow(LATER)
    spend(ben.person, 1000)

    refund("r-1", 4000, at=LATER)

    assert balances(ben.person) == {"owed": 400}
    assert Reward.objects.get().state == "owed"
    order("1002", 10_000, at=LATER)
    assert balances(ben.person) == {"owed": 400, "on_hold": 1000}

    follow(LATER + 14 * DAY)

    assert balances(ben.person) == {"available": 600}
    old, new = Reward.objects.order_by("pk")
    assert (old.redeemed, old.reversed, old.owed) == (600, 400, 0)
    assert (new.redeemed, new.available) == (400, 600)


def test_gives_back_what_was_netted_when_the_refund_fails(ben):
    open_program(ben)
    order()
    follow(LATER)
    spend(ben.person, 1000)
    refund("r-1", 4000, at=LATER)
    order("1002", 10_000, at=LATER)
    follow(LATER + 14 * DAY)

    refund("r-1", 4000, status="failed", at=LATER + 14 * DAY)

    assert balances(ben.person) == {"available": 1000}
    assert taken_back() == [0, 0]


def test_owes_nothing_where_the_plan_gives_it_up(ben):
    open_program(ben, replace(SHARE, owed="write_off"))
    order()
    follow(LATER)
    spend(ben.person, 1000)

    refund("r-1", 4000, at=LATER)

    assert balances(ben.person) == {}
    assert (Reward.objects.get().redeemed, Reward.objects.get().written_off) == (600, 400)
    refund("r-1", 4000, at=LATER, status="failed")
    assert Reward.objects.get().redeemed == 1000


def test_waits_for_what_is_in_flight(ben):
    open_program(ben)
    order()
    follow(LATER)
    with transaction.atomic():
        lots.take(ben.person.pk, "credit:USD", 1000, "redemption:1", LATER)

    refund("r-1", 10_000, at=LATER)
    assert balances(ben.person) == {"in_flight": 1000}
    with transaction.atomic():
        lots.give_back("redemption:1", LATER)
    follow(LATER)

    assert balances(ben.person) == {}
    assert taken_back() == [1000]


def test_freezes_restores_and_reverses_by_disputes(ben):
    open_program(ben)
    order()
    follow(LATER)

    dispute("opened", at=LATER)
    dispute("opened", at=LATER)
    assert balances(ben.person) == {"on_hold": 1000}
    dispute("won", at=LATER)
    assert balances(ben.person) == {"available": 1000}
    dispute("opened", "d-2", at=LATER)
    dispute("lost", "d-2", at=LATER)

    assert balances(ben.person) == {}
    assert taken_back() == [1000]


def test_a_dispute_before_the_release_holds_it(ben):
    open_program(ben)
    order()
    dispute("opened")

    follow(LATER)
    assert balances(ben.person) == {"on_hold": 1000}
    dispute("won", at=LATER)

    assert balances(ben.person) == {"available": 1000}


def test_gives_what_is_worth_more_on_this_order(ben):
    half = Rule("half", Benefit("advocate", "credit", percent=5000))
    open_program(ben, PlanDocument((Benefit("advocate", "credit", fixed=500),), rules=(half,)))

    order(amount=10_000)

    assert list(Reward.objects.values_list("rule", "amount")) == [("half", 5000)]
    codes = {line["rule"]: line["code"] for line in Award.objects.get().trace["rules"]}
    assert codes == {"advocate": "another_is_worth_more", "half": "given"}


def test_compares_points_by_their_worth(ben):
    cheap = Rule("points", Benefit("advocate", "points", fixed=4000))
    open_program(ben, PlanDocument((Benefit("advocate", "credit", fixed=500),), rules=(cheap,), points_worth=10))

    order()

    assert Reward.objects.get().unit == "credit:USD"


def test_rewards_both_sides_and_keeps_a_friend_who_has_not_joined(ben):
    open_program(ben, PlanDocument((FIXED, Benefit("friend", "points", fixed=50))))

    order()

    friend = Conversion.objects.get().referred_person
    assert balances(friend, "PTS") == {"available": 50}
    assert balances(ben.person) == {"on_hold": 1500}


def test_books_only_the_difference_of_a_changed_amount(ben):
    open_program(ben)
    order(amount=10_000, updated_at=NOON)

    order(amount=8000, updated_at=NOON + timedelta(minutes=1), at=NOON)

    assert balances(ben.person) == {"on_hold": 800}
    assert [(reward.amount, reward.taken_back) for reward in Reward.objects.order_by("pk")] == [(1000, 1000), (800, 0)]


def test_keeps_a_reward_whose_amount_is_the_same(ben):
    open_program(ben, PlanDocument((FIXED,)))
    order(amount=10_000, updated_at=NOON)

    order(amount=8000, updated_at=NOON + timedelta(minutes=1), at=NOON)

    assert [(reward.amount, reward.taken_back) for reward in Reward.objects.all()] == [(1500, 0)]
    assert Transfer.objects.count() == 1


def test_settles_a_late_edit_like_a_refund(ben):
    open_program(ben)
    order(amount=10_000, updated_at=NOON)
    follow(LATER)

    order(amount=7500, updated_at=NOON + timedelta(minutes=1), at=NOON)
    follow(LATER)

    assert balances(ben.person) == {"available": 750}
    assert Reward.objects.get().amount == 1000


def test_counts_only_captured_money_and_waits_from_there(ben):
    held = Benefit("advocate", "credit", percent=1000, hold_days=14, hold_from="capture")
    open_program(ben, PlanDocument((held,)))

    order(amount=10_000, captures=(CaptureFact("k-1", 4000, NOON - 3 * DAY),), at=NOON)

    reward = Reward.objects.get()
    assert (reward.amount, reward.hold_until) == (400, NOON + 11 * DAY)


def test_takes_back_by_the_lines_that_a_refund_names(ben):
    open_program(ben)
    lines = (LineFact("1", "goods", 8000), LineFact("2", "shipping", 2000))
    order(lines=lines)
    assert Reward.objects.get().amount == 800

    refund("r-1", 2000, lines=(RefundLineFact("2", 2000),))
    assert taken_back() == [0]
    refund("r-2", 4000, lines=(RefundLineFact("1", 4000),))

    assert taken_back() == [400]


def test_books_only_the_difference_of_a_corrected_refund(ben):
    open_program(ben)
    order()
    refund("r-1", 3000, updated_at=NOON)

    refund("r-1", 5000, updated_at=NOON + timedelta(minutes=1))
    assert taken_back() == [500]
    refund("r-1", 2000, updated_at=NOON + timedelta(minutes=2))

    assert taken_back() == [200]
    assert balances(ben.person) == {"on_hold": 800}


def test_a_promise_stands_when_the_plan_changes(ben):
    link = open_program(ben)
    order()

    make_terms(link.program, TERMS, PlanDocument((replace(FIXED, fixed=1),)), at=NOON + DAY)
    follow(LATER)

    assert balances(ben.person) == {"available": 1000}


@pytest.mark.parametrize(
    ("cap", "given"),
    [
        (Cap("person", 2), 2),
        (Cap("scheme", 3), 3),
        (Cap("person", 2, period="day"), 4),
        (Cap("person", 3500, counts="worth"), 3),
        (Cap("person", 1, side="friend"), 5),
    ],
)
def test_gives_nothing_above_a_cap(ben, cap, given):
    open_program(ben, replace(SHARE, caps=(cap,)))

    for number in range(5):
        order(f"10{number}", at=NOON if number < 3 else NOON + DAY)

    assert Reward.objects.count() == given
    codes = [line["code"] for trace in Award.objects.values_list("trace", flat=True) for line in trace["rules"]]
    assert (codes.count("given"), codes.count("cap_used_up")) == (given, 5 - given)


def test_gives_nothing_above_the_budget(ben):
    open_program(ben, replace(SHARE, budget=2500))

    for number in range(4):
        order(f"10{number}")

    assert Reward.objects.count() == 2
    assert Count.objects.get(name="budget").used == 2000


def test_a_withdrawn_reward_gives_its_budget_back(ben):
    open_program(ben, replace(SHARE, budget=1000))
    order(amount=10_000, updated_at=NOON)
    order("1002")

    order(amount=1000, updated_at=NOON + timedelta(minutes=1), at=NOON)

    assert Count.objects.get(name="budget").used == 100
    assert balances(ben.person) == {"on_hold": 100}


def test_counts_the_nth(ben):
    third = Rule("third", Benefit("advocate", "points", fixed=500), nth=3, group="bonus")
    open_program(ben, replace(SHARE, rules=(third,)))

    for number in range(4):
        order(f"10{number}", at=NOON + timedelta(minutes=number))

    assert [reward.occasion_id for reward in Reward.objects.filter(rule="third")] == [
        Occasion.objects.order_by("at")[2].pk
    ]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"goals": ("signup",)}, "other_goal"),
        ({"at_least": 10_001}, "below_amount"),
        ({"countries": ("DE",)}, "other_country"),
        ({"trigger": "event"}, "other_trigger"),
        ({"nth": 2}, "other_place_in_line"),
    ],
)
def test_says_why_a_rule_gave_nothing(ben, rule, code):
    open_program(ben, PlanDocument(rules=(Rule("one", FIXED, **rule),)))

    order()

    assert [line["code"] for line in Award.objects.get().trace["rules"]] == [code]
    assert not Reward.objects.exists()


def test_expires_what_was_not_used(ben):
    open_program(ben, PlanDocument((replace(FIXED, expiry_days=30),)))
    order()
    follow(LATER)
    assert Reward.objects.get().expires_at == LATER + 30 * DAY

    follow(LATER + 30 * DAY - timedelta(microseconds=1))
    assert balances(ben.person) == {"available": 1500}
    follow(LATER + 30 * DAY)

    assert balances(ben.person) == {}
    assert Reward.objects.get().state == "expired"
    refund("r-1", 10_000, at=LATER + 30 * DAY)
    assert (Reward.objects.get().expired, taken_back()) == (0, [1500])


@pytest.mark.parametrize("ends", [lots.arrive, lots.give_back])
def test_what_is_in_flight_when_it_would_expire_ends_once(ben, ends):
    open_program(ben, PlanDocument((replace(FIXED, expiry_days=30),)))
    order()
    follow(LATER)
    with transaction.atomic():
        lots.take(ben.person.pk, "credit:USD", 1500, "redemption:1", LATER)
    follow(LATER + 40 * DAY)
    assert balances(ben.person) == {"in_flight": 1500}

    with transaction.atomic():
        ends("redemption:1", LATER + 40 * DAY)
    follow(LATER + 40 * DAY)

    assert balances(ben.person) == {}
    assert Reward.objects.get().state == ("redeemed" if ends is lots.arrive else "expired")


def test_waits_for_an_approval(ben):
    open_program(ben, PlanDocument((replace(FIXED, needs_approval=True),)))
    order()

    follow(LATER + 100 * DAY)

    assert balances(ben.person) == {"on_hold": 1500}
    with pytest.raises(releasing.WaitsForApproval):
        releasing.release_early(Reward.objects.get(), ("user", "ada"), "", NOON)


def test_a_person_releases_early(ben):
    open_program(ben)
    order()

    releasing.release_early(Reward.objects.get(), ("user", "ada"), "A good friend of ours.", NOON + DAY)

    assert balances(ben.person) == {"available": 1000}
    entry = AuditEntry.objects.get(verb="reward.released_early")
    assert (entry.actor_id, entry.reason.text) == ("ada", "A good friend of ours.")
    with pytest.raises(releasing.NothingOnHold):
        releasing.release_early(Reward.objects.get(), ("user", "ada"), "Again", NOON + DAY)
    assert balances(ben.person) == {"available": 1000}


def test_releases_nothing_early_that_a_bank_looks_at(ben):
    open_program(ben)
    order()
    dispute("opened")

    with pytest.raises(releasing.UnderDispute):
        releasing.release_early(Reward.objects.get(), ("user", "ada"), "", NOON)

    assert balances(ben.person) == {"on_hold": 1000}


def test_news_of_the_order_come_before_its_release(ben):
    open_program(ben)
    order()
    Occasion.objects.update(due_at=LATER + DAY)

    releasing.release_due(LATER)
    assert balances(ben.person) == {"on_hold": 1000}
    with pytest.raises(releasing.NewsFirst):
        releasing.release_early(Reward.objects.get(), ("user", "ada"), "", NOON)


def test_asks_in_a_constant_number_of_queries(ben, django_assert_max_num_queries):
    open_program(ben)
    for number in range(10):
        order(f"10{number}")
    Occasion.objects.update(due_at=NOON)

    with django_assert_max_num_queries(32):
        awards.award_due(NOON)


def test_earns_once_however_often_it_is_asked(ben):
    open_program(ben)
    order()
    for _round in range(3):
        Occasion.objects.update(due_at=NOON)
        Reward.objects.update(due_at=NOON)
        follow(NOON)

    assert Reward.objects.count() == Transfer.objects.count() == Award.objects.count() == 1


def test_follows_whom_somebody_was_merged_into(ben, cleo):
    open_program(ben)
    merging.merge(ben.person, cleo.person, ("user", "ada"), NOON)

    order()

    assert Reward.objects.get().person == cleo.person
