from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocates.models import Advocate, User
from tests.advocates.letters import newest_code, subjects
from tests.conftest import sign_in
from tests.factories import PASSWORD, make_advocate

LOGIN = reverse("account_login")


def app_code(secret):
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))


def sign_in_for_good(advocate):
    """A browser in which the password was typed, and typed again for what matters."""
    client = Client()
    client.post(LOGIN, {"login": advocate.user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def is_signed_in(client, advocate):
    return client.session.get("_auth_user_id") == str(advocate.user.pk)


def test_signs_in_with_the_password_whatever_the_case_of_the_email(client, cleo):
    answer = client.post(LOGIN, {"login": "CLEO@example.com", "password": PASSWORD})

    assert (answer.status_code, answer.url) == (302, reverse("home"))
    assert is_signed_in(client, cleo)


def test_lets_labels_say_what_goes_where(client, db):
    assert "placeholder" not in client.get(LOGIN).text


def test_refuses_a_wrong_password(client, cleo):
    answer = client.post(LOGIN, {"login": "cleo@example.com", "password": "wrong horse battery"})

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [
        "That email and password don't belong together. Check both, or sign in by code."
    ]
    assert not is_signed_in(client, cleo)


def test_never_sends_anybody_to_another_site(client, cleo):
    answer = client.post(LOGIN + "?next=https://evil.example/", {"login": "cleo@example.com", "password": PASSWORD})

    assert answer.url == reverse("home")


def test_signs_in_with_an_emailed_code(client, cleo):
    asked = client.post(reverse("account_request_login_code"), {"email": "cleo@example.com"})
    answer = client.post(asked.url, {"code": newest_code("cleo@example.com")})

    assert (answer.status_code, answer.url) == (302, reverse("home"))
    assert is_signed_in(client, cleo)


def test_takes_an_emailed_code_in_small_letters_without_its_dash(client, cleo):
    asked = client.post(reverse("account_request_login_code"), {"email": "cleo@example.com"})

    client.post(asked.url, {"code": " " + newest_code("cleo@example.com").replace("-", "").lower()})

    assert is_signed_in(client, cleo)


def test_refuses_an_expired_sign_in_code(client, cleo):
    asked = client.post(reverse("account_request_login_code"), {"email": "cleo@example.com"})
    session = client.session
    session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"] -= timedelta(minutes=16).total_seconds()
    session.save()

    client.post(asked.url, {"code": newest_code("cleo@example.com")})

    assert not is_signed_in(client, cleo)


def test_sets_up_an_authenticator_app_and_asks_for_its_code(cleo, client, django_capture_on_commit_callbacks):
    cleo_client = sign_in_for_good(cleo)
    page = cleo_client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        activated = cleo_client.post(reverse("mfa_activate_totp"), {"code": app_code(secret)})
    first = client.post(LOGIN, {"login": "cleo@example.com", "password": PASSWORD})
    waiting = is_signed_in(client, cleo)
    cache.clear()  # as a minute later: a code is taken once
    client.post(first.url, {"code": app_code(secret)})

    assert 'src="data:image/svg' in page.text
    assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in page.text
    assert activated.url == reverse("mfa_view_recovery_codes")
    assert first.url == reverse("mfa_authenticate")
    assert not waiting
    assert is_signed_in(client, cleo)
    assert subjects("cleo@example.com") == ["An authenticator app was added"]


def test_takes_a_recovery_code_once(client, cleo):
    TOTP.activate(cleo.user, generate_totp_secret())
    code = RecoveryCodes.activate(cleo.user).get_unused_codes()[0]
    client.post(LOGIN, {"login": "cleo@example.com", "password": PASSWORD})

    client.post(reverse("mfa_authenticate"), {"code": code})
    again = Client()
    again.post(LOGIN, {"login": "cleo@example.com", "password": PASSWORD})
    refused = again.post(reverse("mfa_authenticate"), {"code": code})

    assert is_signed_in(client, cleo)
    assert refused.context["form"].errors == {"code": ["That is not the code. Wait for the next one and try again."]}
    assert not is_signed_in(again, cleo)


def test_asks_who_one_is_before_removing_the_app(cleo):
    TOTP.activate(cleo.user, generate_totp_secret())
    client = sign_in(cleo)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()

    answer = client.post(reverse("mfa_deactivate_totp"))

    assert answer.status_code == 302
    assert "reauthenticate" in answer.url
    assert Authenticator.objects.filter(user=cleo.user).exists()


def test_lists_sessions_by_network_and_signs_out_elsewhere(cleo):
    here, elsewhere = Client(), Client(REMOTE_ADDR="203.0.113.77", headers={"user-agent": "Firefox/140.0 Windows"})
    for client in (here, elsewhere):
        client.post(LOGIN, {"login": "cleo@example.com", "password": PASSWORD})

    page = here.get(reverse("usersessions_list"))
    here.post(reverse("usersessions_list"))

    assert "203.0.113.0" in page.text
    assert "203.0.113.77" not in page.text
    assert "Firefox on Windows" in page.text
    assert here.get(reverse("profile")).status_code == 200
    assert elsewhere.get(reverse("profile")).status_code == 302


def test_signs_out_by_post_alone(cleo_client):
    asked = cleo_client.get(reverse("account_logout"))
    still = "_auth_user_id" in cleo_client.session
    cleo_client.post(reverse("account_logout"))

    assert asked.status_code == 200
    assert still
    assert "_auth_user_id" not in cleo_client.session


def test_needs_an_account_for_the_pages_of_one(client, db):
    for name in ("profile", "mfa_index", "usersessions_list", "account_email", "account_change_password"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, LOGIN)


def test_shows_every_page_of_an_account(cleo):
    client = sign_in_for_good(cleo)

    for name in (
        "profile",
        "mfa_index",
        "usersessions_list",
        "account_email",
        "account_change_password",
        "account_logout",
        "account_reset_password",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "socialaccount_connections",
    ):
        assert (name, client.get(reverse(name)).status_code) == (name, 200)


def test_does_not_ask_more_of_the_database_with_more_sessions(cleo, django_assert_max_num_queries):
    make_advocate("other")
    client = sign_in_for_good(cleo)

    with django_assert_max_num_queries(12):
        client.get(reverse("mfa_index"))


def test_keeps_no_password_of_whoever_signed_up_with_somebody_elses_address(db):
    signup = {"name": "Vic", "email": "vic@example.com", "password1": PASSWORD}
    Client().post(reverse("account_signup"), signup)
    owner = Client()
    asked = owner.post(reverse("account_request_login_code"), {"email": "vic@example.com"})

    owner.post(asked.url, {"code": newest_code("vic@example.com")})

    vic = Advocate.objects.get()
    assert is_signed_in(owner, vic)
    assert owner.get(reverse("home")).status_code == 200
    assert not vic.user.has_usable_password()
    other = Client()
    other.post(LOGIN, {"login": "vic@example.com", "password": PASSWORD})
    assert not is_signed_in(other, vic)


def test_keeps_the_password_of_whoever_types_it_before_the_code(db):
    Client().post(reverse("account_signup"), {"name": "Vic", "email": "vic@example.com", "password1": PASSWORD})
    cache.clear()
    later = Client()
    asked = later.post(LOGIN, {"login": "vic@example.com", "password": PASSWORD})

    later.post(asked.url, {"code": newest_code("vic@example.com")})

    assert is_signed_in(later, Advocate.objects.get())
    assert User.objects.get().check_password(PASSWORD)
