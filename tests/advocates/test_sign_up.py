from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from advocates.models import Acceptance, Advocate, User
from brand.models import Agreement
from customers.models import Person
from spine import clock
from tests.advocates.letters import newest_code, subjects
from tests.factories import NOON, PASSWORD, make_advocate

SIGNUP = reverse("account_signup")
CONFIRM = reverse("account_email_verification_sent")


@pytest.fixture
def agreement(db):
    return Agreement.objects.create(version=7, text="Be *kind*.", published_at=NOON)


def fields(**changes):
    return {"name": "Cleo Marsh", "email": "cleo@example.com", "password1": PASSWORD, **changes}


def agreed(**changes):
    return fields(**{"agreement": "on", "agreement_version": "7", **changes})


def test_joins_with_the_code_typed_on_the_next_screen(client, agreement):
    before = clock.now()

    posted = client.post(SIGNUP, agreed())
    confirmed = client.post(CONFIRM, {"code": newest_code("cleo@example.com")})

    assert (posted.status_code, posted.url) == (302, CONFIRM)
    assert (confirmed.status_code, confirmed.url) == (302, reverse("home"))
    advocate = Advocate.objects.get()
    assert (advocate.display_name, advocate.username) == ("Cleo Marsh", "cleo-marsh")
    assert client.session["_auth_user_id"] == str(advocate.user.pk)
    acceptance = Acceptance.objects.get()
    assert (acceptance.person, acceptance.version) == (advocate.person, 7)
    assert before <= acceptance.at <= clock.now()
    assert advocate.user.emailaddress_set.get().verified


def test_asks_for_no_more_than_it_must(client, agreement):
    page = client.get(SIGNUP)

    assert list(page.context["form"].fields) == ["name", "email", "password1", "agreement", "agreement_version"]
    assert f'href="{reverse("agreement")}"' in page.text


def test_shows_no_box_where_no_agreement_is_published(client, db):
    page = client.get(SIGNUP)
    client.post(SIGNUP, fields())

    assert list(page.context["form"].fields) == ["name", "email", "password1"]
    assert User.objects.count() == 1
    assert not Acceptance.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agreement": ""}, "agreement"),
        ({"agreement_version": "6"}, "agreement"),
        ({"agreement_version": "seven"}, "agreement_version"),
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "Cleo\0"}, "name"),
        ({"email": "cleo"}, "email"),
        ({"email": "x" * 250 + "@example.com"}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "password1234"}, "password1"),
    ],
)
def test_refuses_what_it_cannot_use(client, agreement, changes, field):
    answer = client.post(SIGNUP, agreed(**changes))

    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not User.objects.exists()


def test_asks_again_when_the_agreement_changed_meanwhile(client, agreement):
    Agreement.objects.create(version=8, text="Be kinder.", published_at=NOON)

    refused = client.post(SIGNUP, agreed())
    accepted = client.post(SIGNUP, agreed(agreement_version="8"))

    assert "agreement" in refused.context["form"].errors
    assert 'name="agreement_version" value="8"' in refused.text
    assert accepted.status_code == 302
    assert Acceptance.objects.get().version == 8


def test_lets_nobody_in_with_a_wrong_code(client, db):
    client.post(SIGNUP, fields())

    answer = client.post(CONFIRM, {"code": "BBBB-BBBB"})

    assert answer.status_code == 200
    assert answer.context["form"].errors == {"code": ["That is not the code. Check it, or have a new one sent."]}
    assert "_auth_user_id" not in client.session


def test_lets_nobody_in_after_three_wrong_codes(client, db):
    client.post(SIGNUP, fields())
    code = newest_code("cleo@example.com")
    for _ in range(3):
        client.post(CONFIRM, {"code": "BBBB-BBBB"})

    client.post(CONFIRM, {"code": code})

    assert "_auth_user_id" not in client.session


def test_lets_nobody_in_with_an_expired_code(client, db):
    client.post(SIGNUP, fields())
    session = client.session
    session["account_email_verification_code"]["at"] -= timedelta(minutes=16).total_seconds()
    session.save()

    client.post(CONFIRM, {"code": newest_code("cleo@example.com")})

    assert "_auth_user_id" not in client.session
    assert not User.objects.get().emailaddress_set.get().verified


def test_takes_a_code_only_from_the_browser_that_asked_for_it(client, db):
    client.post(SIGNUP, fields())
    stranger = Client()

    stranger.post(CONFIRM, {"code": newest_code("cleo@example.com")})

    assert "_auth_user_id" not in stranger.session


def test_takes_a_code_once(client, db):
    client.post(SIGNUP, fields())
    code = newest_code("cleo@example.com")
    client.post(CONFIRM, {"code": code})
    client.post(reverse("account_logout"))

    answer = client.post(CONFIRM, {"code": code})

    assert (answer.status_code, answer.url) == (302, reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_sends_a_new_code_on_request_which_replaces_the_old(client, db):
    client.post(SIGNUP, fields())
    old = newest_code("cleo@example.com")
    cache.clear()  # as ten seconds later
    client.post(CONFIRM, {"action": "resend"})

    client.post(CONFIRM, {"code": old})
    assert "_auth_user_id" not in client.session
    client.post(CONFIRM, {"code": newest_code("cleo@example.com")})
    assert "_auth_user_id" in client.session


def test_tells_only_the_owner_that_an_email_has_an_account(client, db):
    make_advocate("cleo")

    answer = client.post(SIGNUP, fields(email="Cleo@example.com"))

    assert (answer.status_code, answer.url) == (302, CONFIRM)
    assert User.objects.count() == 1
    assert subjects("cleo@example.com") == ["You already have an account"]


def test_shows_the_agreement_without_its_scripts(client, db):
    Agreement.objects.create(
        version=1, text="# Rules\n\nBe *kind*. [x](javascript:alert(1)) <script>alert(1)</script>", published_at=NOON
    )

    page = client.get(reverse("agreement"))

    assert "<h2>Rules</h2>" in page.text
    assert "<em>kind</em>" in page.text
    assert "<script>alert" not in page.text
    assert 'href="javascript' not in page.text
    assert "Version 1" in page.text


@pytest.mark.django_db(transaction=True)
def test_makes_one_account_of_two_sign_ups_at_once_and_answers_both_alike():
    def sign_up(_number):
        try:
            answer = Client().post(SIGNUP, fields())
        finally:
            connection.close()
        return answer.status_code, getattr(answer, "url", None)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(sign_up, range(2)))

    assert User.objects.count() == Advocate.objects.count() == Person.objects.count() == 1
    assert set(answers) <= {(302, CONFIRM), (429, None)}
    assert (302, CONFIRM) in answers
