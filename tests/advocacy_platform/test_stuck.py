from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from advocacy_platform import stuck
from brand.models import Message
from customers.models import Person, PrivacyRequest
from spine.models import AuditEntry, Event, Redelivery
from tests.conftest import sign_in
from tests.factories import NOON, make_staff

ACTOR = ("user", "somebody")
KIND = "brand.message"


def make_message(subject="Welcome", **fields):
    number = Message.objects.count()
    return Message.objects.create(
        **{"key": f"m{number}", "to": "eve@example.com", "subject": subject, "text": "", "created_at": NOON, **fields}
    )


def make_dead(subject="Welcome", at=NOON, **fields):
    return make_message(subject, dead_at=at, attempts=12, error="OSError: no route", **fields)


def make_late(subject="Late", at=NOON):
    return make_message(subject, due_at=at - timedelta(minutes=11), attempts=1)


def make_redelivery(at=NOON):
    key = f"e{Event.objects.count()}"
    event = Event.objects.create(key=key, name="user.joined", subject_kind="user", subject_id="u1", at=at)
    return Redelivery.objects.create(reader="counters", event=event, dead_at=at, attempts=10, error="KeyError: 'x'")


def kind_of(key):
    return next(kind for kind in stuck.kinds(NOON) if kind.key == key)


def test_tells_the_dead_from_the_late(db):
    make_dead()
    make_dead()
    make_late()
    make_message(due_at=NOON - timedelta(minutes=9))
    make_message(due_at=NOON + timedelta(minutes=9))
    make_message()

    kind = kind_of(KIND)

    assert (kind.waiting, kind.dead, kind.late, kind.stuck) == (3, 2, 1, 3)
    assert kind.oldest_due_at == NOON - timedelta(minutes=11)


def test_knows_every_kind_of_work(db):
    assert {"brand.message", "customers.privacyrequest", "spine.redelivery"} <= set(stuck.models_by_key())


def test_shows_the_longest_stuck_of_all_kinds(db):
    make_dead("Second", at=NOON - timedelta(hours=1))
    make_redelivery(at=NOON - timedelta(hours=2))
    make_late("Third")

    found = stuck.longest(NOON, limit=10)

    assert [(row.kind, row.what, row.is_dead, row.attempts, row.error) for row in found] == [
        ("spine.redelivery", "user.joined user:u1 → counters", True, 10, "KeyError: 'x'"),
        ("brand.message", "Second", True, 12, "OSError: no route"),
        ("brand.message", "Third", False, 1, ""),
    ]


def test_starts_a_dead_row_again(db):
    message = make_dead()

    stuck.retry(ACTOR, message, at=NOON)

    message.refresh_from_db()
    assert (message.due_at, message.dead_at, message.attempts) == (NOON, None, 0)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject_kind, entry.subject_id) == ("work.retried", KIND, str(message.pk))


def test_starts_nothing_twice(db):
    message = make_dead()
    stuck.retry(ACTOR, message, at=NOON)

    with pytest.raises(stuck.NotDead):
        stuck.retry(ACTOR, message, at=NOON + timedelta(hours=1))

    message.refresh_from_db()
    assert message.due_at == NOON
    assert AuditEntry.objects.count() == 1


def test_starts_every_dead_row_of_a_kind_again(db):
    make_dead()
    make_dead()
    late = make_late()
    other = make_redelivery()

    started = stuck.retry_all(ACTOR, Message, at=NOON)

    assert started == 2
    assert Message.objects.filter(due_at=NOON, dead_at=None, attempts=0).count() == 2
    late.refresh_from_db()
    other.refresh_from_db()
    assert late.attempts == 1
    assert other.dead_at == NOON
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject_kind, entry.subject_id) == ("work.retried", "kind", KIND)


def test_refuses_to_start_a_kind_of_which_nothing_is_dead(db):
    make_late()

    with pytest.raises(stuck.NotDead):
        stuck.retry_all(ACTOR, Message, at=NOON)

    assert AuditEntry.objects.count() == 0


def test_says_in_words_what_gave_up_and_what_is_late(ada_client):
    make_dead("<b>Hello</b>", at=timezone.now() - timedelta(hours=3))
    make_late("Still waiting", at=timezone.now())

    page = ada_client.get("/manage/stuck/")

    assert "&lt;b&gt;Hello&lt;/b&gt;" in page.text
    assert "OSError: no route" in page.text
    assert "3 hours ago" in page.text
    assert page.text.count("Gave up") == 1
    assert "Late" in page.text
    assert "Tries again by itself" in page.text


def test_shows_one_kind_page_by_page(ada_client):
    for number in range(51):
        make_dead(f"Message {number:02}", at=NOON - timedelta(minutes=100 - number))
    make_redelivery()

    first = ada_client.get("/manage/stuck/", {"kind": KIND})
    second = ada_client.get("/manage/stuck/", {"kind": KIND, "after": first.context["page"].next_cursor})

    assert [row.what for row in first.context["rows"]] == [f"Message {number:02}" for number in range(50)]
    assert [row.what for row in second.context["rows"]] == ["Message 50"]


def test_is_an_empty_page_when_nothing_is_stuck(ada_client):
    assert "Nothing is stuck" in ada_client.get("/manage/stuck/").text


@pytest.mark.parametrize("query", ["", f"?kind={KIND}", "?kind=spine.redelivery", "?kind=customers.privacyrequest"])
def test_costs_the_same_with_rows_doubled(ada_client, query):
    def make_some():
        for _ in range(3):
            make_dead()
            make_late()
            make_redelivery()
            PrivacyRequest.objects.create(person=Person.objects.create(), kind="export", asked_at=NOON, dead_at=NOON)

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert ada_client.get(f"/manage/stuck/{query}").status_code == 200
        return len(captured)

    make_some()
    before = cost()
    make_some()

    assert cost() == before


def test_starts_one_again_by_a_click(ada_client, ada):
    message = make_dead()

    answer = ada_client.post(f"/manage/stuck/{KIND}/{message.pk}/retry/")

    message.refresh_from_db()
    assert answer["Location"] == f"/manage/stuck/?kind={KIND}"
    assert message.dead_at is None
    assert AuditEntry.objects.get().actor_id == str(ada.user.public_id)


def test_starts_all_again_by_a_click(ada_client):
    make_dead()
    make_dead()

    answer = ada_client.post(f"/manage/stuck/{KIND}/retry/", follow=True)

    assert "2 are due again." in answer.text
    assert Message.objects.filter(dead_at=None).count() == 2


def test_starts_nothing_on_a_look(ada_client):
    message = make_dead()

    assert ada_client.get(f"/manage/stuck/{KIND}/{message.pk}/retry/").status_code == 405
    assert ada_client.get(f"/manage/stuck/{KIND}/retry/").status_code == 405

    message.refresh_from_db()
    assert message.dead_at == NOON


@pytest.mark.parametrize(
    "address",
    [
        "/manage/stuck/no.kind/retry/",
        "/manage/stuck/advocates.user/retry/",
        f"/manage/stuck/{KIND}/999999/retry/",
        f"/manage/stuck/{KIND}/one/retry/",
        f"/manage/stuck/{KIND}/99999999999999999999999999/retry/",
    ],
)
def test_knows_nothing_of_what_is_not_there(ada_client, address):
    assert ada_client.post(address).status_code == 404


def test_knows_no_other_kinds(ada_client):
    assert ada_client.get("/manage/stuck/?kind=advocates.user").status_code == 404


def test_answers_a_second_click_with_a_refusal(ada_client):
    message = make_dead()
    ada_client.post(f"/manage/stuck/{KIND}/{message.pk}/retry/")

    answer = ada_client.post(f"/manage/stuck/{KIND}/{message.pk}/retry/")

    assert answer.status_code == 409
    assert "It is not dead any more" in answer.text
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("address", [f"/manage/stuck/{KIND}/retry/", f"/manage/stuck/{KIND}/1/retry/"])
def test_lets_only_those_retry_who_may(db, address):
    make_dead()
    mona = make_staff("mona", "moderator", "program manager")

    assert sign_in(mona).post(address).status_code == 403

    assert Message.objects.filter(dead_at=None).count() == 0


def test_counts_in_the_navigation_what_waits(ada_client):
    make_dead()
    make_late(at=timezone.now())
    make_redelivery()

    page = ada_client.get("/manage/audit/")

    assert '<span>Stuck work</span><span class="staff__count">3</span>' in page.text


def test_counts_nothing_where_the_navigation_is_not_drawn(ada_client):
    with CaptureQueriesContext(connection) as captured:
        ada_client.get("/home/")

    assert not [query for query in captured.captured_queries if 'dead_at" IS NOT NULL' in query["sql"]]
