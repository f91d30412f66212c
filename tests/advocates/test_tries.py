from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from advocates import tries
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
        tries, "LIMITS", {**tries.LIMITS, "account_login": (tries.Limit("email", tries._typed_email, 2),)}
    )

    answers = [
        Client(REMOTE_ADDR=f"203.0.113.{number}")
        .post(reverse("account_login"), {"login": email, "password": PASSWORD})
        .status_code
        for number, email in enumerate(("a@example.com", "A@Example.com ", "a@EXAMPLE.com"))
    ]

    assert answers == [200, 200, 429]


def test_counts_an_address_whatever_is_typed(db, monkeypatch):
    monkeypatch.setattr(
        tries, "LIMITS", {**tries.LIMITS, "account_login": (tries.Limit("address", tries._address, 2),)}
    )

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
