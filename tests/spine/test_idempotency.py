import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from spine import audit, idempotency
from spine.idempotency import Answer, KeyUsedForAnother, StillInFlight, once
from spine.models import AuditEntry, IdempotencyKey
from tests.factories import NOON


def perform(status=201, body=None):
    """An act that leaves a trace, and its answer."""

    def act():
        audit.record(("user", "u1"), "order.placed", ("order", "o1"), at=NOON)
        return Answer(status, body or {"z": 1, "a": [1.5, None]})

    return act


def test_performs_once_and_repeats_the_answer(db):
    first = once("user:u1", "k1", b"POST /orders {}", perform(), at=NOON)
    second = once("user:u1", "k1", b"POST /orders {}", perform(status=500), at=NOON + timedelta(hours=23))

    assert first == second == Answer(201, {"z": 1, "a": [1.5, None]})
    assert list(second.body) == ["z", "a"]
    assert AuditEntry.objects.count() == 1


def test_repeats_a_refusal(db):
    once("user:u1", "k1", b"body", perform(409, {"code": "already_decided"}), at=NOON)

    assert once("user:u1", "k1", b"body", perform(), at=NOON) == Answer(409, {"code": "already_decided"})


def test_refuses_the_key_for_another_request(db):
    once("user:u1", "k1", b"one", perform(), at=NOON)

    with pytest.raises(KeyUsedForAnother):
        once("user:u1", "k1", b"another", perform(), at=NOON)

    assert AuditEntry.objects.count() == 1


def test_keeps_the_keys_of_two_owners_apart(db):
    once("user:u1", "k1", b"body", perform(), at=NOON)
    once("user:u2", "k1", b"body", perform(), at=NOON)

    assert AuditEntry.objects.count() == 2


def test_keeps_neither_act_nor_answer_after_a_crash(transactional_db):
    def crash():
        perform()()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once("user:u1", "k1", b"body", crash, at=NOON)
    assert (AuditEntry.objects.count(), IdempotencyKey.objects.count()) == (0, 0)

    assert once("user:u1", "k1", b"body", perform(), at=NOON).status == 201


def test_performs_anew_after_a_day(db):
    once("user:u1", "k1", b"one", perform(), at=NOON)

    once("user:u1", "k1", b"another", perform(), at=NOON + idempotency.KEPT + timedelta(seconds=1))

    assert AuditEntry.objects.count() == 2


def test_forgets_answers_after_a_day(db):
    once("user:u1", "old", b"body", perform(), at=NOON - timedelta(hours=25))
    once("user:u1", "new", b"body", perform(), at=NOON)

    assert idempotency.purge(NOON) == 1
    assert IdempotencyKey.objects.get().key == "new"


def test_performs_once_when_many_come_together(together):
    answers = together([lambda: once("user:u1", "k1", b"body", perform(), at=NOON)] * 8)

    assert AuditEntry.objects.count() == 1
    assert all(isinstance(answer, StillInFlight) or answer.status == 201 for answer in answers)
    assert sum(isinstance(answer, Answer) for answer in answers) >= 1


@pytest.mark.services
def test_says_that_the_first_is_still_being_answered(elsewhere):
    with transaction.atomic():
        once("user:u1", "k1", b"body", perform(), at=NOON)
        begun = time.monotonic()
        with pytest.raises(StillInFlight) as refused:
            elsewhere(lambda: once("user:u1", "k1", b"body", perform(), at=NOON))

    assert time.monotonic() - begun < 4
    assert refused.value.retry_after == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.services
def test_leaves_the_lock_timeout_as_it_was(db):
    def timeout():
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return Answer(200, cursor.fetchone()[0])

    assert once("user:u1", "k1", b"body", timeout, at=NOON).body == "5s"
