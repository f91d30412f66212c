from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from customers.models import Person
from referrals.models import Decision, LinkDay, StoryLine
from referrals.tell import funnel, story, telling
from rewards import approvals, releasing
from rewards.ladders import Ladder, Step
from rewards.models import Reward
from rewards.plans import Benefit, Cap, PlanDocument, Rule
from spine import events
from spine.models import Event
from tests.conftest import sign_in
from tests.factories import NOON, make_conversion, make_link, make_program
from tests.referrals.telling import decided, redecide
from tests.rewards.living import open_program, order, refund

SOON = NOON + timedelta(minutes=1)


@pytest.fixture
def program(db):
    return make_program()


def tell(at=SOON):
    while events.number(at):
        pass
    while story.tell(at):
        pass


def said(person):
    """What somebody reads of each line, the latest first."""
    found = story.of(person).select_related("conversion__program").order_by("-occurred_at", "-id")
    decisions = {each.conversion_id: each for each in story.standing(line.conversion_id for line in found)}
    return [telling.tell(line, decisions[line.conversion_id], SOON).outcome for line in found]


def lines(person):
    return list(story.of(person).order_by("-occurred_at", "-id").values_list("state", "reason"))


def refused(program, reason, *touches, referred=None, at=NOON):
    """An order that credits nobody, for a reason, after looking at touches of (advocate, state, code)."""
    steps = [
        {
            "what": "touch",
            "state": state,
            "code": code,
            "at": NOON.isoformat(),
            "touch": None,
            "kind": "link",
            "advocate": str(advocate.person_id),
            "facts": {},
        }
        for advocate, state, code in touches
    ]
    trace = {"schema": 1, "steps": steps}
    conversion = make_conversion(program, reason=reason, referred=referred, at=at, trace=trace)
    decided(conversion)
    return conversion


def test_tells_the_advocate_what_is_in_view(program, ben):
    decided(make_conversion(program, credited=ben.person))

    tell()

    line = StoryLine.objects.get()
    assert (line.person, line.state, line.reason, line.occurred_at) == (ben.person, "credited", "credited", NOON)
    assert line.due_at == SOON
    assert said(ben.person) == ["You get $15 in credit, free on Dec 5, if the order stands."]


def test_turns_a_share_into_its_amount(db, ben):
    plan = PlanDocument((Benefit("advocate", "cash", percent=1250, hold_days=3),))
    decided(make_conversion(make_program(plan=plan), credited=ben.person, counted=4996))

    tell()

    assert said(ben.person) == ["You get $6.25 in cash, free on Nov 24, if the order stands."]


def test_names_all_that_a_plan_gives_in_the_brands_words(db, ben):
    beans = Rule("beans", Benefit("advocate", "goods", words="a bag of beans"), group="beans")
    points = Rule("points", Benefit("advocate", "points", fixed=250, hold_days=14), group="points")
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=3),), rules=(beans, points))
    decided(make_conversion(make_program(plan=plan), credited=ben.person))

    tell()

    assert said(ben.person) == [
        "You get $15 in credit, 250 points, and a bag of beans, free on Dec 5, if the order stands."
    ]


def test_names_a_grant_alone(db, ben):
    plan = PlanDocument((Benefit("advocate", "discount_code", percent=1000, pool=str(uuid4())),))
    decided(make_conversion(make_program(plan=plan), credited=ben.person))

    tell()

    assert said(ben.person) == ["You get 10\u00a0% off, free since Nov 21."]


def test_tells_what_the_tier_made_of_it(db, ben):
    ladder = Ladder("referrals", "rolling", 12, (Step("Gold", 1, multiplier=15_000),))
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14),), ladder=ladder)
    conversion = make_conversion(make_program(plan=plan), credited=ben.person)
    decided(conversion, tier="Gold")

    tell()

    assert said(ben.person) == ["You get $22.50 in credit, free on Dec 5, if the order stands."]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"caps": (Cap("person", 2),)}, "The limit for such rewards is reached."),
        ({"budget": 3000}, "The budget of the program is used up."),
    ],
)
def test_promises_nothing_that_a_limit_keeps_back(db, ben, limits, why):
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14),), **limits)
    program = make_program(plan=plan)
    for _number in range(3):
        decided(make_conversion(program, credited=ben.person))

    tell()

    promised = "You get $15 in credit, free on Dec 5, if the order stands."
    assert said(ben.person) == [f"It counts for you, and brings no reward this time. {why}", promised, promised]


def test_says_that_it_counts_where_the_order_brings_nothing(db, ben):
    plan = PlanDocument(rules=(Rule("big", Benefit("advocate", "credit", fixed=1500), at_least=10_000),))
    decided(make_conversion(make_program(plan=plan), credited=ben.person))

    tell()

    assert said(ben.person) == ["It counts for you, and brings no reward this time."]


def test_says_what_waits_for_a_person(db, ben, ada):
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14, needs_approval=True),))
    decided(make_conversion(make_program(plan=plan), credited=ben.person))
    tell()
    before = said(ben.person)

    approvals.approve([Reward.objects.get().public_id], ada.user, SOON)
    tell()

    assert before == ["You get $15 in credit, once one of us has looked at it."]
    assert said(ben.person) == ["You get $15 in credit, free on Dec 5, if the order stands."]


def test_keeps_what_was_answered_until_there_is_another_answer(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    tell()

    conversion.number = 2
    conversion.save()
    story.take(list(Event.objects.all()), SOON)

    assert said(ben.person) == ["You get $15 in credit, free on Dec 5, if the order stands."]


def test_says_something_of_a_rule_that_a_later_plan_has_not(db, ben):
    plan = PlanDocument((Benefit("advocate", "goods", words="a bag of beans"),))
    decided(make_conversion(make_program(plan=plan), credited=ben.person))
    tell()
    line = StoryLine.objects.get()
    line.gained["gains"][0]["rule"] = "gone"
    line.save()

    assert said(ben.person) == ["You get a surprise, free since Nov 21."]


def test_says_that_rewards_has_not_answered_yet(program, ben):
    decided(make_conversion(program, credited=ben.person), answer=False)

    tell()

    assert said(ben.person) == ["It counts for you. In a moment you read here what it brings you."]


def test_tells_each_state_by_the_advocates_own_side(program, ben):
    for state, side in (("stopped", "stop"), ("stopped", "allow"), ("credited", "refuse")):
        decided(make_conversion(program, credited=ben.person, state=state, advocate_side=side))

    tell()

    assert sorted(lines(ben.person)) == [
        ("credited", "credited"),
        ("refused", "signals"),
        ("stopped", "credited"),
    ]


def test_tells_whose_recommendation_was_looked_at_why_it_did_not_count(program, ben, cleo):
    refused(program, "not_new_customer", (ben, "taken", "credited"), (cleo, "refused", "outside_window"))

    tell()

    assert lines(ben.person) == [("refused", "not_new_customer")]
    assert lines(cleo.person) == [("refused", "outside_window")]


def test_tells_nobody_what_says_nothing_about_a_recommendation(program, ben):
    refused(program, "no_touch", (ben, "refused", "touch_after_conversion"))
    refused(program, "not_first_order", (ben, "taken", "credited"))

    tell()

    assert not StoryLine.objects.exists()


def test_tells_of_a_friend_who_was_not_new_only_once(program, ben):
    friend = Person.objects.create()
    for days in range(3):
        refused(
            program,
            "not_new_customer",
            (ben, "taken", "credited"),
            referred=friend,
            at=NOON + timedelta(days=days),
        )
        tell()
    refused(program, "not_new_customer", (ben, "taken", "credited"))
    tell()

    assert StoryLine.objects.count() == 2


def test_follows_a_conversion_that_goes_to_somebody_else(program, ben, cleo):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    tell()

    Decision.objects.update(superseded_at=NOON)
    decision = Decision.objects.get()
    decision.pk, decision.public_id, decision.number = None, cleo.person_id, 2
    decision.superseded_at, decision.credited_person = None, cleo.person
    decision.save(force_insert=True)
    redecide(conversion, "credited", 5000, credited_person=cleo.person, number=2)
    tell()

    assert lines(ben.person) == [("refused", "lost_precedence")]
    assert lines(cleo.person) == [("credited", "credited")]
    assert StoryLine.objects.get(person=ben.person).gained is None
    assert StoryLine.objects.get(person=ben.person).was_credited


def test_says_what_staff_refused(program, ben):
    conversion = make_conversion(program, credited=ben.person, state="stopped", advocate_side="stop")
    decided(conversion)
    tell()

    redecide(conversion, "refused", 5000, credited_person=None, reason="staff_refused", advocate_side="refuse")
    tell()

    assert lines(ben.person) == [("refused", "staff_refused")]


def test_tells_the_same_when_the_same_is_read_twice(program, ben):
    decided(make_conversion(program, credited=ben.person))
    tell()
    StoryLine.objects.update(due_at=None)
    found = list(Event.objects.all())

    story.take(found, SOON + timedelta(days=1))

    assert StoryLine.objects.get().due_at is None


def test_sums_a_story_up(program, ben):
    link = make_link(program, ben)
    LinkDay.objects.create(link=link, day=NOON.date(), raw=90, qualified=5, people=3)
    friend = Person.objects.create()
    for days in (0, 1):
        decided(make_conversion(program, credited=ben.person, referred=friend, at=NOON - timedelta(days=days)))
    decided(make_conversion(program, credited=ben.person, at=NOON - timedelta(days=60)))
    releasing.release_due(NOON)
    tell()

    found = funnel.of(ben.person)

    assert (found.people, found.signups, found.orders) == (3, 0, 2)
    assert funnel.sentence(found, NOON) == ("3 friends followed, 2 ordered, $30 on its way (free from Dec 4 to Dec 5)")


def test_counts_whoever_ordered_by_a_typed_code_among_those_who_followed(program, ben):
    decided(make_conversion(program, credited=ben.person))

    assert funnel.sentence(funnel.of(ben.person), NOON) == (
        "1 friend followed, 1 ordered, $15 on its way (free on Dec 5)"
    )


def test_says_that_nobody_ordered_yet(program, ben):
    LinkDay.objects.create(link=make_link(program, ben), day=NOON.date(), raw=1, qualified=1, people=1)

    assert funnel.sentence(funnel.of(ben.person), NOON) == "1 friend followed, no order counted yet"


def test_has_nothing_to_sum_up_for_whoever_is_new(cleo):
    assert funnel.of(cleo.person).is_empty


def test_reads_as_sentences_with_the_reasons(program, ben):
    decided(make_conversion(program, credited=ben.person, state="stopped", advocate_side="stop"))
    decided(make_conversion(program, credited=ben.person, reason="renewal", at=NOON - timedelta(days=900)))
    refused(program, "not_new_customer", (ben, "taken", "credited"))
    tell()

    page = sign_in(ben).get(reverse("referrals:story")).content.decode()

    assert "A friend ordered again." in page
    assert "You get $15 in credit, free since" in page
    assert "We are having a look at it before it counts." in page
    assert "A friend ordered, and it did not count." in page
    assert "Your friend had ordered from us before." in page
    assert "Why?" in page


def test_shows_nobody_elses_story(program, ben, dan_client):
    decided(make_conversion(program, credited=ben.person))
    tell()

    page = dan_client.get(reverse("referrals:story")).content.decode()

    assert "No story yet" in page
    assert "$15" not in page


def test_asks_a_stranger_to_sign_in(db, client):
    answer = client.get(reverse("referrals:story"))

    assert (answer.status_code, answer.url) == (302, f"{reverse('account_login')}?next={reverse('referrals:story')}")


@pytest.mark.parametrize("name", ["home", "referrals:story"])
def test_costs_the_same_however_long_it_is(program, ben, name, django_assert_max_num_queries):
    make_link(program, ben)
    browser = sign_in(ben)

    def fill(count):
        for _number in range(count):
            decided(make_conversion(program, credited=ben.person))
            refused(program, "not_new_customer", (ben, "taken", "credited"))
        tell()

    fill(1)
    with django_assert_max_num_queries(30) as first:
        browser.get(reverse(name))
    fill(8)
    with django_assert_max_num_queries(30) as then:
        browser.get(reverse(name))

    assert len(then) == len(first)


def test_goes_through_a_long_story_page_by_page(program, ben):
    for days in range(25):
        decided(make_conversion(program, credited=ben.person, at=NOON - timedelta(days=days)))
    tell()
    browser = sign_in(ben)

    first = browser.get(reverse("referrals:story"))
    second = browser.get(reverse("referrals:story"), {"after": first.context["page"].next_cursor})

    assert [len(page.context["entries"]) for page in (first, second)] == [20, 5]
    assert second.context["page"].next_cursor is None


def test_says_on_an_empty_home_what_to_do_first(cleo_client):
    page = cleo_client.get(reverse("home")).content.decode()

    assert "Nobody has followed yet" in page


def test_says_what_of_a_reward_went_back(ben):
    open_program(ben)
    order()
    found = []
    for amount in (2500, 7500):
        refund(f"r-{amount}", amount)
        events.number(NOON)
        story.tell(NOON)
        line = StoryLine.objects.select_related("conversion__program", "conversion__lead").get()
        decision = line.conversion.decisions.select_related("terms__plan").get()
        found.append(telling.tell(line, decision, NOON).outcome)

    assert found == [
        "You get $10 in credit less $2.50 that went back with the order, free on Dec 5, if the order stands.",
        "The order was paid back, and the $10 in credit with it.",
    ]
