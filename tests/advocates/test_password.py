from datetime import timedelta

from django.test import Client
from django.urls import reverse

from tests.advocates.letters import newest_code, subjects
from tests.factories import PASSWORD

RESET = reverse("account_reset_password")
CONFIRM = reverse("account_confirm_password_reset_code")
COMPLETE = reverse("account_complete_password_reset")
NEW = "staple battery horse"


def test_sets_a_new_password_with_an_emailed_code(client, cleo):
    asked = client.post(RESET, {"email": "cleo@example.com"})
    confirmed = client.post(CONFIRM, {"code": newest_code("cleo@example.com")})
    client.post(COMPLETE, {"password1": NEW, "password2": NEW})

    assert (asked.url, confirmed.url) == (CONFIRM, COMPLETE)
    cleo.user.refresh_from_db()
    assert cleo.user.check_password(NEW)
    assert subjects("cleo@example.com") == ["Your code for a new password", "Your password was changed"]


def test_keeps_the_password_when_the_code_is_wrong(client, cleo):
    client.post(RESET, {"email": "cleo@example.com"})
    client.post(CONFIRM, {"code": "BBBB-BBBB"})
    client.post(COMPLETE, {"password1": NEW, "password2": NEW})

    cleo.user.refresh_from_db()
    assert cleo.user.check_password(PASSWORD)


def test_keeps_the_password_when_the_code_has_expired(client, cleo):
    client.post(RESET, {"email": "cleo@example.com"})
    session = client.session
    session["account_password_reset_verification"]["at"] -= timedelta(minutes=16).total_seconds()
    session.save()
    client.post(CONFIRM, {"code": newest_code("cleo@example.com")})
    client.post(COMPLETE, {"password1": NEW, "password2": NEW})

    cleo.user.refresh_from_db()
    assert cleo.user.check_password(PASSWORD)


def test_changes_the_password_of_who_knows_the_present_one(cleo):
    client = Client()
    client.post(reverse("account_login"), {"login": "cleo@example.com", "password": PASSWORD})

    change = reverse("account_change_password")
    refused = client.post(change, {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    client.post(change, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert refused.context["form"].errors == {"oldpassword": ["That is not your present password."]}
    cleo.user.refresh_from_db()
    assert cleo.user.check_password(NEW)
    assert "_auth_user_id" in client.session


def test_changes_the_email_once_the_new_one_is_confirmed(cleo):
    client = Client()
    client.post(reverse("account_login"), {"login": "cleo@example.com", "password": PASSWORD})

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    asked = client.post(reverse("account_email"), {"email": "new@example.com", "action_add": "1"})
    cleo.user.refresh_from_db()
    before = cleo.user.email
    client.post(asked.url, {"code": newest_code("new@example.com")})

    cleo.user.refresh_from_db()
    assert (before, cleo.user.email) == ("cleo@example.com", "new@example.com")
    assert subjects("cleo@example.com") == ["Your email was changed"]
