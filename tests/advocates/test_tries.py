from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from advocates import tries
from brand.models import Message
from spine.client_address import subscriber
from spine.models import LimitWindow
from tests.advocates.letters import newest_code
from tests.factories import PASSWORD, make_advocate


def sharing(client):
    """Another browser with the same cookies."""
    twin = Client()
    twin.cookies = client.cookies
    return twin


def post_at_once(client, url, data, times=30):
    def post(_number):
        try:
            return sharing(client).post(url, data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(post, range(times)))


@pytest.mark.django_db(transaction=True)
def test_counts_codes_that_are_guessed_at_once():
    client = Client()
    make_advocate("cleo")
    asked = client.post(reverse("account_request_login_code"), {"email": "cleo@example.com"})

    answers = post_at_once(client, asked.url, {"code": "BBBB-BBBB"})

    assert answers.count(429) == 20
    assert len(answers) - answers.count(429) == 10


@pytest.mark.django_db(transaction=True)
def test_refuses_even_the_right_code_after_too_many_wrong_ones():
    client = Client()
    make_advocate("cleo")
    asked = client.post(reverse("account_request_login_code"), {"email": "cleo@example.com"})
    post_at_once(client, asked.url, {"code": "BBBB-BBBB"})

    answer = client.post(asked.url, {"code": newest_code("cleo@example.com")})

    assert answer.status_code == 429
    assert "_auth_user_id" not in client.session


def test_counts_an_email_whatever_its_case_and_wherever_it_comes_from(db, monkeypatch):
    monkeypatch.setattr(
        tries, "LIMITS", {**tries.LIMITS, "account_login": (tries.Limit("email", tries._typed_login, 2),)}
    )

    answers = [
        Client(REMOTE_ADDR=f"203.0.113.{number}")
        .post(reverse("account_login"), {"login": email, "password": PASSWORD})
        .status_code
        for number, email in enumerate(("a@example.com", "A@Example.com ", "a@EXAMPLE.com"))
    ]

    assert answers == [200, 200, 429]


def test_counts_an_address_whatever_is_typed(db, monkeypatch):
    monkeypatch.setattr(tries, "LIMITS", {**tries.LIMITS, "account_login": (tries.Limit("address", subscriber, 2),)})

    answers = [
        Client(REMOTE_ADDR="203.0.113.9")
        .post(reverse("account_login"), {"login": f"{number}@example.com", "password": PASSWORD})
        .status_code
        for number in range(3)
    ]

    assert answers == [200, 200, 429]


def test_keeps_no_address_and_no_email_in_clear(client, db):
    client.post(
        reverse("account_login"), {"login": "ghost@example.com", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9"
    )

    kept = list(LimitWindow.objects.values_list("key", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        kept += [row[0] for row in cursor.fetchall()]
    assert len(kept) >= 2
    assert not [key for key in kept if "203.0.113.9" in key or "ghost@" in key]


def test_never_counts_reading(client, db):
    client.get(reverse("account_login"))

    assert not LimitWindow.objects.exists()


@pytest.mark.parametrize("name", tries.LIMITS)
def test_stands_before_every_door(name):
    match = get_resolver().resolve(reverse(name))

    assert match.func.__code__ is tries.limited(name, match.func).__code__


@pytest.mark.parametrize("name", ["account_request_login_code", "account_reset_password", "account_signup"])
def test_counts_the_email_that_is_used_whatever_else_is_typed(db, monkeypatch, name):
    monkeypatch.setattr(tries, "LIMITS", {**tries.LIMITS, name: (replace(tries.LIMITS[name][0], tries=2),)})

    answers = [
        Client().post(reverse(name), {"login": f"{number}@example.com", "email": "a@example.com"}).status_code
        for number in range(3)
    ]

    assert [answer == 429 for answer in answers] == [False, False, True]


def test_counts_a_network_that_one_customer_has_as_one_address(db, monkeypatch):
    monkeypatch.setattr(tries, "LIMITS", {**tries.LIMITS, "account_login": (tries.Limit("address", subscriber, 2),)})

    answers = [
        Client(REMOTE_ADDR=address)
        .post(reverse("account_login"), {"login": "a@example.com", "password": PASSWORD})
        .status_code
        for address in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8::2", "2001:db8:0:1::1")
    ]

    assert answers == [200, 200, 429, 200]


def test_bounds_the_letters_that_one_person_has_sent_to_others(cleo):
    client = Client()
    client.post(reverse("account_login"), {"login": "cleo@example.com", "password": PASSWORD})

    answers = []
    for number in range(11):
        # What allauth counts by the minute is over by then.
        cache.clear()
        answers.append(client.post(reverse("account_email"), {"action_add": "", "email": f"{number}@example.com"}))

    assert [answer.status_code == 429 for answer in answers] == [False] * 10 + [True]
    assert not Message.objects.filter(to="10@example.com").exists()


@pytest.mark.parametrize("name", ["account_email", "socialaccount_signup"])
def test_counts_at_every_door_that_writes_to_a_typed_address(name):
    assert name in tries.LIMITS
