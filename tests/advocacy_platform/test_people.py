from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocacy_platform import people
from advocates import suspending
from advocates.models import Suspension
from brand.suppression import address_hash
from customers.canonical import canonical_hash
from customers.models import Customer, Person
from referrals.models import Claim, Code
from referrals.share import codes
from spine import clock
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import (
    NOON,
    make_advocate,
    make_conversion,
    make_link,
    make_program,
    make_reward,
    make_source,
    make_staff,
    make_touch,
)

PEOPLE = "/manage/people/"
DAY = timedelta(days=1)


def page(advocate_or_person, act=""):
    pk = getattr(advocate_or_person, "person_id", None) or advocate_or_person.pk
    return f"{PEOPLE}{pk}/{act}"


@pytest.fixture
def friend(db):
    """Somebody whom only a shop knows."""
    person = Person.objects.create()
    email = "F.Riend@gmail.com"
    Customer.objects.create(
        source=make_source(),
        key="c-77",
        person=person,
        email=email,
        email_hash=address_hash(email),
        canonical_hash=canonical_hash(email),
        recorded_at=NOON,
    )
    return person


# --- Finding


@pytest.mark.parametrize("text", ["Ben", "  BE ", "ben", "ben@example.com", "BEN@Example.com", "ben-old@example.com"])
def test_finds_an_advocate_by_name_and_email(ben, cleo, text):
    EmailAddress.objects.create(user=ben.user, email="Ben-Old@example.com", verified=False)

    assert [found.person for found in people.search(text)] == [ben.person_id]


@pytest.mark.parametrize("text", ["BENNY-42", "benny-42", " oldben"])
def test_finds_an_advocate_by_every_code(ben, cleo, text):
    link = make_link(make_program(), ben, "BENNY-42")
    Code.objects.create(link=link, text="OLDBEN", key=codes.key("OLDBEN"), is_permanent=False, created_at=NOON)

    assert [(found.name, found.by) for found in people.search(text)] == [("Ben", "by their code")]


@pytest.mark.parametrize("text", ["f.riend@gmail.com", "friend+shop@googlemail.com"])
def test_finds_a_customer_by_any_spelling_of_their_email(friend, text):
    assert [(found.person, found.name) for found in people.search(text)] == [(friend.pk, "F.Riend@gmail.com")]


def test_finds_whoever_ordered(friend):
    key = make_conversion(make_program(), referred=friend).order.key

    assert [found.person for found in people.search(f"#{key}")] == [friend.pk]


def test_finds_each_person_once_and_whoever_they_were_merged_into(ben):
    old = Person.objects.create(merged_into=ben.person)
    Customer.objects.create(
        source=make_source(),
        key="c",
        person=old,
        email="ben@example.com",
        email_hash=address_hash("ben@example.com"),
        recorded_at=NOON,
    )

    found = people.search("ben@example.com")

    assert [(one.person, one.by) for one in found] == [(ben.person_id, "by the email they sign in with")]


@pytest.mark.parametrize("text", ["", " ", "nobody", "@", "\0", "%", "' OR 1=1", "é" * 254])
def test_finds_nobody_by_what_stands_for_nobody(ben, text):
    assert people.search(text) == []


def test_goes_straight_to_the_only_one(ada_client, ben):
    answer = ada_client.post(PEOPLE, {"search": "ben"})

    assert (answer.status_code, answer.url) == (302, page(ben))


def test_lists_those_who_fit(ada_client, ben):
    bea = make_advocate("bea")

    shown = ada_client.post(PEOPLE, {"search": "be"}).content.decode()

    assert page(ben) in shown
    assert page(bea) in shown


def test_says_that_nobody_fits(ada_client):
    assert "Nobody is known by that" in ada_client.post(PEOPLE, {"search": "nobody"}).content.decode()
    assert ada_client.post(PEOPLE, {"search": ""}).status_code == 422


# --- Seeing


def test_shows_what_is_known_of_an_advocate(ada_client, ben, friend):
    program = make_program()
    link = make_link(program, ben, "BENNY-42")
    make_touch(link, friend)
    conversion = make_conversion(program, referred=friend, credited=ben.person)
    Claim.objects.create(
        program=program, person=ben.person, order_key="4711", recommended_on=NOON.date(), words="w", filed_at=NOON
    )

    shown = ada_client.get(page(ben)).content.decode()

    for told in ("@ben", "Takes part", "BENNY-42", conversion.order.key, "Order 4711", "Who came by them"):
        assert told in shown
    assert reverse("referrals:conversion", args=[conversion.public_id]) in shown


def test_shows_what_is_known_of_a_friend(ada_client, ben, friend):
    program = make_program()
    make_touch(make_link(program, ben, "BENNY-42"), friend)
    make_conversion(program, referred=friend, credited=ben.person)

    shown = ada_client.get(page(friend)).content.decode()

    for told in ("Buys, and has not joined", "c-77", "By whom they came", "BENNY-42", page(ben)):
        assert told in shown
    assert page(friend, "suspend/") not in shown


def test_shows_somebody_of_whom_nothing_is_known(ada_client):
    assert "somebody without a name" in ada_client.get(page(Person.objects.create())).content.decode()


def test_leads_to_whoever_somebody_was_merged_into(ada_client, ben):
    old = Person.objects.create(merged_into=ben.person)

    assert ada_client.get(page(old)).url == page(ben)


def test_writes_down_who_looked(ada, ada_client, ben):
    ada_client.get(page(ben))
    ada_client.get(page(ben))

    entry = AuditEntry.objects.filter(verb="person.looked_up").last()
    assert (entry.actor_id, entry.subject_kind, entry.subject_id) == (
        str(ada.user.public_id),
        "person",
        str(ben.person_id),
    )
    assert AuditEntry.objects.filter(verb="person.looked_up").count() == 2


def test_costs_the_same_however_much_is_known(ada_client, ben, friend):
    program = make_program()
    link = make_link(program, ben)

    def fill(count):
        for number in range(count):
            other = make_advocate()
            touch_link = make_link(program, other)
            make_touch(link, friend, at=NOON + number * DAY)
            make_touch(touch_link, ben.person, at=NOON + number * DAY)
            make_conversion(program, credited=ben.person)
            make_conversion(program, referred=ben.person, credited=other.person)
            Claim.objects.create(
                program=program,
                person=ben.person,
                order_key=f"{other.pk}",
                recommended_on=NOON.date(),
                words="w",
                filed_at=NOON,
            )

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert ada_client.get(page(ben)).status_code == 200
        return len(captured)

    fill(2)
    few = cost()
    fill(5)

    assert cost() == few


# --- Suspending


def test_suspends_and_lifts_with_a_reason(ada, ada_client, ben):
    answer = ada_client.post(page(ben, "suspend/"), {"reason": "Links in comments"})

    assert (answer.status_code, answer.url) == (302, page(ben))
    assert Suspension.objects.get().lifted_at is None
    shown = ada_client.get(page(ben)).content.decode()
    assert "Suspended" in shown
    assert "Links in comments" in shown

    ada_client.post(page(ben, "lift/"), {"reason": "He took them down"})

    assert Suspension.objects.get().lifted_at is not None
    acts = AuditEntry.objects.filter(subject_id=str(ben.person_id)).exclude(verb="person.looked_up")
    assert [(act.verb, act.reason.text) for act in acts.order_by("pk")] == [
        ("advocate.suspended", "Links in comments"),
        ("advocate.reinstated", "He took them down"),
    ]


@pytest.mark.parametrize("act", ["suspend/", "lift/"])
def test_changes_nothing_on_a_get_or_without_a_reason(ada_client, ben, act):
    if act == "lift/":
        ada_client.post(page(ben, "suspend/"), {"reason": "x"})
    before = (list(Suspension.objects.values()), Event.objects.count())

    assert ada_client.get(page(ben, act)).status_code == 200
    ada_client.post(page(ben, act), {"reason": " "})

    assert (list(Suspension.objects.values()), Event.objects.count()) == before


def test_refuses_to_suspend_twice_and_to_lift_nothing(ada_client, ben):
    assert ada_client.post(page(ben, "lift/"), {"reason": "x"}).status_code == 409
    ada_client.post(page(ben, "suspend/"), {"reason": "x"})

    answer = ada_client.post(page(ben, "suspend/"), {"reason": "x"})

    assert answer.status_code == 409
    assert "This advocate is suspended already." in answer.content.decode()
    assert Suspension.objects.count() == 1


def test_suspends_nobody_who_has_not_joined(ada_client, friend):
    assert ada_client.post(page(friend, "suspend/"), {"reason": "x"}).status_code == 404


def test_lets_nobody_lift_their_own_suspension(ada, ada_client):
    suspending.suspend(ada.person, ("user", "u-1"), "Spam", clock.now())

    answer = ada_client.post(page(ada, "lift/"), {"reason": "It was me"})

    assert answer.status_code == 403
    assert "Ask somebody else on the staff to do it." in answer.content.decode()
    assert Suspension.objects.get().lifted_at is None
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["advocate.suspended"]


def test_lets_nobody_suspend_themselves(ada, ada_client):
    answer = ada_client.post(page(ada, "suspend/"), {"reason": "A rest"})

    assert answer.status_code == 403
    assert not Suspension.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("act", [None, "", "suspend/", "lift/"])
def test_is_for_those_who_may_look(dan_client, ben, act):
    where = PEOPLE if act is None else page(ben, act)
    moderator = sign_in(make_staff("moni", "moderator"))

    assert moderator.get(where).status_code == 403
    assert moderator.post(where, {"search": "ben", "reason": "x"}).status_code in (403, 405)
    assert dan_client.get(where).status_code in (403, 404)
    assert not Suspension.objects.exists()
    assert not AuditEntry.objects.exists()


def test_shows_what_somebody_earned_to_those_who_may_see_it(ada_client, ada, cleo):
    make_reward(cleo.person, 1500)
    page = reverse("manage:person", args=[cleo.person.pk])

    said = " ".join(ada_client.get(page).content.decode().split())

    assert "What they earned" in said
    assert '<th scope="row">$15</th>' in said
    assert "Give a reward" in said
    ada.user.groups.set(ada.user.groups.exclude(name="program manager"))
    assert "What they earned" not in ada_client.get(page).content.decode()
