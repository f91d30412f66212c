from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from advocacy_platform.schedule import SWEEPS
from advocates import suspending
from customers import privacy
from customers.models import Person, PrivacyRequest
from customers.told import CaptureFact, LineFact
from referrals.decide import attribution, caps
from referrals.models import CapCount, Conversion, Decision, LateFact, Verdict
from referrals.models.conversion import Side, SideVerdict
from referrals.review import reviewing
from referrals.share import ties
from referrals.terms import PRESETS, TermsDocument
from referrals.touches import Told
from rewards import occasions
from rewards.models import Occasion
from spine.models import Event
from tests.factories import (
    LONG_AGO,
    NOON,
    TERMS,
    make_advocate,
    make_link,
    make_program,
    make_source,
    make_staff,
    make_terms,
)
from tests.referrals.cast import (
    DAY,
    HOUR,
    MINUTE,
    codes,
    conversion,
    customer,
    decide,
    goods,
    lead,
    order,
    person_of,
    said,
    standing,
    tell,
    visit,
)
from tests.waiting import closing, is_somebody_waiting, wait_until

BEN42, CLEO42 = Told(code="BEN42"), Told(code="CLEO42")
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def program(db):
    make_source("shop")
    return make_program()


@pytest.fixture
def ben_link(program):
    return make_link(program, make_advocate("ben"), "BEN42")


@pytest.fixture
def cleo_link(program):
    return make_link(program, make_advocate("cleo"), "CLEO42")


def with_terms(program, **changed):
    """Version 2 of the program's terms, in force from before everything that tests tell of."""
    return make_terms(program, replace(TERMS, **changed), at=LONG_AGO)


def finalise(key="1001"):
    return occasions.finalise("conversion", str(conversion(key).public_id), NOON)


def written():
    """Everything that deciding writes, without how often it was asked."""
    return [
        [
            {name: value for name, value in row.items() if name != "lease"}
            for row in kind.objects.order_by("pk").values()
        ]
        for kind in (Conversion, Decision, Verdict, LateFact, CapCount, Occasion, Event)
    ]


def test_credits_the_advocate(ben_link):
    tell(order(), BEN42)

    taken = decide()

    row, decision = conversion(), standing()
    assert taken == 1
    assert said() == ("credited", "credited", ben_link.person_id)
    assert (row.number, row.version, row.goal, row.counted, row.currency) == (1, 1, "first_order", 5000, "USD")
    assert (row.advocate_side, row.friend_side, row.due_at, row.stopped_at) == ("allow", "allow", None, None)
    assert (decision.number, decision.outcome, decision.touch.kind, decision.order_revision) == (
        1,
        "credited",
        "code",
        1,
    )
    assert (decision.terms.version, decision.referred_person, decision.at) == (1, person_of(), NOON)
    assert decision.trace["terms"] == {"id": str(decision.terms.public_id), "version": 1}
    assert decision.trace["plan"] == {"id": str(decision.terms.plan.public_id), "version": 1}
    assert codes() == ["credited"]


def test_tells_what_was_decided(ben_link):
    tell(order(), BEN42)
    decide()

    row = conversion()
    event = Event.objects.get(subject_kind="conversion")
    assert (event.name, event.person, event.key) == (
        "conversion.credited",
        ben_link.person_id,
        f"conversion:{row.public_id}:1",
    )
    assert event.payload == {
        "version": 1,
        "number": 1,
        "program": str(ben_link.program.public_id),
        "order": str(row.order.public_id),
        "lead": None,
        "credited": str(ben_link.person_id),
        "referred": str(row.referred_person_id),
        "reason": "credited",
        "goal": "first_order",
        "counted": 5000,
        "currency": "USD",
        "sides": {"advocate": "allow", "friend": "allow"},
        "before": {"state": "undecided", "counted": 0},
        "day": "2026-11-21",
    }


def test_asks_rewards_for_what_is_credited_and_nothing_else(ben_link):
    tell(order(), BEN42)
    tell(order("1002", by="eve", lines=goods(0)), BEN42)
    decide()

    occasion = Occasion.objects.get()
    assert (occasion.kind, occasion.subject) == ("conversion", str(conversion().public_id))
    assert (occasion.scheme, occasion.person_id) == (ben_link.program.scheme, ben_link.person_id)
    assert (occasion.at, occasion.counted, occasion.currency, occasion.final_at) == (NOON - MINUTE, 5000, "USD", None)
    assert said("1002") == ("refused", "nothing_collected", None)


def test_decides_nothing_anew_that_says_the_same(ben_link):
    tell(order(), BEN42)
    decide()
    before = written()

    Conversion.objects.update(due_at=NOON)
    decide(NOON + DAY)

    assert written() == before


def test_is_looked_for_by_the_schedule():
    assert (SWEEPS["referrals.decide"].call, SWEEPS["referrals.decide"].queue) == (attribution.decide_due, "money")


# Scenario 2.
def test_credits_an_order_that_was_told_before_its_sign_up(ben_link):
    with_terms(ben_link.program, signup=True)
    tell(order())
    decide()
    tell(lead(), visit(ben_link, NOON - 2 * HOUR))

    decide()

    assert said() == ("credited", "credited", ben_link.person_id)
    row = Conversion.objects.get(lead__isnull=False)
    assert (row.state, row.goal, row.counted, row.currency) == ("credited", "signup", 0, "")


# Scenario 3.
def test_keeps_the_window_to_the_microsecond(ben_link):
    window = timedelta(days=30)
    tell(order("in", by="dan"), visit(ben_link, NOON - MINUTE - window + timedelta(milliseconds=1)))
    tell(order("out", by="eve"), visit(ben_link, NOON - MINUTE - window))
    tell(order("just", by="fay", at=NOON - MINUTE - MICROSECOND), visit(ben_link, NOON - MINUTE - window))

    decide()

    assert [said(key)[1] for key in ("in", "out", "just")] == ["credited", "outside_window", "credited"]


# Scenario 4.
@pytest.mark.parametrize(
    ("preset", "winner"), [("last_touch", "code"), ("first_touch", "link"), ("code_beats_link", "code")]
)
def test_chooses_by_the_precedence_and_lists_all_three(ben_link, cleo_link, preset, winner):
    with_terms(ben_link.program, precedence=PRESETS[preset])
    tell(lead(at=NOON - 3 * DAY), visit(ben_link, NOON - 9 * DAY))
    tell(lead("l-2", at=NOON - 2 * DAY, goal="qualified_lead"), visit(cleo_link, NOON - 7 * DAY))
    tell(order(), BEN42)

    decide()

    assert said() == ("credited", "credited", ben_link.person_id)
    assert standing().touch.kind == winner
    kinds = ["link", "link", "code"]
    expected = ["lost_precedence"] * 3
    expected[0 if winner == "link" else 2] = "credited"
    assert codes() == expected
    assert [step["kind"] for step in standing().trace["steps"] if step["what"] == "touch"] == kinds


# Scenario 5.
def test_does_not_take_a_customer_for_new(ben_link):
    tell(order("0999", at=NOON - 90 * DAY))
    tell(order(), BEN42)

    decide()

    assert said() == ("refused", "not_new_customer", None)
    assert codes() == ["not_new_customer"]
    assert [step["kind"] for step in standing().trace["steps"] if step["what"] == "touch"] == ["code"]


def test_knows_a_customer_by_what_another_shop_told(ben_link):
    make_source("other")
    tell(replace(order("0999", at=NOON - 90 * DAY), source="other", customer=customer("x-1", "dan@example.com")))
    tell(order(), BEN42)
    tell(order("1002", by=customer("eve", first_order_at=NOON - 400 * DAY)), BEN42)

    decide()

    assert [said(key)[1] for key in ("1001", "1002")] == ["not_new_customer"] * 2


# Scenario 6.
def test_credits_one_sign_up_that_was_tried_twice(ben_link):
    with_terms(ben_link.program, signup=True)
    tell(lead("try", at=NOON - 2 * HOUR))
    tell(lead("again", at=NOON - HOUR), visit(ben_link))

    decide()

    found = dict(Conversion.objects.values_list("lead__key", "reason"))
    assert found == {"try": "credited", "again": "goal_reached_before"}


# Scenario 11.
def test_credits_five_of_six_under_a_cap_of_five(ben_link):
    with_terms(ben_link.program, cap_total=5)
    for number in range(6):
        tell(order(f"o-{number}", by=f"c-{number}", at=NOON - HOUR + number * MINUTE), BEN42)

    decide()

    assert [said(f"o-{number}")[:2] for number in range(5)] == [("credited", "credited")] * 5
    sixth = conversion("o-5")
    assert (sixth.state, sixth.reason) == ("refused", "cap_reached")
    assert (sixth.advocate_side, sixth.friend_side) == ("refuse", "refuse")
    assert Occasion.objects.count() == 5
    used = {count.whose: count.used for count in CapCount.objects.all()}
    assert used == {"": 5, str(ben_link.person_id): 5}
    assert {(count.program_id, count.whose): count.used for count in CapCount.objects.all()} == caps.recount(
        ben_link.program_id
    )


def test_caps_each_advocate_apart(ben_link, cleo_link):
    with_terms(ben_link.program, cap_per_advocate=1)
    for number, told in enumerate([BEN42, BEN42, CLEO42]):
        tell(order(f"o-{number}", by=f"c-{number}", at=NOON - HOUR + number * MINUTE), told)

    decide()

    assert [said(f"o-{number}")[1] for number in range(3)] == ["credited", "cap_reached", "credited"]


def test_gives_a_slot_back_with_the_credit(ben_link, cleo_link):
    with_terms(ben_link.program, cap_per_advocate=1)
    tell(order(), BEN42)
    decide()
    tell(replace(order(), lines=goods(0), updated_at=NOON))
    decide()

    tell(order("1002", by="eve"), BEN42)
    decide()

    assert [said(key)[1] for key in ("1001", "1002")] == ["nothing_collected", "credited"]
    assert CapCount.objects.get(whose=str(ben_link.person_id)).used == 1
    assert Occasion.objects.get(subject=str(conversion().public_id)).counted == 0


def test_keeps_its_own_slot_when_it_is_decided_anew(ben_link):
    with_terms(ben_link.program, cap_total=1)
    tell(order(), BEN42)
    decide()
    tell(replace(order(amount=7000), updated_at=NOON))

    decide()

    assert said() == ("credited", "credited", ben_link.person_id)
    assert (conversion().counted, CapCount.objects.get(whose="").used) == (7000, 1)


@pytest.mark.parametrize("cap", [{"cap_total": 5}, {"cap_per_advocate": 5}])
def test_never_passes_a_cap_when_many_decide_at_once(together, cap):
    make_source("shop")
    link = make_link(make_program(terms=replace(TERMS, **cap)), make_advocate("ben"), "BEN42")
    for number in range(12):
        tell(order(f"o-{number}", by=f"c-{number}"), BEN42)
    batch, attribution.BATCH = attribution.BATCH, 2
    try:
        assert not [each for each in together([decide_now] * 4) if isinstance(each, Exception)]
        decide()
    finally:
        attribution.BATCH = batch

    reasons = sorted(Conversion.objects.values_list("reason", flat=True))
    assert reasons == ["cap_reached"] * 7 + ["credited"] * 5
    assert CapCount.objects.get(whose="").used == 5
    assert CapCount.objects.get(whose=str(link.person_id)).used == 5


def decide_now():
    return sum(attribution.decide_due(NOON) for _round in range(4))


def test_decides_one_customer_once_when_many_decide_at_once(together, caplog):
    make_source("shop")
    program = make_program(terms=replace(TERMS, orders="months", order_months=6))
    make_link(program, make_advocate("ben"), "BEN42")
    for number in range(8):
        tell(order(f"o-{number}", at=NOON - HOUR + number * MINUTE), BEN42 if number == 0 else Told())
    batch, attribution.BATCH = attribution.BATCH, 1
    try:
        failures = [each for each in together([decide_now] * 4) if isinstance(each, Exception)]
        decide()
    finally:
        attribution.BATCH = batch

    # Nobody made a decision that another one had made, and had to begin again.
    assert failures == [record for record in caplog.records if record.name == "spine.due"] == []
    reasons = [said(f"o-{number}")[1] for number in range(8)]
    assert reasons == ["credited", *["renewal"] * 7]
    assert Decision.objects.filter(superseded_at=None).count() == 8
    assert CapCount.objects.get(whose="").used == 8


@pytest.mark.services
def test_waits_for_who_decides_the_same_customer(transactional_db):
    make_source("shop")
    make_link(make_program(), make_advocate("ben"), "BEN42")
    tell(order(), BEN42)
    tell(order("1002", at=NOON - MICROSECOND), BEN42)
    batch, attribution.BATCH = attribution.BATCH, 1
    try:
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                # The other sweep can lease the second order alone, and has to wait.
                Person.objects.select_for_update(no_key=True).get(pk=person_of().pk)
                Conversion.objects.select_for_update(no_key=True).get(pk=conversion().pk)
                other = pool.submit(closing, lambda: attribution.decide_due(NOON))
                wait_until(is_somebody_waiting)
                attribution.decide_due(NOON)
                tell(order("0999", at=NOON - 9 * DAY))
            assert other.result(timeout=30) == 1
    finally:
        attribution.BATCH = batch
    decide()

    # What the first one credited was known to the second, which took it back.
    assert [said(key) for key in ("1001", "1002")] == [("refused", "not_new_customer", None)] * 2
    assert [occasion.counted for occasion in Occasion.objects.all()] == [0]


@pytest.mark.services
def test_credits_an_advocate_whose_own_facts_are_being_told(elsewhere):
    make_source("shop")
    link = make_link(make_program(), make_advocate("ben"), "BEN42")
    tell(order(), BEN42)

    with transaction.atomic():
        tell(lead(by=customer("ben", "ben@example.com")))
        elsewhere(decide)

    assert said() == ("credited", "credited", link.person_id)


# Scenario 14.
def test_decides_by_the_terms_of_the_instant(program, ben_link):
    make_terms(program, replace(TERMS, minimum_order=9000), at=NOON)
    tell(order(at=NOON - MICROSECOND), BEN42)
    tell(order("1002", by="eve", at=NOON), BEN42)

    decide()

    assert [(standing(key).terms.version, said(key)[1]) for key in ("1001", "1002")] == [
        (1, "credited"),
        (2, "below_minimum"),
    ]


def test_leaves_old_customers_alone_when_terms_begin_to_renew(program, ben_link):
    make_terms(program, replace(TERMS, orders="months", order_months=12), at=NOON - 5 * DAY)
    tell(order("old", at=NOON - 6 * DAY), BEN42)
    tell(order("old again", at=NOON - DAY))
    tell(order("new", by="eve", at=NOON - 4 * DAY), BEN42)
    tell(order("new again", by="eve", at=NOON - DAY))

    decide()

    reasons = [said(key)[1] for key in ("old", "old again", "new", "new again")]
    assert reasons == ["credited", "not_first_order", "credited", "renewal"]
    assert (standing("new again").terms.version, standing("new again").goal) == (2, "renewal")


# Scenario 15.
def test_does_not_take_somebody_erased_for_new(ben_link):
    tell(order(at=NOON - 9 * DAY), BEN42, at=NOON - 9 * DAY)
    decide()
    erased = person_of()
    privacy.erase(privacy.Subject(erased.pk, frozenset(), frozenset()), NOON - DAY)

    tell(order("1002", by=customer("dan-2", "Dan@example.com")), BEN42)
    tell(order("1003", by=customer("dan-3", "d.an+new@example.com")), BEN42)
    decide()

    assert person_of("1002") != erased
    assert said("1002") == ("refused", "not_new_customer", None)
    assert said("1003")[1] == "credited"
    assert said("1001") == ("credited", "credited", ben_link.person_id)


def test_knows_a_mailbox_that_comes_back_under_another_spelling(ben_link):
    tell(order(at=NOON - 9 * DAY, by=customer("dan", "d.an@gmail.com")))
    tell(order("1002", by=customer("dan-2", "dan+new@googlemail.com")), BEN42)

    decide()

    assert said("1002") == ("refused", "not_new_customer", None)


def test_decides_anew_when_an_earlier_order_comes_late_under_another_record(ben_link):
    tell(order(by=customer("dan", "dan@example.com")), BEN42)
    decide()
    before = said()

    tell(order("0999", at=NOON - 9 * DAY, by=customer("dan-2", "dan@example.com")))
    decide()

    assert before == ("credited", "credited", ben_link.person_id)
    assert said() == ("refused", "not_new_customer", None)


def test_decides_anew_when_an_earlier_order_turns_out_to_be_somebody_elses(ben_link):
    tell(order("0999", at=NOON - 9 * DAY, updated_at=NOON - 9 * DAY))
    tell(order(), BEN42)
    decide()
    before = said()

    tell(order("0999", at=NOON - 9 * DAY, by="eve", updated_at=NOON))
    decide()

    assert before == ("refused", "not_new_customer", None)
    assert said() == ("credited", "credited", ben_link.person_id)


# Scenario 17.
def test_takes_the_first_paid_order_for_the_first(ben_link):
    tell(order("trial", at=NOON - 9 * DAY, amount=0), BEN42)
    tell(order("paid", at=NOON - 2 * DAY, amount=1900))
    tell(order("prorated", at=NOON - DAY, lines=(LineFact("1", "goods", -700),)))

    decide()

    found = [said(key)[:2] for key in ("trial", "paid", "prorated")]
    assert found == [("refused", "nothing_collected"), ("credited", "credited"), ("refused", "nothing_collected")]


def test_counts_captures_as_they_come(ben_link):
    first = CaptureFact("k-1", 2000, NOON - MINUTE)
    tell(replace(order(), captures=()), BEN42)
    decide()
    before = said()
    tell(replace(order(), captures=(first,)))
    decide()
    tell(replace(order(), captures=(first, CaptureFact("k-2", 3000, NOON))))
    decide()

    assert before == ("refused", "nothing_collected", None)
    found = [(each.number, each.reason, each.counted) for each in conversion().decisions.order_by("number")]
    assert found == [(1, "nothing_collected", 0), (2, "credited", 2000), (3, "credited", 5000)]
    assert Occasion.objects.get().counted == 5000
    told = list(
        Event.objects.filter(subject_kind="conversion").order_by("pk").values_list("payload__before", flat=True)
    )
    assert told[1:] == [{"state": "refused", "counted": 0}, {"state": "credited", "counted": 2000}]


# Scenario 19.
def test_decides_anew_while_it_is_open(ben_link, cleo_link):
    with_terms(ben_link.program, precedence=PRESETS["first_touch"])
    tell(order(), visit(ben_link, NOON - 2 * DAY))
    decide()

    tell(lead(), visit(cleo_link, NOON - 3 * DAY))
    decide(NOON + HOUR)

    first, second = conversion().decisions.order_by("number")
    assert (first.credited_person, first.superseded_at) == (ben_link.person, NOON + HOUR)
    assert (second.number, second.credited_person, second.superseded_at) == (2, cleo_link.person, None)
    assert said() == ("credited", "credited", cleo_link.person_id)
    assert (conversion().number, conversion().version) == (2, 2)
    assert Occasion.objects.get().person == cleo_link.person
    assert {count.whose: count.used for count in CapCount.objects.all()} == {
        "": 1,
        str(ben_link.person_id): 0,
        str(cleo_link.person_id): 1,
    }


def test_notes_once_what_comes_after_it_is_final(ben_link, cleo_link):
    with_terms(ben_link.program, precedence=PRESETS["first_touch"])
    tell(order(), visit(ben_link, NOON - 2 * DAY))
    decide()
    finalise()

    tell(lead(), visit(cleo_link, NOON - 3 * DAY))
    decide(NOON + HOUR)
    Conversion.objects.update(due_at=NOON)
    decide(NOON + DAY)

    assert said() == ("credited", "credited", ben_link.person_id)
    assert Decision.objects.filter(conversion=conversion()).count() == 1
    late = LateFact.objects.get(conversion=conversion())
    assert (late.outcome, late.reason, late.at) == ("credited", "credited", NOON + HOUR)
    assert Event.objects.filter(name="late_fact.noted").count() == 1
    assert Occasion.objects.get(subject=str(conversion().public_id)).person == ben_link.person


def test_notes_an_edit_that_comes_after_it_is_final(ben_link):
    tell(order(), BEN42)
    decide()
    finalise()

    for minutes, amount in ((1, 4000), (2, 0)):
        tell(replace(order(amount=amount), updated_at=NOON + minutes * MINUTE), at=NOON + HOUR)
        decide(NOON + HOUR)

    assert (conversion().counted, conversion().number) == (5000, 1)
    found = [(late.outcome, late.reason) for late in LateFact.objects.order_by("pk")]
    assert found == [("credited", "credited"), ("refused", "nothing_collected")]


def test_notes_each_fact_that_comes_after_it_is_final(ben_link, cleo_link):
    with_terms(ben_link.program, precedence=PRESETS["first_touch"])
    tell(order(), visit(ben_link, NOON - 2 * DAY))
    decide()
    finalise()

    tell(lead(), visit(cleo_link, NOON - 3 * DAY))
    decide(NOON + HOUR)
    tell(order("0999", at=NOON - 9 * DAY))
    decide(NOON + DAY)

    found = [(late.outcome, late.reason) for late in LateFact.objects.filter(conversion=conversion()).order_by("pk")]
    assert found == [("credited", "credited"), ("refused", "not_new_customer")]


# Scenario 20.
def test_follows_an_order_that_is_edited_out_of_order(ben_link):
    tell(order(), BEN42)
    results = [
        tell(replace(order(amount=amount), updated_at=NOON + minutes * MINUTE)).recorded.result
        for minutes, amount in ((2, 3000), (1, 4000))
    ]
    decide()

    assert results == ["updated", "stale"]
    assert Conversion.objects.count() == 1
    assert (said()[0], conversion().counted) == ("credited", 3000)


def test_credits_the_buyer_whom_an_edit_names(ben_link):
    tell(order(), BEN42)
    decide()

    tell(replace(order(), customer=customer("eve"), updated_at=NOON))
    decide()

    assert said() == ("credited", "credited", ben_link.person_id)
    assert conversion().referred_person == person_of()
    assert Conversion.objects.count() == 1


def test_takes_the_credit_back_when_the_buyer_turns_out_to_be_the_advocate(ben_link):
    tell(order(), BEN42)
    decide()

    tell(replace(order(), customer=customer("ben", "ben@example.com"), updated_at=NOON))
    decide()

    assert said() == ("refused", "self_referral", None)
    assert conversion().referred_person == person_of() == ben_link.person


# Advocates who cannot be credited.
def test_credits_nobody_who_is_suspended_at_that_instant(ben_link):
    ada = make_staff("ada", "admin")
    suspending.suspend(ben_link.person, ("user", str(ada.user.public_id)), "Spam.", NOON - 3 * DAY)
    suspending.lift(ben_link.person, ("user", str(ada.user.public_id)), "Sorry.", NOON - DAY)
    for number, at in enumerate([NOON - 4 * DAY, NOON - 2 * DAY, NOON - DAY]):
        tell(order(f"o-{number}", by=f"c-{number}", at=at), BEN42)

    decide()

    assert [said(f"o-{number}")[1] for number in range(3)] == ["credited", "advocate_suspended", "credited"]
    assert codes("o-1") == ["advocate_suspended"]


def test_credits_nobody_who_was_erased_before(ben_link):
    tell(order("before", at=NOON - 2 * DAY), visit(ben_link, NOON - 3 * DAY))
    tell(order("after", by="eve"), visit(ben_link, NOON - 3 * DAY))
    PrivacyRequest.objects.create(person=ben_link.person, kind="erase", asked_at=NOON - DAY, done_at=NOON - DAY)
    ben_link.person.advocate.delete()

    decide()

    assert [said(key)[1] for key in ("before", "after")] == ["credited", "advocate_erased"]


def test_credits_nobody_for_a_customer_who_cut_the_tie(ben_link):
    tell(order(), BEN42)
    decide()

    ties.cut(person_of(), ("person", str(person_of().pk)), NOON)
    decide()

    assert said() == ("refused", "tie_cut", None)
    assert Occasion.objects.get().counted == 0


def test_credits_nobody_for_their_own_order(ben_link):
    tell(order(by=customer("b-1", "BEN@example.com")), BEN42)

    decide()

    assert said() == ("refused", "self_referral", None)
    assert codes() == ["self_referral"]


# Other programs.
def test_credits_an_order_once_over_all_programs(ben_link):
    other = make_program("Other")
    cleo = make_link(other, make_advocate("cleo"), "CLEO42")
    tell(lead(), visit(ben_link, NOON - 3 * DAY))
    tell(order(), visit(cleo, NOON - 2 * DAY))
    decide()
    before = said(program=ben_link.program), said(program=other)

    tell(lead("l-2", at=NOON - DAY, goal="qualified_lead"), visit(ben_link, NOON - 2 * DAY + MINUTE))
    decide()

    assert before == (("refused", "other_program", None), ("credited", "credited", cleo.person_id))
    assert said(program=ben_link.program) == ("credited", "credited", ben_link.person_id)
    assert said(program=other) == ("refused", "other_program", None)


@pytest.mark.parametrize(
    "stands_aside", [{"state": "ended"}, {"currency": "EUR"}, {"terms": TermsDocument(signup=True, orders="none")}]
)
def test_passes_over_a_program_in_which_the_order_could_not_count(ben_link, stands_aside):
    other = make_program("Other", **stands_aside)
    tell(lead(), visit(make_link(other, make_advocate("cleo"), "CLEO42"), NOON - 2 * DAY))
    tell(order(), visit(ben_link, NOON - 3 * DAY))

    decide()

    assert said(program=ben_link.program) == ("credited", "credited", ben_link.person_id)
    assert said(program=other)[0] == "refused"


def test_leaves_an_order_with_the_program_that_has_credited_it_for_good(ben_link):
    other = make_program("Other")
    cleo = make_link(other, make_advocate("cleo"), "CLEO42")
    tell(order(), visit(ben_link, NOON - 3 * DAY))
    decide()
    finalise()

    tell(lead(), visit(cleo, NOON - 2 * DAY))
    decide()

    assert said(program=ben_link.program) == ("credited", "credited", ben_link.person_id)
    assert said(program=other) == ("refused", "other_program", None)
    assert LateFact.objects.get().reason == "other_program"


# People's verdicts.
def stopped(link):
    """A conversion that waits for the staff, and somebody who reviews it."""
    tell(order(by=customer("dan", "dan@mailinator.com")), BEN42)
    decide()
    return make_staff("ada", "program manager").user


def approve(reviewer, verdict=SideVerdict.ALLOW, sides=tuple(Side)):
    decision = standing().public_id
    reviewing.give(conversion(), sides, verdict, reviewer, decision=decision, reason="Seen.", at=NOON)


def test_stops_what_is_suspicious(ben_link):
    stopped(ben_link)

    row = conversion()
    assert (row.state, row.reason, row.credited_person_id) == ("stopped", "credited", ben_link.person_id)
    assert (row.advocate_side, row.friend_side, row.stopped_at) == ("stop", "stop", NOON)
    assert Event.objects.get(subject_kind="conversion").name == "conversion.stopped"


def test_keeps_a_verdict_while_advocate_and_amount_are_the_same(ben_link):
    reviewer = stopped(ben_link)
    approve(reviewer)

    tell(lead(), visit(ben_link, NOON - MINUTE - MICROSECOND))
    tell(replace(order(by=customer("dan", "dan@mailinator.com")), updated_at=NOON, captures=(), lines=goods(6000)))
    tell(
        replace(
            order(by=customer("dan", "dan@mailinator.com")),
            updated_at=NOON + MINUTE,
            captures=(CaptureFact("k", 5000, NOON),),
        ),
        visit(ben_link, NOON - 2 * MINUTE),
    )
    with_terms(ben_link.program, window_days=29)
    decide(NOON + HOUR)

    assert (conversion().number, conversion().state) == (2, "credited")
    assert (standing().advocate_side, conversion().advocate_side, conversion().friend_side) == (
        "stop",
        "allow",
        "allow",
    )
    found = [(each.side, each.verdict, each.by, each.at) for each in standing().verdicts.order_by("pk")]
    assert found == [(side, "allow", str(reviewer.public_id), NOON) for side in ("advocate", "friend")]


def test_asks_again_when_the_amount_changes(ben_link):
    reviewer = stopped(ben_link)
    approve(reviewer)

    tell(replace(order(by=customer("dan", "dan@mailinator.com"), amount=90_000), updated_at=NOON))
    decide(NOON + HOUR)

    assert (conversion().state, conversion().advocate_side, conversion().stopped_at) == ("stopped", "stop", NOON)
    assert standing().verdicts.count() == 0


def test_does_not_free_what_the_staff_refused_when_the_signal_goes(ben_link):
    reviewer = stopped(ben_link)
    approve(reviewer, SideVerdict.REFUSE)
    before = said()

    tell(replace(order(by=customer("dan", "dan@example.com")), updated_at=NOON + MINUTE))
    decide(NOON + HOUR)

    assert before == said() == ("refused", "staff_refused", None)


def test_goes_by_the_new_facts_where_the_staff_said_nothing(ben_link):
    stopped(ben_link)

    tell(replace(order(by=customer("dan", "dan@example.com")), updated_at=NOON + MINUTE))
    decide(NOON + HOUR)

    assert said() == ("credited", "credited", ben_link.person_id)


# Database.
CONVERSION, DECISION = Conversion._meta.db_table, Decision._meta.db_table


def copied(table, columns, **changed):
    """A statement that copies the table's rows, with some columns as they are told."""
    others = [column for column in columns if column not in {"id", *changed}]
    return (
        f"INSERT INTO {table} ({', '.join([*others, *changed])})"
        f" SELECT {', '.join([*others, *changed.values()])} FROM {table}"
    )


def columns(model):
    return [field.column for field in model._meta.concrete_fields]


def execute(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


SELF_REFERRALS = {
    "update": lambda person: Conversion.objects.update(credited_person=person),
    "save": lambda person: Conversion(**{**of(Conversion), "fact": "lead:0", "credited_person_id": person.pk}).save(),
    "bulk": lambda person: Decision.objects.bulk_create(
        [Decision(**{**of(Decision), "number": 2, "superseded_at": NOON, "credited_person_id": person.pk})]
    ),
    "raw update": lambda person: execute(f"UPDATE {CONVERSION} SET credited_person_id = referred_person_id"),
    "raw update of the other side": lambda person: execute(
        f"UPDATE {CONVERSION} SET referred_person_id = credited_person_id"
    ),
    "raw insert": lambda person: execute(
        copied(
            DECISION,
            columns(Decision),
            public_id="'00000000000000000000000000000000'",
            number="2",
            superseded_at="at",
            credited_person_id="referred_person_id",
        )
    ),
    "raw change of a decision": lambda person: execute(
        f"UPDATE {DECISION} SET credited_person_id = referred_person_id"
    ),
}


def of(model):
    values = model.objects.values().get()
    return {name: value for name, value in values.items() if name not in ("id", "public_id")}


@pytest.mark.parametrize("path", SELF_REFERRALS)
def test_lets_nobody_be_credited_for_themselves_on_any_path(ben_link, path):
    tell(order(), BEN42)
    decide()
    before, person = written(), person_of()

    with pytest.raises(IntegrityError), transaction.atomic():
        SELF_REFERRALS[path](person)

    assert written() == before


def test_stops_only_the_conversion_that_cannot_be_decided(ben_link):
    tell(order(), BEN42)
    tell(order("1002", by="eve"), BEN42)
    terms = ben_link.program.terms.get()
    broken = make_program("Broken", terms=None)
    make_link(broken, make_advocate("fay"), "FAY42")
    make_terms(broken, Unreadable(), at=LONG_AGO)
    tell(order("1003", by="gus"), Told(code="FAY42"))

    decide()

    assert [said(key)[0] for key in ("1001", "1002", "1003")] == ["credited", "credited", "undecided"]
    assert conversion("1003").error.startswith("BadTerms")
    assert terms


class Unreadable:
    def written(self):
        return {"schema": 99}


# Cost.
def test_asks_as_often_for_many_as_for_few(ben_link, cleo_link):
    def cost(count, prefix):
        for number in range(count):
            told = Told(visit(ben_link).tokens + visit(cleo_link).tokens, code="BEN42")
            tell(order(f"{prefix}-{number}", by=f"{prefix}-{number}", payment_fingerprint=prefix), told)
        with CaptureQueriesContext(connection) as queries:
            attribution.decide_due(NOON)
        assert Conversion.objects.filter(order__key__startswith=prefix, state="undecided").count() == 0
        return len(queries)

    cost(1, "warm")
    few = cost(2, "few")
    many = cost(8, "many")

    assert many == few
    assert Person.objects.count() == 13
