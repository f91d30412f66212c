import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib import admin
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse

from advocacy_platform.gate import FACTOR_HOLDS
from advocates.models import User
from spine import audit
from tests.conftest import sign_in
from tests.factories import NOON, PASSWORD, make_advocate, make_staff, make_user

PAGES = ["/manage/", "/manage/audit/", "/manage/no-such-page/", "/manage"]

# A page that somebody adds below the prefix, with no thought of the gate.
urlpatterns = [
    path("manage/added-later/", lambda request: HttpResponse("inside")),
    path("managed/", lambda request: HttpResponse("elsewhere")),
    path("", include("advocacy_platform.urls")),
]


def rewrite_records(client, records):
    session = client.session
    session["account_authentication_methods"] = records
    session.save()


@pytest.fixture
def freda(db):
    """Freda, a moderator who has not set up a second factor."""
    return make_advocate("freda", user=make_user("freda@example.com", roles=("moderator",)))


@pytest.fixture
def root(db):
    """A superuser with a second factor."""
    return make_staff("root", "admin", is_superuser=True)


@pytest.mark.parametrize("page", ["/manage/?a=b", "/manage/no-such-page/", "/admin/", "/admin/login/"])
def test_sends_a_stranger_to_sign_in_and_back(client, db, page):
    answer = client.get(page)

    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={page.replace('?', '%3F').replace('=', '%3D')}"


@pytest.mark.parametrize("page", [*PAGES[:3], "/admin/", "/admin/login/"])
def test_does_not_exist_for_outsiders(dan_client, page):
    assert dan_client.get(page).status_code == 404
    assert dan_client.post(page).status_code == 404


def test_sends_staff_without_a_second_factor_to_set_it_up(freda):
    client = sign_in(freda)

    answer = client.get("/manage/audit/?verb=brand.changed")
    explained = client.get(answer["Location"])

    assert answer["Location"] == "/staff/second-factor/?next=%2Fmanage%2Faudit%2F%3Fverb%3Dbrand.changed"
    assert explained.status_code == 200
    assert "a password alone does not open them" in explained.text
    assert 'href="/accounts/2fa/totp/activate/?next=' in explained.text


def test_does_not_count_recovery_codes_as_a_second_factor(freda):
    Authenticator.objects.create(user=freda.user, type=Authenticator.Type.RECOVERY_CODES, data={})

    answer = sign_in(freda).get("/manage/")

    assert answer["Location"].startswith("/staff/second-factor/")


def test_asks_a_session_from_before_for_the_second_factor(freda):
    client = sign_in(freda)
    TOTP.activate(freda.user, generate_totp_secret())

    answer = client.get("/manage/")

    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fmanage%2F"


def test_asks_who_has_a_passkey_only_for_the_passkey(freda):
    client = sign_in(freda)
    Authenticator.objects.create(user=freda.user, type=Authenticator.Type.WEBAUTHN, data={})

    answer = client.get("/manage/")

    assert answer["Location"] == "/accounts/2fa/webauthn/reauthenticate/?next=%2Fmanage%2F"


def test_asks_again_when_the_second_factor_was_long_ago(ada):
    client = sign_in(ada)
    long_ago = time.time() - FACTOR_HOLDS.total_seconds() - 1
    rewrite_records(client, [{"method": "mfa", "type": "totp", "at": long_ago}])

    answer = client.get("/manage/")

    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fmanage%2F"


def test_asks_when_the_second_factor_was_somebody_elses(ada):
    client = sign_in(ada)
    session = client.session
    session["account_authentication_methods_user"] = "0"
    session.save()

    assert client.get("/manage/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fmanage%2F"


def test_takes_a_sign_in_by_passkey_for_both_factors(freda):
    client = sign_in(freda)
    key = Authenticator.objects.create(user=freda.user, type=Authenticator.Type.WEBAUTHN, data={})
    session = client.session
    session["account_authentication_methods_user"] = str(freda.user.pk)
    session.save()
    rewrite_records(
        client, [{"method": "mfa", "at": time.time(), "id": key.pk, "type": "webauthn", "passwordless": True}]
    )

    assert client.get("/manage/").status_code == 200


def test_opens_after_password_and_code(ada):
    client = Client()
    secret = generate_totp_secret()
    Authenticator.objects.all().delete()
    TOTP.activate(ada.user, secret)

    client.post("/accounts/login/?next=/manage/", {"login": "ada@example.com", "password": PASSWORD})
    before = client.get("/manage/")
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})

    assert before["Location"] == "/accounts/login/?next=/manage/"
    assert client.get("/manage/").status_code == 200


def code_now(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_closes_when_the_second_factor_is_given_up(ada, ada_client):
    assert ada_client.get("/manage/").status_code == 200

    Authenticator.objects.all().delete()

    assert ada_client.get("/manage/")["Location"] == "/staff/second-factor/?next=%2Fmanage%2F"


def test_closes_when_somebody_leaves_the_staff(ada, ada_client):
    User.objects.update(is_staff=False)

    assert ada_client.get("/manage/").status_code == 404


@override_settings(ROOT_URLCONF=__name__)
def test_stands_before_a_page_that_is_added_below_it(client, dan_client, ada_client):
    assert client.get("/manage/added-later/").status_code == 302
    assert dan_client.get("/manage/added-later/").status_code == 404
    assert ada_client.get("/manage/added-later/").text == "inside"


@override_settings(ROOT_URLCONF=__name__)
def test_leaves_other_addresses_alone(client, db):
    assert client.get("/managed/").text == "elsewhere"


def test_keeps_djangos_admin_for_superusers(ada_client, root):
    assert ada_client.get("/admin/").status_code == 404
    assert sign_in(root).get("/admin/").status_code == 200


def test_lets_nobody_sign_in_by_djangos_own_form(client, root):
    answer = client.post("/admin/login/", {"username": "root@example.com", "password": PASSWORD})

    assert answer["Location"].startswith("/accounts/login/?next=")
    assert "_auth_user_id" not in client.session


def test_asks_a_superuser_for_the_second_factor_too(root):
    client = sign_in(root)
    rewrite_records(client, [])

    assert client.get("/admin/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"


def test_explains_the_second_factor_to_staff_alone(client, dan_client):
    assert client.get("/staff/second-factor/").status_code == 302
    assert dan_client.get("/staff/second-factor/").status_code == 404


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_goes_on_only_within_the_site(ada_client, onward):
    answer = ada_client.get("/staff/second-factor/", {"next": onward})

    assert (answer.status_code, answer["Location"]) == (302, "/manage/")


def test_costs_one_query_of_its_own(ada_client):

    with CaptureQueriesContext(connection) as captured:
        ada_client.get("/manage/")

    assert sum("mfa_authenticator" in query["sql"] for query in captured.captured_queries) == 1


def test_opens_every_table_of_djangos_admin(root):
    browser = sign_in(root)
    models = [model._meta for model in admin.site._registry]

    answers = {
        meta.label: browser.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")).status_code
        for meta in models
    }

    assert set(answers.values()) == {200}
    assert {"advocates.User", "brand.Message", "customers.PrivacyRequest", "spine.AuditEntry"} <= set(answers)
    assert "auth.Group" not in answers


def test_lets_nobody_rewrite_history_in_djangos_admin(root):
    entry = audit.record(("user", "u1"), "brand.changed", ("brand", "1"), at=NOON)
    browser = sign_in(root)

    changed = browser.post(f"/admin/spine/auditentry/{entry.pk}/change/", {"verb": "brand.kept"})
    deleted = browser.post(f"/admin/spine/auditentry/{entry.pk}/delete/", {"post": "yes"})

    entry.refresh_from_db()
    assert (changed.status_code, deleted.status_code, entry.verb) == (403, 403, "brand.changed")


def test_shows_no_secret_of_an_authenticator_in_djangos_admin(root):
    authenticator = root.user.authenticator_set.get()

    page = sign_in(root).get(f"/admin/mfa/authenticator/{authenticator.pk}/change/")

    assert page.status_code == 200
    assert authenticator.data["secret"] not in page.text
