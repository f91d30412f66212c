"""The promise in public: facts in whatever order, twice or late, come to the same standing decisions."""

from dataclasses import replace

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.told import CaptureFact, CustomerFact, LineFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Conversion, Decision
from referrals.terms import PRESETS, TermsDocument
from referrals.touches import Told
from tests.factories import NOON, make_advocate, make_link, make_program, make_source, make_user
from tests.referrals.cast import DAY, MINUTE, NOTHING, customer, goods, lead, order, visit

FIRST = TermsDocument(precedence=PRESETS["first_touch"], signup=True, minimum_order=500)
MONTHS = TermsDocument(orders="months", order_months=1, window_days=14)
LAPSED = TermsDocument(new_customer="lapsed", lapsed_months=1, precedence=PRESETS["code_beats_link"])
SWEEP = "sweep"


def stage():
    """Three programs of one shop, and advocates in them."""
    make_source("shop")
    programs = [make_program(name, terms=terms) for name, terms in (("a", FIRST), ("b", MONTHS), ("c", LAPSED))]
    people = [make_advocate(name, user=make_user(f"{name}@example.com")) for name in ("ben", "cleo")]
    return {
        f"{who.username}-{program.name}": make_link(program, who, f"{who.username.upper()}-{program.name.upper()}")
        for program in programs
        for who in people
    }


def pool(links):
    """What the shop tells in the end: each fact may come at any time."""
    day = [NOON - days * DAY for days in range(60)]
    dan = customer("dan", "dan@gmail.com")
    first = order("1001", at=day[10], by=dan, updated_at=day[10])
    captured = order("1002", at=day[5], by=dan, captures=(), updated_at=day[5])
    eve = order("3002", at=day[6], by="eve", amount=4000, updated_at=day[6])
    return [
        (lead("l-1", at=day[20], by="dan"), visit(links["ben-a"], day[21], 1)),
        (lead("l-2", at=day[19], by="dan"), visit(links["cleo-a"], day[22], 2)),
        (first, Told(code="CLEO-B")),
        (replace(first, lines=goods(7000), updated_at=day[9]), visit(links["ben-b"], day[11], 3)),
        (replace(first, lines=goods(400), updated_at=day[8]), Told(code="BEN-A")),
        (captured, NOTHING),
        (replace(captured, updated_at=day[4], captures=(CaptureFact("k-1", 2000, day[4]),)), NOTHING),
        (
            replace(captured, updated_at=day[3], captures=(CaptureFact("k-2", 1000, day[3]),)),
            visit(links["ben-c"], day[6], 4),
        ),
        (
            order("1003", at=day[1], by=dan, lines=(LineFact("1", "goods", 900), LineFact("2", "discount", -100))),
            NOTHING,
        ),
        # Somebody else's record, and the same mailbox.
        (order("2001", at=day[12], by=customer("dan-2", "d.an+x@googlemail.com")), Told(code="BEN-B")),
        (order("2002", at=day[2], by=customer("dan-2", "d.an+x@googlemail.com")), visit(links["cleo-c"], day[3], 5)),
        (order("3001", at=day[8], by="eve", amount=0), Told(code="BEN-C")),
        (eve, visit(links["cleo-b"], day[7], 6)),
        (replace(eve, customer=customer("gus"), updated_at=day[5]), Told(code="CLEO-C")),
        (order("3003", at=day[6], by="eve", amount=1), visit(links["ben-b"], day[7], 7)),
        (order("4001", at=day[6], by=customer("b", "ben@example.com")), Told(code="BEN-A")),
        (order("5001", at=day[6], by=None), Told(code="CLEO-A")),
        (order("6001", at=day[6], by=CustomerFact("fay", first_order_at=day[40])), Told(code="BEN-C")),
        (order("6002", at=day[4], by=CustomerFact("fay", first_order_at=day[30])), Told(code="BEN-A")),
        (order("7001", at=day[6], by=customer("hal", "hal@mailinator.com")), Told(code="BEN-A")),
        (lead("l-3", at=day[3], by="hal", goal="qualified_lead"), NOTHING),
        (order("8001", at=day[6], by="ida", currency="EUR"), Told(code="BEN-B")),
        # An order that is another customer's in the end.
        (order("7777", at=day[16], by=dan, updated_at=day[16]), NOTHING),
        (order("7777", at=day[16], by="kim", updated_at=day[2]), NOTHING),
        # A record that names another mailbox in the end, and whoever has the first one.
        (order("7501", at=day[7], by=customer("lou", "max@example.com"), updated_at=day[7]), NOTHING),
        (order("7502", at=day[6], by=customer("lou", "lou@example.com"), updated_at=day[6]), NOTHING),
        (order("7503", at=day[4], by=customer("max", "max@example.com")), Told(code="BEN-A")),
        # What an outdated telling says of a customer whom the order names no more.
        (order("7601", at=day[9], by=CustomerFact("nia", first_order_at=day[40]), updated_at=day[9]), NOTHING),
        (order("7601", at=day[9], by="oli", updated_at=day[8]), NOTHING),
        (order("7602", at=day[4], by="nia"), Told(code="CLEO-A")),
        # Two orders and two visits of one instant.
        (order("9001", at=day[6], by="jo"), visit(links["ben-b"], day[7], 8)),
        (order("9002", at=day[6], by="jo"), visit(links["cleo-b"], day[7], 9)),
    ]


def take(fact, told, at):
    verb = intake.take_lead if type(fact).__name__ == "LeadFact" else intake.take_order
    verb(fact, told, at)


def sweep(at):
    while attribution.decide_due(at):
        pass


def standing():
    """Every standing decision, in the shop's own words.

    One that credits nobody because no touch is known may be left of a customer whom an order named for a while, where
    another order of facts opens none.
    """
    found = {}
    for decision in Decision.objects.filter(superseded_at=None).select_related(
        "conversion__program",
        "conversion__order",
        "conversion__lead",
        "touch__link",
        "terms",
        "credited_person__advocate",
    ):
        row, touch = decision.conversion, decision.touch
        fact = row.order or row.lead
        credited = decision.credited_person
        said = (decision.outcome, decision.reason, decision.goal, decision.counted, decision.currency)
        sides = (decision.advocate_side, decision.friend_side)
        won = (touch.kind, touch.link.code, touch.touched_at) if touch else None
        copied = (
            row.state,
            row.reason,
            row.counted,
            row.occurred_at,
            row.credited_person_id == decision.credited_person_id,
        )
        found[row.program.name, fact.key] = (
            *(said, sides, won, decision.terms.version, credited.advocate.username if credited else None),
            copied,
        )
    assert len(found) == Conversion.objects.count()
    return {key: said for key, said in found.items() if said[0][1] != "no_touch"}


def play(script):
    """Tell facts and decide as the script says, and take it all back; what stood in the end."""
    with transaction.atomic():
        for number, (fact, told) in enumerate(script):
            at = NOON + number * MINUTE
            if fact is SWEEP:
                attribution.decide_due(at)
            else:
                take(fact, told, at)
        sweep(NOON + DAY)
        result = standing()
        history = list(Decision.objects.order_by("pk").values_list("number", "reason", "counted", "at"))
        transaction.set_rollback(True)
    return result, history


class TestPermutation(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.pool = pool(stage())
        cls.end, _history = play(cls.pool)

    def test_covers_what_it_is_about(self):
        reasons = {said[0][1] for said in self.end.values()}

        assert reasons >= {
            "credited",
            "renewal",
            "not_first_order",
            "not_new_customer",
            "self_referral",
            "below_minimum",
            "nothing_collected",
            "currency_mismatch",
            "other_program",
            "goal_reached_before",
        }

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_comes_to_the_same_end_in_any_order(self, data):
        again = data.draw(st.lists(st.sampled_from(range(len(self.pool))), max_size=6))
        told = data.draw(st.permutations([*range(len(self.pool)), *again]))
        sweeps = data.draw(st.sets(st.integers(0, len(told)), max_size=len(told)))
        script = [step for place, number in enumerate(told) for step in step_of(self.pool, number, place in sweeps)]

        end, _history = play(script)

        assert end == self.end

    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_decides_the_same_when_it_is_played_again(self, data):
        told = data.draw(st.permutations(range(len(self.pool))))
        sweeps = data.draw(st.sets(st.integers(0, len(told)), max_size=len(told)))
        script = [step for place, number in enumerate(told) for step in step_of(self.pool, number, place in sweeps)]

        assert play(script) == play(script)


def step_of(facts, number, is_swept):
    yield facts[number]
    if is_swept:
        yield (SWEEP, None)
