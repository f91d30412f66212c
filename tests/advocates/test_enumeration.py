import re

import pytest
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_advocate


def page(answer):
    """What is on the screen, without what differs for everybody."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.text)
    return re.sub(r"(known|ghost)@example\.com", "somebody@example.com", text)


def walk(email, url, data):
    client = Client()
    answer = client.post(url, {name: value.format(email=email) for name, value in data.items()})
    if answer.status_code != 302:
        return [(answer.status_code, page(answer))]
    shown = client.get(answer.url)
    wrong = client.post(answer.url, {"code": "BBBB-BBBB"})
    resent = client.post(answer.url, {"action": "resend"})
    return [(answer.status_code, answer.url), *((one.status_code, page(one)) for one in (shown, wrong, resent))]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("account_signup", {"name": "Somebody", "email": "{email}", "password1": PASSWORD}),
        ("account_signup_by_passkey", {"name": "Somebody", "email": "{email}"}),
        ("account_reset_password", {"email": "{email}"}),
        ("account_request_login_code", {"email": "{email}"}),
        ("account_login", {"login": "{email}", "password": "wrong horse battery"}),
    ],
)
def test_answers_alike_whether_or_not_there_is_an_account(db, name, data):
    make_advocate("known")

    known = walk("known@example.com", reverse(name), data)
    ghost = walk("ghost@example.com", reverse(name), data)

    assert known == ghost


@pytest.fixture
def hashed(monkeypatch):
    """How often a password was hashed."""
    seen = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda self, *args: seen.append(1) or encode(self, *args))
    return seen


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("account_signup", {"name": "Somebody", "email": "{email}", "password1": PASSWORD}),
        ("account_login", {"login": "{email}", "password": "wrong horse battery"}),
    ],
)
def test_spends_the_time_of_hashing_in_both_cases(db, hashed, name, data):
    make_advocate("known")
    hashed.clear()

    counts = []
    for email in ("known@example.com", "ghost@example.com"):
        Client().post(reverse(name), {key: value.format(email=email) for key, value in data.items()})
        counts.append(len(hashed))
        hashed.clear()

    assert counts == [1, 1]
