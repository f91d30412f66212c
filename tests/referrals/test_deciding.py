from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import counting
from referrals.decide import newness
from referrals.decide.choosing import strongest
from referrals.decide.deciding import claim, decide
from referrals.decide.inputs import Candidate, Claimant, Credit, Fact, Inputs, PastOrder, Rules, Signal, Touched
from referrals.decide.signals import POINTS, VELOCITY
from referrals.models.program import State
from referrals.reasons import FACTS, REASONS, SIGNALS
from referrals.terms import PRESETS, Precedence, TermsDocument

T = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
BEN, CLEO, DAN = UUID(int=1), UUID(int=2), UUID(int=3)
TERMS = TermsDocument()
ORDER = Fact("order", T, (1, "1001"), lines=(("goods", 5000), ("tax", 400)), captured=5400, currency="USD", revision=1)
LEAD = Fact("lead", T, (1, "l-1"), goal="signup")
PAID, FREE = PastOrder(T - DAY, is_paid=True), PastOrder(T - DAY, is_paid=False)
MONTHS = TermsDocument(orders="months", order_months=6)
LAPSED = TermsDocument(new_customer="lapsed", lapsed_months=6)


def touch(advocate=BEN, *, at=T - DAY, kind="link", number=1, **fields):
    return Touched(number, f"t-{number}", f"{kind}:{number:03}", kind, advocate, advocate.int, at, **fields)


def rules(document=TERMS, version=1):
    return Rules(document, version, f"terms-{version}", version, f"plan-{version}", version)


def inputs(*touches, terms=TERMS, fact=ORDER, **fields):
    given = {
        "fact": fact,
        "program": 1,
        "currency": "USD",
        "state": State.LIVE,
        "rules": rules(terms) if terms else None,
        "touches": touches,
        "candidates": {each.advocate: Candidate(each.advocate) for each in touches},
    }
    return Inputs(**{**given, **fields})


def credit(terms=TERMS, *, at=T - 30 * DAY, goal="first_order", by=None, version=1, **fields):
    by = by or touch(at=at - DAY, number=9)
    return Credit("earlier", at, (1, "1000"), goal, by, rules(terms, version), **fields)


def said(found):
    return found.outcome, found.reason, found.credited


def steps(found, what="touch"):
    return {step["touch"]: (step["state"], step["code"]) for step in found.trace["steps"] if step["what"] == what}


def test_credits_the_advocate_of_the_touch():
    found = decide(inputs(touch()))

    assert said(found) == ("credited", "credited", BEN)
    assert (found.goal, found.counted, found.currency, found.rules.version) == ("first_order", 5000, "USD", 1)
    assert (found.advocate_side, found.friend_side, found.score) == ("allow", "allow", 0)
    assert steps(found) == {"t-1": ("taken", "credited")}


def test_credits_nobody_without_a_touch():
    found = decide(inputs())

    assert (said(found), found.touch) == (("refused", "no_touch", None), None)
    assert (found.advocate_side, found.friend_side) == ("refuse", "refuse")


# What refuses, in the order in which the rules ask: each input breaks one of them.
BROKEN = [
    ("currency_mismatch", {"currency": "EUR"}),
    ("program_not_live", {"state": State.PAUSED}),
    ("goal_not_offered", {"rules": rules(TermsDocument(signup=True, orders="none"))}),
    ("nothing_collected", {"fact": replace(ORDER, captured=0)}),
    ("not_new_customer", {"past_orders": (PAID,)}),
    ("advocate_suspended", {"candidates": {BEN: Candidate(BEN, is_suspended=True)}}),
    ("other_program", {"elsewhere": Claimant(2, touch(CLEO, at=T - MICROSECOND, number=2))}),
    ("signals", {"candidates": {BEN: Candidate(BEN, signals=(Signal("canonical_email", 100, 100),))}}),
    ("cap_reached", {"cap_used": 5, "rules": rules(TermsDocument(cap_total=5))}),
]


@pytest.mark.parametrize(("reason", "broken"), BROKEN)
def test_refuses_with_a_reason(reason, broken):
    found = decide(inputs(touch(), **broken))

    assert said(found) == ("refused", reason, None)
    assert (found.advocate_side, found.friend_side) == ("refuse", "refuse")
    assert found.touch == touch()
    assert steps(found)["t-1"] == ("refused", reason)


@pytest.mark.parametrize(
    ("first", "second"),
    [(one, other) for n, one in enumerate(BROKEN) for other in BROKEN[n + 1 :] if not one[1].keys() & other[1].keys()],
)
def test_tells_the_reason_of_the_rule_that_asks_first(first, second):
    assert decide(inputs(touch(), **{**first[1], **second[1]})).reason == first[0]


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED, State.PAUSED, State.ENDED])
def test_refuses_what_happened_while_the_program_was_not_live(state):
    assert decide(inputs(touch(), state=state)).reason == "program_not_live"


def test_refuses_without_terms_and_lists_the_touches():
    found = decide(inputs(touch(), terms=None))

    assert (said(found), found.rules) == (("refused", "program_not_live", None), None)
    assert steps(found) == {"t-1": ("refused", "program_not_live")}
    assert found.trace["terms"] is None


# Scenario 3.
@pytest.mark.parametrize(
    ("since", "reason"),
    [
        (30 * DAY, "outside_window"),
        (30 * DAY - MICROSECOND, "credited"),
        (timedelta(), "credited"),
        (-MICROSECOND, "touch_after_conversion"),
    ],
)
def test_keeps_the_window_to_the_microsecond(since, reason):
    assert decide(inputs(touch(at=T - since))).reason == reason


@pytest.mark.parametrize("night", [datetime(2026, 3, 8, 12, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)])
def test_counts_days_of_86400_seconds_also_when_clocks_are_changed(night):
    fact = replace(ORDER, at=night)
    terms = TermsDocument(window_days=1)

    assert decide(inputs(touch(at=night - DAY), fact=fact, terms=terms)).reason == "outside_window"
    assert decide(inputs(touch(at=night - DAY + MICROSECOND), fact=fact, terms=terms)).reason == "credited"


def test_holds_the_window_against_a_granted_claim_too():
    late = touch(kind="manual", at=T - 30 * DAY, granted_at=T + DAY)
    told = touch(kind="manual", at=T - DAY, granted_at=T + DAY)

    assert decide(inputs(late)).reason == "outside_window"
    assert decide(inputs(told)).reason == "credited"


# Scenario 4.
A_LINK, B_LINK = touch(at=T - 9 * DAY), touch(CLEO, at=T - 7 * DAY, number=2)
A_CODE = touch(at=T, kind="code", number=3)
C_LINK = touch(DAN, at=T - DAY, number=4)


@pytest.mark.parametrize(
    ("preset", "winner"), [("last_touch", A_CODE), ("first_touch", A_LINK), ("code_beats_link", A_CODE)]
)
def test_gives_exactly_what_the_precedence_says(preset, winner):
    terms = TERMS.with_preset(preset)

    for told in permutations([A_LINK, B_LINK, A_CODE]):
        found = decide(inputs(*told, terms=terms))

        assert (found.touch, found.credited) == (winner, BEN)
        codes = {each.public_id: "credited" if each == winner else "lost_precedence" for each in told}
        assert {name: code for name, (_state, code) in steps(found).items()} == codes


def test_gives_the_presets_different_winners():
    told = [A_LINK, B_LINK, replace(A_CODE, touched_at=T - 8 * DAY), C_LINK]

    winners = {name: decide(inputs(*told, terms=TERMS.with_preset(name))).touch.public_id for name in PRESETS}

    assert winners == {"last_touch": "t-4", "first_touch": "t-1", "code_beats_link": "t-3"}


def test_takes_any_order_of_kinds():
    invited_first = Precedence((("invite",), ("link",), ("code", "coupon", "manual")), "first")
    told = [A_LINK, A_CODE, touch(DAN, kind="invite", number=5)]

    assert decide(inputs(*told, terms=replace(TERMS, precedence=invited_first))).credited == DAN


def test_lets_a_granted_claim_go_before_everything():
    manual = touch(DAN, kind="manual", at=T - 20 * DAY, number=5)

    for preset in PRESETS:
        assert decide(inputs(A_LINK, A_CODE, manual, terms=TERMS.with_preset(preset))).credited == DAN


def test_orders_touches_of_one_instant_by_their_keys():
    one, other = touch(number=1), touch(CLEO, number=2)

    assert decide(inputs(one, other)).credited == decide(inputs(other, one)).credited == CLEO
    assert decide(inputs(other, one, terms=TERMS.with_preset("first_touch"))).credited == BEN


def test_goes_on_to_the_next_touch_where_the_best_cannot_win():
    gone = {BEN: Candidate(BEN), CLEO: Candidate(CLEO, is_suspended=True)}

    found = decide(inputs(A_LINK, replace(B_LINK, touched_at=T), candidates=gone))

    assert said(found) == ("credited", "credited", BEN)
    assert steps(found) == {"t-1": ("taken", "credited"), "t-2": ("refused", "advocate_suspended")}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"is_suspended": True}, "advocate_suspended"),
        ({"is_erased": True}, "advocate_erased"),
        ({"is_customer": True}, "self_referral"),
        ({"country": "DE"}, "country_not_covered"),
        ({"country": ""}, "country_not_covered"),
    ],
)
def test_refuses_an_advocate(told, code):
    terms = TermsDocument(countries=("US", "CA"))
    country = {"country": "US", **told}

    found = decide(inputs(touch(), terms=terms, candidates={BEN: Candidate(BEN, **country)}))

    assert (said(found), steps(found)) == (("refused", code, None), {"t-1": ("refused", code)})
    assert decide(inputs(touch(), terms=terms, candidates={BEN: Candidate(BEN, country="CA")})).reason == "credited"


def test_takes_a_customer_at_their_word_that_nobody_referred_them():
    before, after = touch(at=T - 2 * DAY), touch(CLEO, at=T - DAY + MICROSECOND, number=2)

    assert decide(inputs(before, tie_cut_at=T - DAY)).reason == "tie_cut"
    assert decide(inputs(replace(before, touched_at=T - DAY), tie_cut_at=T - DAY)).reason == "tie_cut"
    assert decide(inputs(before, after, tie_cut_at=T - DAY)).credited == CLEO
    assert decide(inputs(replace(after, is_cut=True))).reason == "tie_cut"


def test_tells_the_reason_of_the_touch_that_came_nearest():
    long_ago = touch(at=T - 90 * DAY)
    suspended = touch(CLEO, at=T - DAY, number=2)
    later = touch(DAN, at=T + DAY, number=3)
    candidates = {each: Candidate(each, is_suspended=each == CLEO) for each in (BEN, CLEO, DAN)}

    found = decide(inputs(long_ago, suspended, later, candidates=candidates))

    assert (found.reason, found.touch) == ("advocate_suspended", suspended)
    assert {code for _state, code in steps(found).values()} == {
        "outside_window",
        "advocate_suspended",
        "touch_after_conversion",
    }


# Scenario 16: whole numbers, rounded half up.
@pytest.mark.parametrize(
    ("lines", "captured", "currency", "counted"),
    [
        ((("goods", 5000), ("tax", 400)), 5400, "USD", 5000),
        ((("goods", 5000), ("discount", -500), ("tax", 400), ("shipping", 100)), 5000, "USD", 4500),
        ((("goods", 5000), ("tax", 500)), 2750, "USD", 2500),
        ((("goods", 1),), 1, "JPY", 1),
        ((("goods", 1000), ("tax", 3)), 500, "KWD", 499),
        ((("goods", 3), ("tax", 1)), 2, "USD", 2),
        ((("goods", 5), ("goods", 5), ("goods", 5)), 15, "KWD", 15),
        ((("goods", 5), ("goods", 5), ("goods", 5)), 10, "KWD", 10),
    ],
)
def test_counts_what_was_collected_of_the_lines_that_count(lines, captured, currency, counted):
    fact = replace(ORDER, lines=lines, captured=captured, currency=currency)

    found = decide(inputs(touch(), fact=fact, currency=currency))

    assert (found.reason, found.counted) == ("credited", counted)
    assert counting.proportional(counted, 0, counted) == 0


# Scenario 17: only money collected counts.
@pytest.mark.parametrize(
    ("lines", "captured"),
    [
        ((("goods", 0),), 0),
        ((("goods", 5000),), 0),
        ((("goods", -1200), ("tax", -100)), -1300),
        ((("goods", 1000), ("discount", -1000)), 0),
        ((("tax", 400),), 400),
        ((), 0),
    ],
)
def test_counts_nothing_where_nothing_was_collected(lines, captured):
    found = decide(inputs(touch(), fact=replace(ORDER, lines=lines, captured=captured)))

    assert (said(found), found.counted) == (("refused", "nothing_collected", None), 0)


@pytest.mark.parametrize(
    ("captured", "reason"), [(5400, "credited"), (3240, "credited"), (3239, "below_minimum"), (1, "nothing_collected")]
)
def test_asks_for_the_minimum_of_what_was_collected(captured, reason):
    terms = TermsDocument(minimum_order=3000)
    fact = replace(ORDER, captured=captured) if captured > 1 else replace(ORDER, lines=(("tax", 1),), captured=1)

    assert decide(inputs(touch(), terms=terms, fact=fact)).reason == reason


# Scenario 5, and who is new.
@pytest.mark.parametrize(
    ("terms", "past", "reason"),
    [
        (TERMS, (PAID,), "not_new_customer"),
        (TERMS, (FREE,), "credited"),
        (TermsDocument(new_customer="no_order"), (FREE,), "not_new_customer"),
        (TermsDocument(new_customer="no_order"), (), "credited"),
        (TermsDocument(new_customer="anyone"), (PAID,), "not_first_order"),
        (TermsDocument(new_customer="anyone", orders="months", order_months=3), (PAID,), "credited"),
        (LAPSED, (PAID,), "not_new_customer"),
        (LAPSED, (PastOrder(datetime(2026, 5, 21, 12, tzinfo=UTC), is_paid=True),), "not_new_customer"),
        (LAPSED, (PastOrder(datetime(2026, 5, 21, 11, 59, 59, tzinfo=UTC), is_paid=True),), "credited"),
    ],
)
def test_asks_who_is_new_at_that_instant(terms, past, reason):
    code = touch(kind="code", at=T)

    found = decide(inputs(code, terms=terms, past_orders=past))

    assert found.reason == reason
    assert [step["touch"] for step in found.trace["steps"] if step["what"] == "touch"] == ["t-1"]


@pytest.mark.parametrize(("named", "reason"), [(T - DAY, "not_new_customer"), (T, "credited"), (T + DAY, "credited")])
def test_believes_the_shop_about_a_first_order(named, reason):
    assert decide(inputs(touch(), first_order_at=named)).reason == reason


def test_credits_only_the_first_order():
    later = inputs(touch(), past_orders=(PAID,), credits=(credit(),))
    trial_first = inputs(touch(), past_orders=(FREE,))
    earlier_credited = inputs(touch(), terms=replace(TERMS, new_customer="anyone"), credits=(credit(),))

    assert decide(later).reason == "not_first_order"
    assert decide(trial_first).reason == "credited"
    assert decide(earlier_credited).reason == "not_first_order"


def test_credits_no_earlier_order_once_a_later_one_is_final():
    later = credit(at=T + DAY)

    assert decide(inputs(touch(), credits=(later,))).reason == "credited"
    assert decide(inputs(touch(), credits=(replace(later, is_final=True),))).reason == "not_first_order"
    assert decide(inputs(touch(), terms=MONTHS, credits=(replace(later, is_final=True),))).reason == "credited"


def test_credits_a_lead_once():
    terms = TermsDocument(signup=True)

    assert decide(inputs(touch(), fact=LEAD, terms=terms)).goal == "signup"
    assert decide(inputs(touch(), fact=LEAD, terms=terms, past_orders=(PAID,))).reason == "not_new_customer"
    assert decide(inputs(touch(), fact=LEAD, terms=terms, goal_reached_at=T - DAY)).reason == "goal_reached_before"
    final = credit(goal="signup", at=T + DAY, is_final=True)
    assert decide(inputs(touch(), fact=LEAD, terms=terms, credits=(final,))).reason == "goal_reached_before"
    assert decide(inputs(touch(), fact=LEAD, terms=TERMS)).reason == "goal_not_offered"
    assert decide(inputs(touch(), fact=replace(LEAD, goal="qualified_lead"), terms=terms)).reason == "goal_not_offered"


def test_lets_an_order_follow_a_credited_sign_up():
    assert decide(inputs(touch(), credits=(credit(goal="signup"),))).reason == "credited"


# Renewals.
def renewing(terms=MONTHS, *touches, first=None, **fields):
    first = first or credit(MONTHS, by=touch(CLEO, at=T - 31 * DAY, number=9))
    candidates = {each.advocate: Candidate(each.advocate) for each in (*touches, first.touch)}
    past = (PastOrder(first.at, is_paid=True),)
    given = {"credits": (first,), "candidates": candidates, "past_orders": past, **fields}
    return inputs(*touches, terms=terms, **given)


def test_lets_later_orders_inherit_the_advocate():
    found = decide(renewing(MONTHS, touch(BEN), touch(CLEO, at=T - 31 * DAY, number=9)))

    assert (said(found), found.goal) == (("credited", "renewal", CLEO), "renewal")
    assert steps(found) == {"t-1": ("refused", "lost_precedence"), "t-9": ("taken", "renewal")}


@pytest.mark.parametrize(
    ("at", "first", "reason"),
    [
        (datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC), "renewal_over"),
        (datetime(2026, 8, 27, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC), "renewal"),
        (datetime(2027, 2, 28, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC), "renewal_over"),
        (datetime(2027, 2, 27, 23, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC), "renewal"),
    ],
)
def test_counts_the_months_by_the_calendar(at, first, reason):
    earlier = credit(MONTHS, at=first)

    assert decide(renewing(first=earlier, fact=replace(ORDER, at=at))).reason == reason


# Scenario 14.
def test_decides_renewals_by_the_terms_of_the_first_order():
    one_off = credit(TERMS)
    cheap = credit(replace(MONTHS, minimum_order=9000), version=7)

    assert decide(renewing(MONTHS, touch(), first=one_off)).reason == "not_first_order"
    assert decide(renewing(TERMS)).reason == "renewal"
    found = decide(renewing(MONTHS, first=cheap))
    assert (found.reason, found.rules.version) == ("below_minimum", 7)


def test_renews_from_the_order_that_was_credited_itself():
    renewal = replace(credit(MONTHS, at=T - DAY), conversion="renewal", goal="renewal")
    first = credit(MONTHS, at=datetime(2026, 5, 21, 12, tzinfo=UTC))

    found = decide(renewing(first=first, credits=(first, renewal)))

    assert found.reason == "renewal_over"


def test_lets_who_comes_back_begin_anew():
    terms = replace(MONTHS, new_customer="lapsed", lapsed_months=3)
    long_ago = credit(MONTHS, at=T - 400 * DAY)

    assert decide(renewing(terms, touch(BEN), first=long_ago)).reason == "credited"


@pytest.mark.parametrize(
    ("told", "reason"), [({"is_suspended": True}, "advocate_suspended"), ({"is_erased": True}, "advocate_erased")]
)
def test_gives_nobody_else_what_an_advocate_cannot_inherit(told, reason):
    candidates = {BEN: Candidate(BEN), CLEO: Candidate(CLEO, **told)}

    assert said(decide(renewing(MONTHS, touch(BEN), candidates=candidates))) == ("refused", reason, None)


def test_ends_renewals_with_the_tie():
    assert decide(renewing(tie_cut_at=T - DAY)).reason == "tie_cut"
    assert decide(renewing(state=State.ENDED)).reason == "program_not_live"


# Other programs.
def test_credits_one_program():
    mine, theirs = touch(at=T - DAY), touch(CLEO, at=T - 2 * DAY, number=2)

    assert decide(inputs(mine, elsewhere=Claimant(2, theirs))).reason == "credited"
    assert decide(inputs(mine, elsewhere=Claimant(2, replace(theirs, touched_at=T)))).reason == "other_program"
    assert decide(inputs(mine, is_held_elsewhere=True)).reason == "other_program"
    assert decide(inputs(mine, elsewhere=Claimant(2, theirs, credit(MONTHS)))).reason == "other_program"
    assert decide(renewing(elsewhere=Claimant(2, replace(theirs, touched_at=T)))).reason == "renewal"
    assert decide(renewing(elsewhere=Claimant(2, theirs, credit(MONTHS, at=T - 40 * DAY)))).reason == "other_program"


def test_claims_nothing_that_could_not_count():
    assert claim(inputs(touch())) == Claimant(1, touch())
    assert claim(inputs(touch(at=T - 31 * DAY))) is None
    assert claim(inputs(touch(), state=State.ENDED)) is None
    assert claim(inputs(touch(), currency="EUR")) is None
    assert claim(inputs(touch(), fact=LEAD)) is None
    assert claim(inputs(touch(), terms=None)) is None
    assert claim(inputs(touch(), past_orders=(PAID,))) == Claimant(1, touch())


@given(st.permutations([(1, 1, None), (2, 2, None), (3, 2, None), (4, 0, 5), (5, 9, 4), (6, 9, 4)]))
def test_lets_the_same_program_claim_in_whatever_order_they_are_asked(told):
    claimants = [
        Claimant(program, touch(at=T + days * DAY, number=days), credit(at=T + since * DAY) if since else None)
        for program, days, since in told
    ]

    assert strongest(claimants).program == 5
    assert strongest([each for each in claimants if not each.renews]).program == 3


# Signals.
@pytest.mark.parametrize(
    ("points", "outcome", "sides"),
    [
        ((49, 49), "credited", ("allow", "allow")),
        ((50, 0), "credited", ("stop", "allow")),
        ((99, 50), "credited", ("stop", "stop")),
        ((100, 99), "credited", ("refuse", "stop")),
        ((0, 100), "credited", ("allow", "refuse")),
        ((100, 100), "refused", ("refuse", "refuse")),
    ],
)
def test_decides_each_side_by_its_score(points, outcome, sides):
    half = Signal("velocity_advocate", points[0] // 2, points[1] // 2)
    rest = Signal("cycle", points[0] - points[0] // 2, points[1] - points[1] // 2, {"people": 3})

    found = decide(inputs(touch(), candidates={BEN: Candidate(BEN, signals=(half, rest))}))

    assert (found.outcome, (found.advocate_side, found.friend_side)) == (outcome, sides)
    assert (found.reason, found.score) == ("signals" if outcome == "refused" else "credited", max(points))
    assert found.trace["score"] == {"advocate": points[0], "friend": points[1]}
    named = [(each["name"], each["points"]) for each in found.trace["signals"]["advocate"]]
    assert named == [(each.name, each.advocate) for each in (half, rest) if each.advocate]


def test_takes_its_thresholds_from_the_terms():
    terms = TermsDocument(stop_at=10, refuse_at=20)
    weak = Candidate(BEN, signals=(Signal("cycle", 10, 5),))

    found = decide(inputs(touch(), terms=terms, candidates={BEN: weak}))

    assert (found.advocate_side, found.friend_side) == ("stop", "allow")


# Caps.
@pytest.mark.parametrize(("used", "reason"), [(4, "credited"), (5, "cap_reached"), (6, "cap_reached")])
def test_stops_at_the_cap(used, reason):
    of_all, of_each = TermsDocument(cap_total=5), TermsDocument(cap_per_advocate=5)

    assert decide(inputs(touch(), terms=of_all, cap_used=used)).reason == reason
    assert decide(inputs(touch(), terms=of_each, candidates={BEN: Candidate(BEN, cap_used=used)})).reason == reason


def test_marks_a_cap_in_the_trace():
    found = decide(inputs(touch(), terms=TermsDocument(cap_total=5), cap_used=5))

    assert found.trace["inputs"]["cap_used"] == {"program": 5, "advocate": 0}
    assert steps(found, "cap") == {None: ("refused", "cap_reached")}


def test_names_every_code_in_its_tables():
    told = [decide(inputs(touch(), **broken)) for _reason, broken in BROKEN] + [decide(renewing(MONTHS, touch()))]

    for found in told:
        for step in found.trace["steps"]:
            assert step["code"] in (FACTS if step["what"] == "fact" else REASONS)
    assert {*POINTS, *VELOCITY} == SIGNALS.keys()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(-60, 60))  # noqa: DTZ001
def test_keeps_the_time_of_day_when_months_are_added(at, months):
    moved = newness.add_months(at, months)

    assert moved.timetz() == at.timetz()
    assert (moved.year * 12 + moved.month) - (at.year * 12 + at.month) == months
    assert moved.day <= at.day


@given(
    st.permutations([A_LINK, B_LINK, A_CODE, C_LINK, touch(DAN, kind="coupon", at=T, number=6)]),
    st.sampled_from(sorted(PRESETS)),
)
def test_says_the_same_in_whatever_order_touches_come(told, preset):
    terms = TERMS.with_preset(preset)

    assert decide(inputs(*told, terms=terms)) == decide(inputs(*sorted(told, key=lambda each: each.pk), terms=terms))
