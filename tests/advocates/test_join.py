import re

import pytest
from django.db import IntegrityError, transaction

from advocates import joining
from advocates.models import Acceptance, Advocate, User
from customers.models import Person
from spine.models import Event
from tests.factories import NOON, make_advocate, make_user


def new_user(email="cleo@example.com"):
    return User(email=email, password="!")


def test_makes_person_user_advocate_acceptance_and_event(db):
    advocate = joining.join(new_user(), display_name="Cleo Marsh", at=NOON, agreement=3)

    assert (advocate.username, advocate.display_name, advocate.joined_at) == ("cleo-marsh", "Cleo Marsh", NOON)
    assert advocate.user.person == advocate.person
    assert advocate.user.joined_at == NOON
    assert list(Acceptance.objects.values_list("person", "version", "at")) == [(advocate.person.pk, 3, NOON)]
    event = Event.objects.get()
    assert (event.name, event.person, event.at, event.payload) == (
        "advocate.joined",
        advocate.person.pk,
        NOON,
        {"agreement": 3},
    )


def test_keeps_no_acceptance_where_there_was_nothing_to_accept(db):
    joining.join(new_user(), display_name="Cleo", at=NOON)

    assert not Acceptance.objects.exists()


def test_numbers_a_username_that_is_taken(db):
    make_advocate("cleo")

    advocate = joining.join(new_user("other@example.com"), display_name="Cleo", at=NOON)

    assert re.fullmatch(r"cleo-\d{1,2}", advocate.username)


def test_finds_a_username_however_many_have_the_name(db):
    names = {
        joining.join(new_user(f"{number}@example.com"), display_name="Cleo", at=NOON).username for number in range(40)
    }

    assert len(names) == 40


@pytest.mark.parametrize(
    ("name", "username"),
    [("Zoë Müller", "zoe-muller"), ("李雷", "advocate"), ("-_-", "advocate"), ("A" * 60, "a" * 20)],
)
def test_makes_a_username_of_any_name(db, name, username):
    assert joining.join(new_user(), display_name=name, at=NOON).username == username


def test_refuses_an_email_that_is_taken_and_leaves_nothing(db):
    make_user("cleo@example.com")

    with pytest.raises(joining.EmailTaken):
        joining.join(new_user("Cleo@Example.com"), display_name="Cleo", at=NOON)

    assert (User.objects.count(), Person.objects.count(), Advocate.objects.count()) == (1, 1, 0)


def test_keeps_emails_unique_without_regard_to_case_in_the_database(db):
    user = make_user("cleo@example.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="CLEO@example.com", person=Person.objects.create())

    assert list(User.objects.all()) == [user]


def test_keeps_usernames_folded_in_the_database(cleo):
    with pytest.raises(IntegrityError), transaction.atomic():
        Advocate.objects.filter(pk=cleo.pk).update(username="Cleo")

    cleo.refresh_from_db()
    assert cleo.username == "cleo"


def test_makes_a_person_by_name_and_not_on_saving(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        User(email="cleo@example.com").save()

    assert not Person.objects.exists()
