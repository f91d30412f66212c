from dataclasses import replace
from datetime import timedelta

import pytest

from customers.canonical import canonical_hash
from customers.models import Person
from referrals.models import Conversion, Decision, Verdict
from referrals.models.conversion import Side, SideVerdict
from referrals.review import interest, reviewing
from rewards import occasions
from rewards.occasions import Asked
from spine.models import AuditEntry, Event
from tests.factories import NOON, TERMS, make_conversion, make_program, make_staff, make_terms
from tests.referrals.judging import name, standing, stop

BOTH = [Side.ADVOCATE, Side.FRIEND]
ALLOW, REFUSE, STOP = SideVerdict.ALLOW, SideVerdict.REFUSE, SideVerdict.STOP
LATER = NOON + timedelta(hours=1)


def give(conversion, on, verdict, reviewer, reason="A family with one card", at=LATER):
    decision = standing(conversion).public_id
    return reviewing.give(conversion, on, verdict, reviewer.user, decision=decision, reason=reason, at=at)


def state(conversion):
    row = Conversion.objects.get(pk=conversion.pk)
    return (row.state, row.reason, row.credited_person_id, row.advocate_side, row.friend_side, row.version)


def nothing_changed(conversion, before):
    return state(conversion) == before and not Verdict.objects.exists() and not AuditEntry.objects.exists()


@pytest.fixture
def program(db):
    return make_program()


@pytest.fixture
def grace(db):
    """Grace, a second program manager."""
    return make_staff("grace", "program manager")


def test_frees_both_sides_at_once(program, ada, ben):
    conversion = stop(program, ben)

    give(conversion, BOTH, ALLOW, ada)

    assert state(conversion) == ("credited", "credited", ben.person_id, "allow", "allow", 2)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject_id, entry.actor_id) == (
        "conversion.approved",
        str(conversion.public_id),
        str(ada.user.public_id),
    )
    assert entry.reason.text == "A family with one card"
    event = Event.objects.get(name="conversion.credited")
    assert event.payload["before"] == {"state": "stopped", "counted": 5000}
    assert event.payload["sides"] == {"advocate": "allow", "friend": "allow"}


def test_decides_each_side_by_itself(program, ada, ben):
    conversion = stop(program, ben)

    give(conversion, [Side.FRIEND], ALLOW, ada)
    half = state(conversion)
    give(conversion, [Side.ADVOCATE], REFUSE, ada)

    assert half == ("stopped", "credited", ben.person_id, "stop", "allow", 2)
    assert state(conversion) == ("credited", "credited", ben.person_id, "refuse", "allow", 3)


def test_credits_nobody_where_both_sides_are_refused(program, ada, ben):
    conversion = stop(program, ben)

    give(conversion, BOTH, REFUSE, ada)

    assert state(conversion) == ("refused", "staff_refused", None, "refuse", "refuse", 2)
    assert standing(conversion).credited_person_id == ben.person_id
    assert Event.objects.filter(name="conversion.refused").count() == 1


def test_has_a_customers_other_orders_decided_again_after_a_verdict(program, ada, ben):
    conversion = stop(program, ben)
    renewal = make_conversion(program, credited=ben.person, referred=conversion.referred_person)
    strangers = make_conversion(program, credited=ben.person)
    Conversion.objects.update(due_at=None)

    give(conversion, BOTH, REFUSE, ada)

    renewal.refresh_from_db()
    strangers.refresh_from_db()
    assert (renewal.due_at, strangers.due_at) == (LATER, None)


def test_leaves_a_side_alone_that_was_not_stopped(program, ada, ben):
    conversion = stop(program, ben, friend_side="allow")
    before = state(conversion)

    with pytest.raises(reviewing.NotStopped):
        give(conversion, BOTH, ALLOW, ada)

    assert nothing_changed(conversion, before)


def test_takes_no_empty_verdict(program, ada, ben):
    conversion = stop(program, ben)
    before = state(conversion)

    with pytest.raises(reviewing.NotStopped):
        give(conversion, [], ALLOW, ada)

    assert nothing_changed(conversion, before)


def test_decides_nothing_twice(program, ada, ben, grace):
    conversion = stop(program, ben)
    give(conversion, BOTH, ALLOW, ada)

    with pytest.raises(reviewing.NotStopped):
        give(conversion, BOTH, REFUSE, grace)

    assert state(conversion) == ("credited", "credited", ben.person_id, "allow", "allow", 2)
    assert Verdict.objects.count() == 2


def test_refuses_a_verdict_on_a_decision_that_was_replaced(program, ada, ben):
    conversion = stop(program, ben)
    seen = standing(conversion)
    Decision.objects.filter(pk=seen.pk).update(superseded_at=LATER)
    fields = {"referred_person": seen.referred_person, "credited_person": ben.person, "terms": seen.terms}
    Decision.objects.create(
        conversion=conversion, number=2, at=LATER, outcome="credited", reason="credited", goal="first_order",
        advocate_side="stop", friend_side="stop", trace={}, **fields,
    )  # fmt: skip
    before = state(conversion)

    with pytest.raises(reviewing.DecisionChanged):
        reviewing.give(conversion, BOTH, ALLOW, ada.user, decision=seen.public_id, reason="Fine", at=LATER)

    assert nothing_changed(conversion, before)


def test_needs_two_people_above_the_amount(program, ada, ben, grace):
    make_terms(program, replace(TERMS, second_pair_above=4999), at=NOON)
    conversion = stop(program, ben)

    give(conversion, BOTH, ALLOW, ada)
    first = state(conversion)
    with pytest.raises(reviewing.NeedsSecondPerson):
        give(conversion, BOTH, ALLOW, ada)
    give(conversion, BOTH, ALLOW, grace, at=LATER + timedelta(minutes=1))

    assert first == ("stopped", "credited", ben.person_id, "stop", "stop", 1)
    assert state(conversion) == ("credited", "credited", ben.person_id, "allow", "allow", 2)
    assert Event.objects.filter(subject_kind="conversion").count() == 1


def test_needs_one_person_at_the_amount_itself(program, ada, ben):
    make_terms(program, replace(TERMS, second_pair_above=5000), at=NOON)
    conversion = stop(program, ben)

    give(conversion, BOTH, ALLOW, ada)

    assert state(conversion)[0] == "credited"


def test_refuses_by_one_person_whatever_the_amount(program, ada, ben, grace):
    make_terms(program, replace(TERMS, second_pair_above=1), at=NOON)
    conversion = stop(program, ben)
    give(conversion, BOTH, ALLOW, ada)

    give(conversion, BOTH, REFUSE, grace)

    assert state(conversion)[0] == "refused"


@pytest.mark.parametrize("own", ["advocate", "friend", "merged", "mailbox"])
def test_lets_nobody_decide_what_pays_themselves(program, ada, ben, own):
    conversion = stop(program, ada if own == "advocate" else ben)
    if own == "friend":
        conversion = stop(program, ben, referred=ada.person)
    if own == "merged":
        Person.objects.filter(pk=conversion.referred_person_id).update(merged_into=ada.person)
    if own == "mailbox":
        customer = name(conversion, "Ada+shop@example.com")
        customer.canonical_hash = canonical_hash(customer.email)
        customer.save()
    before = state(conversion)

    for verdict in (ALLOW, REFUSE):
        with pytest.raises(interest.OwnConversion):
            give(conversion, BOTH, verdict, ada)

    assert nothing_changed(conversion, before)


def test_takes_a_verdict_back_as_long_as_nothing_is_final(program, ada, ben):
    conversion = stop(program, ben)
    give(conversion, BOTH, REFUSE, ada)

    for verdict in Verdict.objects.all():
        reviewing.undo(verdict, ada.user, LATER)

    assert state(conversion) == ("stopped", "credited", ben.person_id, "stop", "stop", 4)
    assert Conversion.objects.get().stopped_at == NOON
    assert AuditEntry.objects.filter(verb="verdict.undone").count() == 2
    give(conversion, BOTH, ALLOW, ada)
    assert state(conversion)[0] == "credited"


def test_undoes_nothing_twice(program, ada, ben):
    conversion = stop(program, ben)
    give(conversion, [Side.FRIEND], ALLOW, ada)
    verdict = Verdict.objects.get()
    reviewing.undo(verdict, ada.user, LATER)
    before = state(conversion)

    with pytest.raises(reviewing.AlreadyUndone):
        reviewing.undo(verdict, ada.user, LATER)

    assert state(conversion) == before


def test_undoes_nothing_that_is_final_but_still_takes_verdicts(program, ada, ben):
    conversion = stop(program, ben)
    asked = Asked(
        "conversion", str(conversion.public_id), program.scheme, ben.person_id, NOON, conversion.counted, "USD"
    )
    occasions.open_or_revise([asked], LATER)
    give(conversion, [Side.FRIEND], ALLOW, ada)
    occasions.finalise("conversion", str(conversion.public_id), LATER)

    with pytest.raises(reviewing.AlreadyFinal):
        reviewing.undo(Verdict.objects.get(), ada.user, LATER)
    give(conversion, [Side.ADVOCATE], REFUSE, ada)

    assert state(conversion) == ("credited", "credited", ben.person_id, "refuse", "allow", 3)


def test_lets_a_refusal_stand_whose_order_another_program_credited(program, ada, ben, cleo):
    conversion = stop(program, ben)
    give(conversion, BOTH, REFUSE, ada)
    other = make_conversion(make_program("Other"), credited=cleo.person)
    Conversion.objects.filter(pk=other.pk).update(order=conversion.order)
    before = state(conversion)

    with pytest.raises(reviewing.CreditedElsewhere):
        reviewing.undo(Verdict.objects.first(), ada.user, LATER)

    assert state(conversion) == before
    assert Verdict.objects.filter(undone_at=None).count() == 2


def test_weighs_a_decision_like_its_conversion_says(program, ada, ben):
    conversion = stop(program, ben)
    give(conversion, [Side.ADVOCATE], REFUSE, ada)

    sides = reviewing.sides(standing(conversion), Verdict.objects.all())

    assert (sides.advocate, sides.friend, sides.open()) == (REFUSE, STOP, [Side.FRIEND])


@pytest.mark.services
@pytest.mark.parametrize("verdicts", [(ALLOW, ALLOW), (ALLOW, REFUSE)])
def test_hears_one_of_two_who_decide_at_once(together, verdicts):
    program, reviewers = make_program(), [make_staff("ada", "program manager"), make_staff("grace", "program manager")]
    conversion = stop(program, make_staff("ben", "moderator"))
    calls = [
        lambda who=who, verdict=verdict: give(conversion, BOTH, verdict, who)
        for who, verdict in zip(reviewers, verdicts, strict=True)
    ]

    results = together(calls)

    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [reviewing.NotStopped]
    assert Verdict.objects.count() == 2
    assert len(set(Verdict.objects.values_list("by", flat=True))) == 1
    assert Event.objects.filter(key__startswith="conversion:").count() == 1


@pytest.mark.services
def test_counts_two_who_approve_at_once_as_two(together):
    program, reviewers = make_program(), [make_staff("ada", "program manager"), make_staff("grace", "program manager")]
    make_terms(program, replace(TERMS, second_pair_above=1), at=NOON)
    conversion = stop(program, make_staff("ben", "moderator"))

    results = together([lambda who=who: give(conversion, BOTH, ALLOW, who) for who in reviewers])

    assert [result for result in results if isinstance(result, Exception)] == []
    assert state(conversion)[0] == "credited"
    assert Event.objects.filter(key__startswith="conversion:").count() == 1
