import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from advocacy_platform import errors
from advocacy_platform.urls import *  # noqa: F403 - the site's own addresses stay
from advocacy_platform.urls import urlpatterns as site
from customers import keys
from customers.authentication import HasScope
from customers.models import ApiKey
from spine import audit, events
from spine.api import IdempotentMixin
from spine.models import AuditEntry, Event, IdempotencyKey
from tests.conftest import sign_in
from tests.factories import NOON, make_key, make_staff

FORM = {"name": "Our shop", "kind": "secret", "scopes": ["facts:write", "facts:read"]}


class Facts(IdempotentMixin, APIView):
    """Takes a fact from a system."""

    permission_classes = [HasScope("facts:write")]

    def post(self, request):
        audit.record(keys.party(request.auth), "fact.sent", ("fact", "1"), at=NOON)
        return Response({"count": AuditEntry.objects.filter(verb="fact.sent").count()}, 201)


urlpatterns = [path("api/test/facts", Facts.as_view()), *site]


def ask(client, address, token, **query):
    return client.get(f"/api/v1/{address}", query, headers={"authorization": f"Bearer {token}"})


def send(client, token, **headers):
    return client.post(
        "/api/test/facts",
        b"{}",
        content_type="application/json",
        headers={"authorization": f"Bearer {token}", **headers},
    )


def happen(number, **fields):
    for each in range(number):
        key = f"thing.done:{uuid.uuid4()}"
        fields = {"person": None, "subject": ("thing", str(each)), "at": NOON, **fields}
        events.record("thing.done", key=key, **fields)


def cost(client, address, **headers):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code == 200
    return len(captured)


@pytest.fixture
def facts(settings):
    """The site with the address above."""
    settings.ROOT_URLCONF = __name__


# --- Coming in with a key


def test_tells_a_system_whose_key_it_is(client, db):
    key, token = make_key("facts:write", "facts:read")

    response = ask(client, "key", token)

    key.refresh_from_db()
    assert response.status_code == 200
    assert response.json() == {
        "id": str(key.public_id),
        "name": "Our shop",
        "prefix": key.prefix,
        "kind": "secret",
        "scopes": ["facts:read", "facts:write"],
        "created_at": "2026-11-21T12:00:00Z",
        "last_used_at": key.last_used_at.isoformat().replace("+00:00", "Z"),
    }


def test_answers_every_wrong_key_alike(client, db):
    revoked, ended = make_key()
    keys.revoke(revoked, ("command", "test"), NOON, "Over")
    unknown = f"adv_{'0' * 12}_{'0' * 64}"

    answers = [ask(client, "key", token) for token in ("", "nonsense", "adv_\xff", unknown, ended, f"{ended} more")]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {'Bearer realm="api"'}
    assert {answer.headers["Content-Type"] for answer in answers} == {errors.PROBLEM}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_key"
    assert ApiKey.objects.get().last_used_at is None


@pytest.mark.parametrize("header", [None, "Basic YTpi", "adv_1"])
def test_asks_for_a_key_where_there_is_none(client, db, header):
    response = client.get("/api/v1/key", headers={"authorization": header} if header else {})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json()["code"] == "not_authenticated"


def test_does_not_fall_back_to_the_session_of_whoever_shows_a_wrong_key(ada_client):
    assert ask(ada_client, "audit", "nonsense").status_code == 401


def test_lets_nobody_with_a_session_pass_for_a_system(ada_client):
    assert ada_client.get("/api/v1/key").status_code == 403
    assert ada_client.get("/api/v1/events").status_code == 403


def test_names_the_scope_that_a_key_lacks(client, facts, db):
    _key, token = make_key("facts:read")

    response = send(client, token)

    assert response.status_code == 403
    assert response.json()["code"] == "missing_scope"
    assert response.json()["detail"] == "This API key lacks the scope facts:write."
    assert response.json()["facts"] == {"scope": "facts:write"}
    assert not AuditEntry.objects.filter(verb="fact.sent").exists()


def test_keeps_a_key_out_of_what_people_are_asked_for(client, db):
    _key, token = make_key("facts:write", "facts:read", "events:read", "audit:read")

    assert ask(client, "me", token).status_code == 403


@pytest.mark.parametrize("address", ["events", "audit"])
def test_keeps_a_key_without_the_scope_from_reading(client, db, address):
    _key, token = make_key("touches:write", kind="publishable")

    response = ask(client, address, token)

    assert response.status_code == 403
    assert response.json()["code"] == "missing_scope"


def test_takes_a_fact_from_a_key_without_asking_for_a_form_token(facts, db):
    from_elsewhere = Client(enforce_csrf_checks=True)
    _key, token = make_key("facts:write")

    assert send(from_elsewhere, token).status_code == 201


def test_keeps_an_answer_for_the_key_that_asked(client, facts, db):
    one, first = make_key("facts:write")
    other, second = make_key("facts:write")
    header = {"idempotency-key": "k1"}

    answers = [send(client, token, **header).json() for token in (first, first, second)]

    assert answers == [{"count": 1}, {"count": 1}, {"count": 2}]
    owners = set(IdempotencyKey.objects.values_list("owner", flat=True))
    assert owners == {f"key:{one.public_id}", f"key:{other.public_id}"}


def test_slows_down_a_key_and_no_other(client, facts, db, settings):
    settings.API_REQUESTS_PER_MINUTE = 1
    _one, fast = make_key("facts:write")
    _other, slow = make_key("facts:write")

    # A new minute may begin in between, but not twice.
    answers = [send(client, fast) for _ in range(3)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers if answer not in refused] == [201] * (3 - len(refused))
    assert len(refused) in {1, 2}
    assert refused[0].json()["code"] == "too_many_tries"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert AuditEntry.objects.filter(verb="fact.sent").count() == 3 - len(refused)
    assert send(client, slow).status_code == 201


def test_costs_two_queries_to_come_in(client, db):
    _key, token = make_key()
    ask(client, "key", token)

    assert cost(client, "/api/v1/key", authorization=f"Bearer {token}") == 2


# --- What a key reads


def test_reads_every_event_in_order(client, db):
    person = uuid.uuid4()
    _key, token = make_key("events:read")
    happen(1, person=person, payload={"amount": 5, "version": 3})
    events.number(NOON)
    happen(1)

    response = ask(client, "events", token)

    done = Event.objects.get(person=person)
    assert response.status_code == 200
    assert [event["type"] for event in response.json()["results"]] == ["api_key.made", "thing.done"]
    assert response.json()["results"][1] == {
        "position": 2,
        "id": str(done.public_id),
        "type": "thing.done",
        "at": "2026-11-21T12:00:00Z",
        "version": 3,
        "data": {"subject": {"kind": "thing", "id": "0"}, "person": str(person), "amount": 5},
    }
    assert response.json()["results"][0]["version"] == 1
    assert response.json()["next"] == 2


def test_goes_on_from_where_a_reader_was(client, db):
    _key, token = make_key("events:read")
    happen(4)
    events.number(NOON)

    first = ask(client, "events", token, limit=3).json()
    second = ask(client, "events", token, after=first["next"], limit=3).json()
    third = ask(client, "events", token, after=second["next"]).json()

    assert [[event["position"] for event in page["results"]] for page in (first, second, third)] == [
        [1, 2, 3],
        [4, 5],
        [],
    ]
    assert [page["next"] for page in (first, second, third)] == [3, 5, 5]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "-1"}, "after"),
        ({"after": "x"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"before": "3"}, "before"),
    ],
)
def test_refuses_a_place_that_is_none(client, db, query, field):
    _key, token = make_key("events:read")

    response = ask(client, "events", token, **query)

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_reads_the_audit_with_a_key(client, ben, db):
    key, token = make_key("audit:read")
    audit.record(("user", str(ben.user.public_id)), "thing.done", ("thing", "1"), at=NOON, reason="Why not")

    response = ask(client, "audit", token, verb="thing.done")

    assert response.status_code == 200
    assert [entry["reason"] for entry in response.json()["results"]] == ["Why not"]
    assert ask(client, "audit", token, subject=str(key.public_id)).json()["results"][0]["verb"] == "api_key.made"


def test_finds_nobody_by_name_for_a_system(client, ben, db):
    _key, token = make_key("audit:read")
    audit.record(("user", str(ben.user.public_id)), "thing.done", ("thing", "1"), at=NOON)

    assert ask(client, "audit", token, actor="ben@example.com").json()["results"] == []


@pytest.mark.parametrize(("address", "scope"), [("events", "events:read"), ("audit", "audit:read")])
def test_costs_the_same_to_read_with_rows_doubled(client, db, address, scope):
    _key, token = make_key(scope)
    header = {"authorization": f"Bearer {token}"}

    def more():
        happen(5)
        events.number(NOON)
        audit.record(("user", "u1"), "thing.done", ("thing", "1"), at=NOON, reason="Why not")

    more()
    ask(client, address, token)
    before = cost(client, f"/api/v1/{address}", **header)
    more()

    assert cost(client, f"/api/v1/{address}", **header) == before


# --- The staff's page


def test_shows_a_new_key_once(ada_client, ada):
    page = ada_client.post("/manage/keys/make/", FORM)

    key = ApiKey.objects.get()
    token = page.context["token"]
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert f'value="{token}"' in page.text
    assert keys.authenticate(token, NOON) == key
    assert (key.name, key.scopes, key.created_by) == (
        "Our shop",
        ["facts:read", "facts:write"],
        str(ada.user.public_id),
    )
    secret = token.rpartition("_")[2]
    assert secret not in ada_client.get("/manage/keys/").text
    assert secret not in ada_client.get(f"/manage/keys/{key.public_id}/revoke/").text


def test_says_what_a_publishable_key_cannot_have(ada_client):
    page = ada_client.post("/manage/keys/make/", {**FORM, "kind": "publishable"})

    assert page.status_code == 422
    assert "A publishable key can&#x27;t have the scope facts:read" in page.text
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("field", ["name", "kind", "scopes"])
def test_makes_no_key_out_of_half_a_form(ada_client, field):
    page = ada_client.post("/manage/keys/make/", {name: value for name, value in FORM.items() if name != field})

    assert page.context["form"].errors.keys() == {field}
    assert ApiKey.objects.count() == 0


def test_lists_keys_with_what_became_of_them(ada_client, ada):
    make_key(name="<b>Shop</b>")
    ended, _token = make_key("touches:write", name="Page", kind="publishable")
    keys.revoke(ended, ("user", str(ada.user.public_id)), NOON, "Over")

    page = ada_client.get("/manage/keys/")

    assert [key.name for key in page.context["in_use"]] == ["<b>Shop</b>"]
    assert [key.name for key in page.context["revoked"]] == ["Page"]
    assert "&lt;b&gt;Shop&lt;/b&gt;" in page.text


def test_teaches_whoever_has_no_key(ada_client):
    page = ada_client.get("/manage/keys/")

    assert "No key opens the API" in page.text
    assert "/api/v1/key</code>" in page.text


def test_revokes_a_key_with_a_reason(ada_client, ada):
    key, token = make_key()

    answer = ada_client.post(f"/manage/keys/{key.public_id}/revoke/", {"reason": "Leaked"})

    assert answer.url == "/manage/keys/"
    assert AuditEntry.objects.get(verb="api_key.revoked").reason.text == "Leaked"
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(token, NOON)


def test_calls_a_key_by_name_in_the_audit(ada_client):
    key, _token = make_key()

    [told] = ada_client.get("/manage/audit/").context["acts"]

    assert (told.subject, told.subject_key) == ("Our shop", f"api_key:{key.public_id}")


def test_revokes_nothing_without_a_reason(ada_client):
    key, token = make_key()

    page = ada_client.post(f"/manage/keys/{key.public_id}/revoke/", {"reason": " "})

    assert page.context["form"].errors.keys() == {"reason"}
    assert keys.authenticate(token, NOON) == key


def test_revokes_nothing_twice(ada_client):
    key, _token = make_key()
    keys.revoke(key, ("command", "test"), NOON, "First")

    answer = ada_client.post(f"/manage/keys/{key.public_id}/revoke/", {"reason": "Second"})

    assert answer.status_code == 409
    assert ApiKey.objects.get().revoked_at == NOON


def test_knows_no_key_that_is_none(ada_client):
    assert ada_client.get(f"/manage/keys/{uuid.uuid4()}/revoke/").status_code == 404


@pytest.mark.parametrize("page", ["", "make/", "{key}/revoke/"])
def test_does_not_exist_for_outsiders_and_is_closed_to_other_roles(dan_client, page):
    key, token = make_key()
    address = f"/manage/keys/{page.format(key=key.public_id)}"
    told = {**FORM, "reason": "Mine"}

    assert dan_client.get(address).status_code == 404
    assert dan_client.post(address, told).status_code == 404
    for role in ("moderator", "program manager"):
        client = sign_in(make_staff(role.partition(" ")[0], role))
        assert client.get(address).status_code == 403
        assert client.post(address, told).status_code in {403, 405}
    assert ApiKey.objects.get() == key
    assert keys.authenticate(token, NOON) == key


def test_costs_the_same_with_keys_doubled(ada_client):
    make_key()
    ada_client.get("/manage/keys/")
    before = cost(ada_client, "/manage/keys/")
    make_key()
    make_key()

    assert cost(ada_client, "/manage/keys/") == before
