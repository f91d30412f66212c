import re
from datetime import timedelta

import pytest

from advocates.models import Advocate, User
from brand.models import Message
from customers.models import Lead, Source
from referrals.models import Conversion, StoryLine
from referrals.tell import notices, story
from rewards.ladders import Ladder, Step
from rewards.plans import Benefit, PlanDocument
from spine import events
from tests.factories import NOON, make_conversion, make_program
from tests.referrals.telling import decided, redecide, reward
from tests.referrals.test_story import refused

SOON = NOON + timedelta(minutes=1)


@pytest.fixture
def program(db):
    return make_program()


def write(at=SOON):
    """Tell what was decided and write the letters."""
    while events.number(at):
        pass
    while story.tell(at):
        pass
    while notices.write_due(at):
        pass


def subjects():
    return list(Message.objects.order_by("pk").values_list("subject", flat=True))


def test_writes_that_a_friend_ordered(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)

    write()

    letter = Message.objects.get()
    assert letter.key == f"referral-credited:{conversion.public_id}:{ben.person_id}"
    assert (letter.to, letter.subject) == ("ben@example.com", "A friend ordered. You get $15 in credit.")
    assert "You get $15 in credit, free on Dec 5, if the order stands." in letter.text
    assert f"/story/#{conversion.public_id}" in letter.text
    assert letter.is_transactional is False
    assert "List-Unsubscribe-Post" in letter.headers


def test_names_neither_the_friend_nor_what_they_bought(program, ben):
    conversion = make_conversion(program, credited=ben.person, counted=98765)
    conversion.order.customer.email = "friend@example.com"
    conversion.order.customer.save()
    decided(conversion)

    write()

    letter = Message.objects.get()
    for told in ("friend@example.com", "987", conversion.order.key, str(conversion.referred_person_id)):
        assert told not in letter.text + letter.html


def test_writes_in_the_language_and_the_hours_of_the_reader(program, ben):
    Advocate.objects.filter(pk=ben.pk).update(time_zone="Pacific/Auckland")
    decided(make_conversion(program, credited=ben.person))

    write()

    assert "free on Dec 6" in Message.objects.get().text


def test_waits_until_it_is_known_what_it_brings(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion, answer=False)
    write()
    before = subjects()

    reward(conversion, SOON)
    write(SOON + notices.AGAIN - timedelta(microseconds=1))
    not_yet = subjects()
    write(SOON + notices.AGAIN)

    assert (before, not_yet) == ([], [])
    assert subjects() == ["A friend ordered. You get $15 in credit."]


def test_writes_what_the_tier_made_of_it(db, ben):
    ladder = Ladder("referrals", "rolling", 12, (Step("Gold", 1, multiplier=15_000),))
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14),), ladder=ladder)
    decided(make_conversion(make_program(plan=plan), credited=ben.person), tier="Gold")

    write()

    assert subjects() == ["A friend ordered. You get $22.50 in credit."]


def test_promises_nothing_that_a_limit_keeps_back(db, ben):
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1500),), budget=1000)
    decided(make_conversion(make_program(plan=plan), credited=ben.person))

    write()

    letter = Message.objects.get()
    assert letter.subject == "A friend ordered."
    assert "brings no reward this time. The budget of the program is used up." in letter.text
    assert "$" not in letter.text


def test_writes_once_for_each_conversion(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    write()

    redecide(conversion, "credited", 4000)
    write(SOON + timedelta(minutes=1))
    StoryLine.objects.update(due_at=SOON)
    write(SOON + timedelta(minutes=2))

    assert len(subjects()) == 1


def test_writes_that_somebody_looks_at_it_and_then_how_that_ended(program, ben):
    conversion = make_conversion(program, credited=ben.person, state="stopped", advocate_side="stop")
    decided(conversion)
    write()

    redecide(conversion, "credited", 5000, advocate_side="allow")
    write(SOON + timedelta(minutes=1))

    assert subjects() == [
        "We are having a look at a recommendation of yours",
        "A friend ordered. You get $15 in credit.",
    ]


def test_writes_why_it_does_not_count(program, ben):
    refused(program, "not_new_customer", (ben, "taken", "credited"))

    write()

    letter = Message.objects.get()
    assert letter.subject == "A friend ordered, and it did not count."
    assert "Your friend had ordered from us before." in letter.text


def test_writes_that_it_does_not_count_after_all(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    write()

    redecide(conversion, "refused", 0, credited_person=None, reason="staff_refused", advocate_side="refuse")
    write(SOON + timedelta(minutes=1))

    letter = Message.objects.last()
    assert letter.subject == "A recommendation of yours does not count after all"
    assert "We told you that a recommendation of yours was on its way to count." in letter.text
    assert "We looked at this order and could not count it." in letter.text


@pytest.mark.parametrize("reason", ["lost_precedence", "tie_cut"])
def test_writes_nothing_about_what_is_no_news(program, ben, reason):
    refused(program, "cap_reached", (ben, "refused", reason))

    write()

    assert StoryLine.objects.get().reason == reason
    assert subjects() == []


def test_says_that_it_counts_where_nothing_is_promised(db, ben):
    decided(make_conversion(make_program(plan=PlanDocument()), credited=ben.person))

    write()

    letter = Message.objects.get()
    assert letter.subject == "A friend ordered."
    assert "It counts for you." in letter.text


def test_writes_of_a_sign_up(program, ben):
    conversion = make_conversion(program, credited=ben.person, goal="signup")
    lead = Lead.objects.create(
        source=Source.objects.get(),
        key="l-1",
        customer=conversion.order.customer,
        goal="signup",
        at=NOON,
        recorded_at=NOON,
    )
    Conversion.objects.update(order=None, lead=lead)
    conversion.refresh_from_db()
    decided(conversion)

    write()

    letter = Message.objects.get()
    assert letter.subject == "A friend signed up. You get $15 in credit."
    assert "if the order stands" not in letter.text


def test_writes_to_nobody_who_left(program, ben, cleo):
    for advocate in (ben, cleo):
        decided(make_conversion(program, credited=advocate.person))
    User.objects.filter(pk=ben.user.pk).update(is_active=False)
    Advocate.objects.filter(pk=cleo.pk).update(user=None)

    write()

    assert subjects() == []
    assert not StoryLine.objects.filter(due_at__isnull=False).exists()


def test_reads_as_well_without_html(program, ben):
    decided(make_conversion(program, credited=ben.person))
    decided(make_conversion(program, credited=ben.person, state="stopped", advocate_side="stop"))
    refused(program, "cap_reached", (ben, "taken", "credited"))

    write()

    for letter in Message.objects.all():
        assert not re.search(r"<\w+|&#|&quot;|{[{%]", letter.text)
        assert letter.html
