import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils.translation import gettext_lazy as _

from advocacy_platform.urls import *  # noqa: F403 - the site's own addresses and handlers stay
from advocacy_platform.urls import urlpatterns as site
from spine import limits
from spine.refusal import Refusal


class AlreadyDecided(Refusal):
    """Something was decided before."""

    code = "already_decided"
    sentence = _("That was decided by <b>%(who)s</b> already.")


class Hidden(Refusal):
    """Something that nobody may know of."""

    code = "hidden"
    status = 404
    sentence = _("A secret.")


FAILURES = {
    "refusal": AlreadyDecided(who="Ada"),
    "hidden": Hidden(),
    "limit": limits.TooManyTries(retry_after=90),
    "forbidden": PermissionDenied(),
    "crash": ZeroDivisionError(),
}


def fail(request, kind):
    raise FAILURES[kind]


urlpatterns = [
    path("fail/<str:kind>", fail),
    path("api/fail/<str:kind>", fail),
    path("form", lambda request: HttpResponse("sent")),
    path("api/form", lambda request: HttpResponse("sent")),
    *site,
]


@pytest.fixture
def visitor(client, db, settings):
    """A browser that nobody is signed in to, on the site with the views above."""
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


def page(response):
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return response.content.decode()


def test_shows_the_sentence_of_a_refusal(visitor):
    response = visitor.get("/fail/refusal")

    assert response.status_code == 409
    assert "That was decided by &lt;b&gt;Ada&lt;/b&gt; already." in page(response)


def test_does_not_say_what_may_not_be_known(visitor):
    response = visitor.get("/fail/hidden")

    assert response.status_code == 404
    assert page(response) == page(visitor.get("/nothing/here/"))
    assert "secret" not in page(response)


def test_says_when_to_try_again(visitor):
    response = visitor.get("/fail/limit")

    assert (response.status_code, response.headers["Retry-After"]) == (429, "90")
    assert "Wait 2 minutes, then try again." in page(response)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("refusal", 409, "already_decided"),
        ("hidden", 404, "hidden"),
        ("limit", 429, "too_many_tries"),
        ("forbidden", 403, "permission_denied"),
        ("crash", 500, "error"),
    ],
)
def test_answers_a_problem_below_api_though_no_api_view_was_asked(visitor, kind, status, code):
    response = visitor.get(f"/api/fail/{kind}")

    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["status"]) == (code, status)


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("forbidden", 403, "This page is not open to you"),
        ("crash", 500, "Something broke on our side"),
    ],
)
def test_shows_a_page_whatever_a_view_raises(visitor, kind, status, words):
    response = visitor.get(f"/fail/{kind}")

    assert response.status_code == status
    assert words in page(response)


def test_shows_a_page_where_there_is_nothing(visitor):
    response = visitor.get("/nothing/here/")

    assert response.status_code == 404
    assert "There is nothing here" in page(response)


@pytest.mark.django_db(databases=[])
def test_shows_the_page_of_a_crash_without_a_database(client, settings):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False

    assert client.get("/fail/crash").status_code == 500


@pytest.mark.parametrize("address", ["/fail/refusal", "/fail/hidden", "/nothing/", "/fail/forbidden"])
def test_keeps_the_browser_safe_on_an_error_page(visitor, address):
    response = visitor.get(address)

    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_says_what_to_do_when_a_form_comes_without_its_token(db, settings):
    settings.ROOT_URLCONF = __name__
    client = Client(enforce_csrf_checks=True)

    form, api = client.post("/form"), client.post("/api/form")

    assert (form.status_code, api.status_code) == (403, 403)
    assert "your session may have ended since. Nothing was changed." in page(form)
    assert api.json()["code"] == "csrf_failed"
