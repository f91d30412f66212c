"""Whatever happens, in whatever order: every promise of the ledger holds after each step."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from advocates import suspending
from advocates.models import User
from customers import merging
from customers.models import Person
from customers.told import CaptureFact, CustomerFact, LineFact, OrderFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Conversion
from referrals.touches import Told
from rewards import awards, climbing, granting, leaving, lots, merges, proof, proposals, releasing, sealing, totals
from rewards.ladders import Ladder, Step
from rewards.models import Account, Occasion, Reward, Scheme, Standing, Transfer
from rewards.plans import Benefit, Cap, PlanDocument, Rule
from rewards.proposals import Wanted
from spine import events
from spine.refusal import Refusal
from tests.factories import NOON, make_advocate, make_link, make_program, make_source, make_staff
from tests.rewards import living
from tests.rewards.living import DAY

PLAN = PlanDocument(
    (
        Benefit("advocate", "credit", percent=1000, hold_days=14, expiry_days=60, minimum=50, maximum=2500),
        Benefit("friend", "points", fixed=333, hold_days=3),
    ),
    rules=(Rule("third", Benefit("advocate", "points", fixed=500), nth=3, group="bonus"),),
    caps=(Cap("person", 6, period="month"),),
    budget=20_000,
    ladder=Ladder("referrals", "rolling", 2, (Step("Silver", 1, 12_000), Step("Gold", 3, 20_000))),
)
WRITE_OFF = PlanDocument((Benefit("advocate", "cash", fixed=1500, hold_days=2, hold_from="capture"),), owed="write_off")
ACTOR = ("user", "ada")
AMOUNTS = st.sampled_from([1, 333, 3333, 5000, 10_000])
KEYS = st.integers(1, 4)


@dataclass
class World:
    """Where a run stands: the present, and how often anything was told."""

    at: object = NOON
    told: int = 0
    taken: list = field(default_factory=list)

    def stamp(self):
        """A later word of the shop than any before."""
        self.told += 1
        return self.at - DAY + timedelta(seconds=self.told)


def people():
    """Everybody, in an order that the ids, which are random, have no part in."""
    return [*Person.objects.filter(merged_into=None).order_by("advocate__username", "customers__key")]


def tell_order(world, key, amount):
    fact = OrderFact(
        "shop", f"o-{key}", "USD", NOON, (LineFact("1", "goods", amount),), customer=CustomerFact(f"c-{key}"),
        updated_at=world.stamp(),
    )  # fmt: skip
    intake.take_order(fact, Told(code=("BEN42", "EVE42")[key % 2]), world.at)


def capture(world, key, amount):
    fact = OrderFact(
        "shop", f"o-{key}", "USD", NOON, (LineFact("1", "goods", amount),), customer=CustomerFact(f"c-{key}"),
        captures=(CaptureFact("k", max(amount // 2, 1), NOON),), updated_at=world.stamp(),
    )  # fmt: skip
    intake.take_order(fact, Told(code=("BEN42", "EVE42")[key % 2]), world.at)


def refund(world, key, amount):
    living.refund(f"r-{amount}", amount, of=f"o-{key}", at=world.at, updated_at=world.stamp())


def refund_fails(world, key, amount):
    living.refund(f"r-{amount}", amount, of=f"o-{key}", at=world.at, status="failed", updated_at=world.stamp())


def dispute(world, key, amount):
    living.dispute("opened", f"d-{amount}", of=f"o-{key}", at=world.at, updated_at=world.stamp())


def win(world, key, amount):
    living.dispute("won", f"d-{amount}", of=f"o-{key}", at=world.at, updated_at=world.stamp())


def lose(world, key, amount):
    living.dispute("lost", f"d-{amount}", of=f"o-{key}", at=world.at, updated_at=world.stamp())


def pass_time(world, key, amount):
    world.at += key * 7 * DAY


def redeem(world, key, amount):
    person = people()[key % len(people())]
    unit = ("credit:USD", "PTS", "cash:USD")[key % 3]
    name = f"redemption:{len(world.taken)}"
    lots.take(person.pk, unit, max(amount // 20, 1), name, world.at)
    world.taken.append(name)


def arrive(world, key, amount):
    if world.taken:
        lots.arrive(world.taken[key % len(world.taken)], world.at)


def come_back(world, key, amount):
    if world.taken:
        lots.give_back(world.taken[key % len(world.taken)], world.at)


def release_early(world, key, amount):
    if reward := Reward.objects.filter(on_hold__gt=0).order_by("pk").first():
        releasing.release_early(reward, ACTOR, "", world.at)


def ask_again(world, key, amount):
    Occasion.objects.update(due_at=world.at)
    Reward.objects.update(due_at=world.at)
    Conversion.objects.update(due_at=world.at)


def ban(world, key, amount):
    suspending.suspend(people()[key % len(people())], ACTOR, "", world.at)


def unban(world, key, amount):
    suspending.lift(people()[key % len(people())], ACTOR, "", world.at)


def merge(world, key, amount):
    found = people()
    merging.merge(found[key % len(found)], found[(key + 1) % len(found)], ACTOR, world.at)


def correct(world, key, amount):
    """Take away, bring back or let go of what there is of it, or give something new."""
    kind = ("award", "take_away", "revive", "forgive")[key % 4]
    world.told += 1
    reward = (
        None
        if kind == "award"
        else Reward.objects.order_by("pk")[world.told % max(Reward.objects.count(), 1) :].first()
    )
    most = proposals.most(reward, kind) if reward else amount
    told = {} if reward else {"person": people()[0].pk, "scheme": Scheme.objects.order_by("pk")[0], "unit": "PTS"}
    if reward or kind == "award":
        wanted = Wanted(kind, max(1, min(most, amount)), "A mistake.", f"w-{world.told}", reward=reward, **told)
        proposals.propose(wanted, User.objects.get(email="ada@example.com"), world.at)


def promote(world, key, amount):
    """Let the present tiers be looked at, and found to be what a fresh look finds."""
    Standing.objects.update(due_at=world.at)
    climbing.climb_due(world.at)


def erase(world, key, amount):
    leaving.leave([people()[key % len(people())].pk], world.at)


ACTIONS = [
    tell_order, capture, refund, refund_fails, dispute, win, lose, pass_time, redeem, arrive, come_back, release_early,
    ask_again, ban, unban, merge, correct, promote, erase,
]  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), KEYS, AMOUNTS), min_size=1, max_size=20)


def sweep(at):
    """Every sweep until none of them has anything to do."""
    for _round in range(20):
        sweeps = (
            attribution.decide_due, awards.award_due, releasing.release_due, granting.grant_due, events.number,
            merges.follow, climbing.climb_due, sealing.seal, totals.tally,
        )  # fmt: skip
        if not sum(each(at) for each in sweeps):
            return
    raise AssertionError("the sweeps never come to rest")


def assert_accounts_add_up():
    """Every balance is the sum of its transfers, and every reward is where they brought it."""
    sums = Counter()
    for source, target, amount in Transfer.objects.values_list("source", "target", "amount"):
        sums[source] -= amount
        sums[target] += amount
    held = Account.objects.filter(balance__isnull=False).values_list("pk", "balance")
    assert {pk: balance for pk, balance in held if balance} == {pk: sums[pk] for pk, _balance in held if sums[pk]}
    assert min([balance for _pk, balance in held], default=0) >= 0


def play(steps):
    """Play a run and take it all back; what the ledger said in the end."""
    with transaction.atomic():
        world = World()
        for action, key, amount in steps:
            try:
                with transaction.atomic():
                    action(world, key, amount)
            except Refusal:
                pass
            sweep(world.at)
            assert_accounts_add_up()
        assert [str(finding) for finding in proof.verify()] == []
        rows = Transfer.objects.order_by("pk").values_list(
            "act", "unit", "amount", "source__kind", "target__kind", "at"
        )
        book = list(rows)
        transaction.set_rollback(True)
    return book


class TestMachine(TestCase):
    plan = PLAN

    @classmethod
    def setUpTestData(cls):
        make_source("shop")
        make_staff("ada", "program manager")
        for name, plan in (("ben", PLAN), ("eve", WRITE_OFF)):
            make_link(make_program(name, plan=plan), make_advocate(name), f"{name.upper()}42")

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_keeps_every_promise(self, steps):
        play(steps)

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_books_the_same_when_it_is_played_again(self, steps):
        assert play(steps) == play(steps)


def facts():
    """Two orders and what became of them, each told once and dated by the shop."""
    day = NOON - DAY
    order = OrderFact("shop", "o-1", "USD", day, (LineFact("1", "goods", 9999),), customer=CustomerFact("c-1"))
    found = [lambda at, order=order: intake.take_order(order, Told(code="BEN42"), at)]
    found += [
        lambda at: living.refund("r-1", 3333, of="o-1", at=day),
        lambda at: living.refund("r-2", 3333, of="o-1", at=day),
        lambda at: living.refund("r-2", 3333, of="o-1", at=day, status="failed"),
        lambda at: living.dispute("opened", of="o-2", at=day),
        lambda at: living.dispute("won", of="o-2", at=day),
    ]
    other = OrderFact("shop", "o-2", "USD", day, (LineFact("1", "goods", 5000),), customer=CustomerFact("c-2"))
    found.append(lambda at: intake.take_order(other, Told(code="BEN42"), at))
    return found


class TestPermutation(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_source("shop")
        plan = PlanDocument((Benefit("advocate", "credit", percent=1000, hold_days=14),))
        make_link(make_program("ben", plan=plan), make_advocate("ben"), "BEN42")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_comes_to_the_same_balances_in_any_order(self, data):
        order = data.draw(st.permutations(range(len(facts()))))
        again = data.draw(st.lists(st.sampled_from(range(len(facts()))), max_size=4))
        with transaction.atomic():
            for number in [*order, *again]:
                facts()[number](NOON)
                if data.draw(st.booleans()):
                    sweep(NOON)
            sweep(NOON)
            found = sorted(Reward.objects.values_list("amount", "on_hold", "reversed"))
            held = sum(Account.objects.filter(kind="on_hold").values_list("balance", flat=True))
            transaction.set_rollback(True)

        assert found == [(500, 500, 0), (1000, 667, 333)]
        assert held == 1167
