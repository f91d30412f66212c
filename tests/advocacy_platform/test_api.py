from datetime import timedelta

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from advocacy_platform import errors
from advocacy_platform.urls import *  # noqa: F403 - the site's own addresses stay
from advocacy_platform.urls import urlpatterns as site
from spine import audit
from spine.api import IdempotentMixin, StrictSerializer
from spine.models import AuditEntry, IdempotencyKey
from spine.refusal import Refusal
from tests.conftest import sign_in
from tests.factories import NOON


class AlreadyDecided(Refusal):
    """Something was decided before."""

    code = "already_decided"
    sentence = "That was decided %(when)s already."


class Orders(StrictSerializer):
    """What the tests send."""

    amount = serializers.IntegerField()
    note = serializers.CharField(required=False)
    number = serializers.IntegerField(read_only=True)


class Order(IdempotentMixin, APIView):
    """Takes an order and leaves a trace of it."""

    def post(self, request, kind):
        order = Orders(data=request.data)
        order.is_valid(raise_exception=True)
        audit.record(("user", "u1"), "order.placed", ("order", kind), at=NOON)
        if kind == "refused":
            raise AlreadyDecided(when="yesterday")
        if kind == "later":
            raise AlreadyDecided(when="yesterday", retry_after=7)
        if kind == "crash":
            raise ZeroDivisionError
        return Response({"z": 1, "a": order.validated_data["amount"]}, 201)


class Broken(APIView):
    """Raises what its address says."""

    permission_classes = []
    failures = {
        "refusal": AlreadyDecided(when="yesterday"),
        "crash": ZeroDivisionError(),
        "throttled": exceptions.Throttled(30),
        "missing": Http404(),
        "suspicious": SuspiciousOperation(),
        "large": RequestDataTooBig(),
    }

    def get(self, request, kind):
        raise self.failures[kind]


urlpatterns = [
    path("api/test/orders/<str:kind>", Order.as_view()),
    path("api/test/broken/<str:kind>", Broken.as_view()),
    *site,
]


def problem(response):
    assert response.headers["Content-Type"] == errors.PROBLEM
    document = response.json()
    assert (document["type"], document["status"]) == ("about:blank", response.status_code)
    return document


@pytest.fixture
def api(cleo_client, settings):
    """Cleo's browser, on the site with the views above."""
    settings.ROOT_URLCONF = __name__
    cleo_client.raise_request_exception = False
    return cleo_client


def place(api, kind="o1", body=b'{"amount": 5}', **headers):
    return api.post(f"/api/test/orders/{kind}", body, content_type="application/json", headers=headers)


def test_says_what_it_is(client, db):
    response = client.get("/api/v1/")

    assert response.status_code == 200
    assert response.json()["name"] == "Your brand"
    assert response.json()["links"] == {
        "me": "/api/v1/me",
        "key": "/api/v1/key",
        "orders": "/api/v1/orders",
        "leads": "/api/v1/leads",
        "touches": "/api/v1/touches",
        "events": "/api/v1/events",
        "audit": "/api/v1/audit",
    }


def test_asks_who_it_is(client, db):
    response = client.get("/api/v1/audit")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert problem(response)["code"] == "not_authenticated"


def test_refuses_whoever_may_not(cleo_client):
    response = cleo_client.get("/api/v1/audit")

    assert response.status_code == 403
    assert problem(response)["code"] == "permission_denied"


def test_refuses_staff_without_the_second_factor(ada):
    client = Client()
    client.force_login(ada.user)

    assert client.get("/api/v1/audit").status_code == 403
    assert sign_in(ada).get("/api/v1/audit").status_code == 200


@pytest.mark.parametrize("address", ["/api/", "/api", "/api/v1/nothing", "/api/v2/", "/api/v1/audit/", "/api/a/b.html"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_answers_json_where_there_is_nothing(client, db, address, method):
    response = getattr(client, method)(address, headers={"accept": "text/html,*/*"})

    assert response.status_code == 404
    assert problem(response) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "not_found",
        "errors": [],
    }


def test_refuses_a_method_that_an_address_does_not_have(cleo_client):
    response = cleo_client.delete("/api/v1/")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert problem(response)["code"] == "method_not_allowed"


def test_refuses_a_body_that_is_no_json(api):
    response = api.post("/api/test/orders/o1", {"amount": 5})

    assert response.status_code == 415
    assert problem(response)["code"] == "unsupported_media_type"


def test_refuses_a_form_of_another_site(cleo):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cleo.user)

    response = client.patch("/api/v1/me", b'{"company": "X"}', content_type="application/json")

    assert response.status_code == 403
    assert problem(response)["code"] == "permission_denied"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("refusal", 409, "already_decided"),
        ("crash", 500, "error"),
        ("throttled", 429, "throttled"),
        ("missing", 404, "not_found"),
        ("suspicious", 400, "bad_request"),
        ("large", 413, "too_large"),
    ],
)
def test_answers_a_problem_whatever_a_view_raises(api, kind, status, code):
    response = api.get(f"/api/test/broken/{kind}")

    assert (response.status_code, problem(response)["code"]) == (status, code)


def test_tells_a_refusal_in_words_and_facts(api):
    document = problem(api.get("/api/test/broken/refusal"))

    assert document["detail"] == "That was decided yesterday already."
    assert document["facts"] == {"when": "yesterday"}


def test_says_when_to_come_back(api):
    assert api.get("/api/test/broken/throttled").headers["Retry-After"] == "30"


def test_hides_what_broke(api):
    document = problem(api.get("/api/test/broken/crash"))

    assert document["detail"] == "Something broke on our side. Try again in a moment."


def test_names_every_field_that_is_wrong(api):
    response = place(api, body=b'{"amount": "x", "colour": "red", "number": 3}')

    assert response.status_code == 400
    document = problem(response)
    assert document["code"] == "invalid"
    assert {(error["field"], error["code"]) for error in document["errors"]} == {
        ("amount", "invalid"),
        ("colour", "unknown_field"),
        ("number", "unknown_field"),
    }
    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json"),
        (b'{"amount": NaN}', "malformed_json"),
        (b'{"amount": -Infinity}', "malformed_json"),
        (b'{"amount": 1e999}', "malformed_json"),
        (b'{"amount": ' + b"9" * 5000 + b"}", "malformed_json"),
        (b'{"amount": 5, "note": "\xff"}', "malformed_json"),
        ('{"amount": 5}'.encode("utf-16"), "malformed_json"),
        (b'{"amount": 5, "amount": 6}', "duplicate_name"),
        (b'{"amount": 5, "note": {"a": 1, "a": 1}}', "duplicate_name"),
        (b'{"amount": 5, "note": "\\u0000"}', "bad_text"),
        (b'{"amount": 5, "note": "\\ud800"}', "bad_text"),
        (b'{"amount": 5, "\\udfff": 1}', "bad_text"),
        (b"[" * 300 + b"]" * 300, "too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    ],
)
def test_reads_json_strictly(api, body, code):
    response = place(api, body=body)

    assert response.status_code == 400
    assert problem(response)["code"] == code
    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"null", b'"text"', b"[" * 32 + b"]" * 32])
def test_refuses_json_that_is_no_object(api, body):
    response = place(api, body=body)

    assert (response.status_code, problem(response)["code"]) == (400, "invalid")


def test_refuses_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = place(api, body=b'{"amount": 5, "note": "' + b"x" * 100 + b'"}')

    assert (response.status_code, problem(response)["code"]) == (413, "too_large")
    assert AuditEntry.objects.count() == 0


def test_acts_once_under_one_key(api):
    first = place(api, **{"Idempotency-Key": "k1"})
    second = place(api, **{"Idempotency-Key": "k1"})

    assert (first.status_code, first.content) == (second.status_code, second.content) == (201, b'{"z":1,"a":5}')
    assert AuditEntry.objects.count() == 1


def test_acts_each_time_without_a_key(api):
    place(api)
    place(api)

    assert AuditEntry.objects.count() == 2


def test_refuses_a_key_for_another_request(api):
    place(api, **{"Idempotency-Key": "k1"})

    response = place(api, body=b'{"amount": 6}', **{"Idempotency-Key": "k1"})

    assert (response.status_code, problem(response)["code"]) == (422, "idempotency_key_reused")
    assert AuditEntry.objects.count() == 1


def test_keeps_a_refusal_under_its_key_and_nothing_of_the_act(api):
    first = place(api, "refused", **{"Idempotency-Key": "k1"})
    second = place(api, "refused", **{"Idempotency-Key": "k1"})

    assert first.status_code == second.status_code == 409
    assert problem(first) == problem(second)
    assert (AuditEntry.objects.count(), IdempotencyKey.objects.count()) == (0, 1)


@pytest.mark.parametrize(("kind", "status"), [("later", 409), ("crash", 500)])
def test_keeps_no_answer_that_may_change(api, kind, status):
    response = place(api, kind, **{"Idempotency-Key": "k1"})

    assert response.status_code == status
    assert (AuditEntry.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", ["", "x" * 256, "\u00e9"])
def test_refuses_a_key_that_is_none(api, key):
    response = place(api, **{"Idempotency-Key": key})

    assert (response.status_code, problem(response)["code"]) == (400, "bad_idempotency_key")
    assert AuditEntry.objects.count() == 0


def make_acts(count):
    for n in range(count):
        audit.record(
            ("user", f"u{n}"), "brand.changed", ("brand", "1"), at=NOON + timedelta(hours=n), reason=f"why {n}"
        )


def test_lists_past_acts_the_newest_first(ada_client):
    make_acts(3)

    first = ada_client.get("/api/v1/audit?limit=2").json()
    second = ada_client.get("/api/v1/audit", {"limit": 2, "after": first["next"]}).json()

    assert [act["actor_id"] for act in first["results"]] == ["u2", "u1"]
    assert [act["reason"] for act in second["results"]] == ["why 0"]
    assert (first["previous"], second["next"]) == (None, None)
    assert ada_client.get("/api/v1/audit", {"limit": 2, "before": second["previous"]}).json() == first


@pytest.mark.parametrize("query", [{"actor": "u1"}, {"actor": "user:u1"}, {"actor": "u1", "verb": "brand.changed"}])
def test_lists_the_acts_asked_for(ada_client, query):
    make_acts(3)

    response = ada_client.get("/api/v1/audit", query)

    assert [act["actor_id"] for act in response.json()["results"]] == ["u1"]


def test_costs_the_same_for_twice_as_many_acts(ada_client):
    counts = []
    for _round in range(2):
        make_acts(10)
        with CaptureQueriesContext(connection) as queries:
            ada_client.get("/api/v1/audit")
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"colour": "red"}, "colour"), ({"verb": "x" * 81}, "verb"), ({"actor": ""}, "actor")],
)
def test_refuses_a_filter_that_it_does_not_know(ada_client, query, field):
    response = ada_client.get("/api/v1/audit", query)

    assert response.status_code == 400
    assert [error["field"] for error in problem(response)["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": "101"}, "bad_limit"),
        ({"limit": "9" * 5000}, "bad_limit"),
        ({"limit": ""}, "bad_limit"),
        ({"after": "x"}, "bad_cursor"),
    ],
)
def test_refuses_a_page_that_there_is_not(ada_client, query, code):
    response = ada_client.get("/api/v1/audit", query)

    assert (response.status_code, problem(response)["code"]) == (400, code)
