from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from advocates.models import Notice
from customers import merging
from customers.told import CustomerFact, LineFact, OrderFact
from referrals import intake
from referrals.models import Decision
from referrals.touches import Told
from rewards import climbing, letters, merges, tiers
from rewards.catalogue import items
from rewards.ladders import BadLadder, Ladder, Step
from rewards.models import Occasion, Reward, Standing
from rewards.plans import Benefit, PlanDocument
from rewards.tiers import Deed
from spine import events
from spine.models import Event
from tests.conftest import sign_in
from tests.factories import NOON, make_link, make_reward
from tests.rewards.catalogue.shelf import ACTOR, make_item, take
from tests.rewards.living import DAY, follow, open_program, order, refund

STEPS = (Step("Silver", 2), Step("Gold", 4, 15_000, "Coffee first"))
ROLLING = Ladder("referrals", "rolling", 3, STEPS)
YEARLY = Ladder("referrals", "calendar", 12, STEPS)
PLAN = PlanDocument((Benefit("advocate", "credit", fixed=1000, hold_days=14),), ladder=ROLLING)


def on(year, month, day, hour=12):
    return datetime(year, month, day, hour, tzinfo=UTC)


def deeds(*instants):
    return [Deed(at, 1) for at in instants]


def place(ladder, done, at):
    found = tiers.place(ladder, done, at)
    return found.step.name if found.step else "", found.amount, found.missing, found.by


def test_counts_what_was_done_within_a_rolling_period():
    done = deeds(on(2026, 1, 31), on(2026, 3, 1), on(2026, 3, 2), on(2026, 3, 3))

    assert place(ROLLING, done, on(2026, 1, 31)) == ("", 0, 0, None)
    assert place(ROLLING, done, on(2026, 3, 4)) == ("Gold", 4, 1, on(2026, 4, 30))
    # The 31st of a month that has 30 days is its last day.
    assert place(ROLLING, done, on(2026, 4, 30) - timedelta(microseconds=1))[0] == "Gold"
    assert place(ROLLING, done, on(2026, 4, 30)) == ("Silver", 3, 1, on(2026, 6, 2))
    assert place(ROLLING, done, on(2026, 6, 3)) == ("", 0, 0, None)
    assert tiers.place(ROLLING, done, on(2026, 4, 30)).to_next == 1


def test_a_tier_of_the_calendar_holds_until_the_end_of_the_next_stretch():
    done = deeds(*[on(2026, month, 1) for month in (1, 2, 3, 4)], on(2027, 5, 1))

    assert place(YEARLY, done, on(2026, 4, 2)) == ("Gold", 4, 0, None)
    assert place(YEARLY, done, on(2027, 1, 1)) == ("Gold", 0, 4, on(2028, 1, 1, 0))
    assert place(YEARLY, done, on(2027, 6, 1)) == ("Gold", 1, 3, on(2028, 1, 1, 0))
    assert place(YEARLY, done, on(2028, 1, 1)) == ("", 0, 0, None)
    assert tiers.changes_at(YEARLY, done, on(2026, 4, 2)) == on(2027, 1, 1, 0)


def test_months_are_those_of_the_place():
    auckland = replace(YEARLY, zone="Pacific/Auckland")
    new_year = datetime(2027, 1, 1, tzinfo=ZoneInfo("Pacific/Auckland"))
    done = deeds(new_year - timedelta(microseconds=1), new_year)

    assert place(auckland, done, new_year + DAY) == ("", 1, 0, None)
    assert place(YEARLY, done, new_year + DAY)[1] == 0
    with pytest.raises(BadLadder):
        replace(YEARLY, zone="Nowhere/Land")


moments = st.integers(0, 900).map(lambda day: on(2025, 1, 1) + timedelta(days=day, hours=day % 24))


@given(st.lists(st.tuples(moments, st.integers(0, 3)), max_size=12), moments, st.sampled_from([ROLLING, YEARLY]))
def test_a_step_holds_until_it_is_said_to_change(done, at, ladder):
    theirs = [Deed(*each) for each in done]
    step, changes = tiers.place(ladder, theirs, at).step, tiers.changes_at(ladder, theirs, at)
    past = [deed for deed in theirs if deed.at < at]

    for days in range(0, 800, 7):
        later = at + timedelta(days=days)
        if changes is None or later < changes:
            assert tiers.place(ladder, theirs, later).step == step
    by = tiers.place(ladder, past, at).by
    if by:
        missing = tiers.place(ladder, past, at).missing
        kept = [*past, Deed(by - timedelta(microseconds=1), missing)]
        assert tiers.place(ladder, kept, by).step.threshold >= step.threshold
        short = [*past, Deed(by - timedelta(microseconds=1), missing - 1)]
        lost = tiers.place(ladder, short, by).step
        assert lost is None or lost.threshold < step.threshold


@given(st.lists(moments, max_size=10), moments)
def test_nothing_before_its_beginning_counts(done, at):
    for ladder in (ROLLING, YEARLY):
        begin = tiers.since(ladder, at)
        late = [each for each in done if each >= begin]
        assert tiers.place(ladder, deeds(*done), at).step == tiers.place(ladder, deeds(*late), at).step


def standing(advocate):
    row = Standing.objects.filter(person=advocate.person).first()
    return (row.tier, row.moved_at, row.version, row.due_at) if row else None


def test_climbs_by_what_counts_and_pays_by_the_tier_at_the_order(ben):
    open_program(ben, PLAN)
    for number in range(5):
        order(f"100{number}", at=NOON + number * DAY)

    assert list(Reward.objects.order_by("pk").values_list("amount", flat=True)) == [1000, 1000, 1000, 1000, 1500]
    told = Decision.objects.order_by("pk").values_list("trace__inputs__tier", flat=True)
    assert list(told) == [None, None, "Silver", "Silver", "Gold"]
    assert standing(ben)[:3] == ("Gold", NOON + 4 * DAY, 2)
    names = list(Event.objects.filter(name__startswith="tier.").order_by("pk").values_list("name", "payload__tier"))
    assert names == [("tier.raised", "Silver"), ("tier.raised", "Gold")]


def test_orders_decided_together_see_each_other(ben):
    open_program(ben, PLAN)
    for number in range(5):
        at = NOON - (5 - number) * DAY
        lines = (LineFact("1", "goods", 5000),)
        fact = OrderFact("shop", f"{number}", "USD", at, lines, customer=CustomerFact(f"c-{number}"))
        intake.take_order(fact, Told(code="BEN42"), NOON)
    follow(NOON)

    tiers_told = Occasion.objects.order_by("at").values_list("tier", flat=True)
    assert list(tiers_told) == ["", "", "Silver", "Silver", "Gold"]


def test_an_order_that_is_paid_back_in_full_does_not_count(ben):
    open_program(ben, PLAN)
    for number in range(4):
        order(f"100{number}")
    follow(NOON + DAY)
    assert standing(ben)[0] == "Gold"

    refund("r-1", 4000, of="1000", at=NOON + DAY)
    assert standing(ben)[0] == "Gold"
    refund("r-2", 6000, of="1000", at=NOON + DAY)

    assert standing(ben)[0] == "Silver"


def test_falls_when_what_counted_is_too_long_ago(ben):
    open_program(ben, PLAN)
    for number in range(2):
        order(f"100{number}")
    follow(NOON + DAY)
    assert standing(ben)[3] == datetime(2027, 2, 21, 12, tzinfo=UTC)

    follow(datetime(2027, 2, 21, 12, tzinfo=UTC))

    assert standing(ben)[0] == ""
    while events.number(NOON) or letters.tell(NOON):
        pass
    assert "You are not Silver any more: what you brought is too long ago to count." in set(
        Notice.objects.values_list("text", flat=True)
    )


def test_is_the_same_however_often_it_is_looked_at(ben):
    open_program(ben, PLAN)
    for number in range(3):
        order(f"100{number}")
    follow(NOON + DAY)
    before = standing(ben)[0], Event.objects.count()

    Standing.objects.update(due_at=NOON)
    follow(NOON + DAY)
    assert (standing(ben)[0], Event.objects.count()) == before

    Standing.objects.all().delete()
    climbing._begin({(Occasion.objects.first().scheme_id, ben.person.pk)}, NOON)
    follow(NOON + DAY)
    assert standing(ben)[0] == before[0]


def test_people_who_turn_out_to_be_one_climb_together(ben, cleo):
    link = open_program(ben, PLAN)
    make_link(link.program, cleo, "CLEO42")
    order("1000")
    order("1001", code="CLEO42")
    assert standing(ben)[0] == standing(cleo)[0] == ""

    merging.merge(cleo.person, ben.person, ACTOR, NOON)
    while events.number(NOON) or merges.follow(NOON):
        pass
    follow(NOON + DAY)

    assert standing(ben)[0] == "Silver"
    assert standing(cleo) is None


def test_falls_when_what_counted_turns_out_to_be_another_advocates(ben, cleo):
    link = open_program(ben, PLAN)
    make_link(link.program, cleo, "CLEO42")
    for number in range(2):
        order(f"100{number}", customer=CustomerFact(f"c-{number}"))
    follow(NOON + DAY)
    assert standing(ben)[0] == "Silver"

    # A code that is told later beats the one before.
    lines = (LineFact("1", "goods", 10_000),)
    at = NOON + timedelta(minutes=1)
    fact = OrderFact("shop", "1000", "USD", NOON, lines, customer=CustomerFact("c-0"), updated_at=at)
    intake.take_order(fact, Told(code="CLEO42"), at)
    follow(NOON + DAY)

    assert Occasion.objects.order_by("pk")[0].person_id == cleo.person.pk
    assert standing(ben)[0] == ""
    assert standing(cleo)[0] == ""


@pytest.mark.parametrize(("measure", "threshold"), [("revenue", 15_000), ("points", 300)])
def test_counts_revenue_or_points(ben, measure, threshold):
    points = Benefit("advocate", "points", fixed=150, hold_days=0)
    plan = PlanDocument((points,), ladder=Ladder(measure, "rolling", 3, (Step("Silver", threshold),)))
    open_program(ben, plan)
    order("1000")
    follow(NOON + DAY)
    assert standing(ben)[0] == ""

    order("1001")
    follow(NOON + DAY)

    assert standing(ben)[0] == "Silver"


def test_shows_what_keeps_and_what_raises_a_tier(ben, client):
    page = reverse("rewards:tier")
    browser = sign_in(ben)
    assert "No tiers yet" in browser.get(page).content.decode()
    open_program(ben, PLAN)
    for number in range(2):
        order(f"100{number}")
    Standing.objects.update(tier="Silver")

    said = " ".join(browser.get(page).content.decode().split())

    assert "You are Silver" in said
    assert "2 recommendations more makes you Gold." in said
    assert "2 recommendations more by Feb 21, 2027 keeps Silver." in said
    assert "1.5 times the reward, Coffee first" in said
    assert "keeps Silver" in browser.get(reverse("rewards:wallet")).content.decode()


def test_an_item_is_for_a_tier_and_those_above(ben):
    scheme = open_program(ben, PLAN).program.scheme
    make_reward(ben.person, 5000, unit="PTS")
    item = make_item(scheme=scheme, tier="Silver")
    with pytest.raises(items.OtherTier):
        take(ben, item)
    Standing.objects.create(scheme=scheme, person=ben.person, tier="Gold")

    assert take(ben, item).state == "requested"

    Standing.objects.update(tier="")
    with pytest.raises(items.OtherTier) as refusal:
        take(ben, item)
    assert str(refusal.value.detail) == "It is for Silver and above."
