from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from spine.inserts import insert_once
from spine.models import Cursor, Event, IdempotencyKey, LimitWindow
from tests.factories import NOON

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event(key, **fields):
    return Event(key=key, name="order.placed", subject_kind="order", subject_id="o1", at=NOON, **fields)


def test_inserts_what_is_new_and_passes_over_the_rest(db):
    insert_once([event("a", payload={"n": 1})], key=["key"])

    inserted = insert_once([event("a", payload={"n": 2}), event("b", payload={"n": 3})], key=["key"])

    assert [row.key for row in inserted] == ["b"]
    assert dict(Event.objects.values_list("key", "payload")) == {"a": {"n": 1}, "b": {"n": 3}}


def test_inserts_the_first_of_two_with_the_same_key(db):
    first, second = event("a", payload={"n": 1}), event("a", payload={"n": 2})

    inserted = insert_once([first, second], key=["key"])

    assert inserted == [first]
    assert second.pk is None
    assert Event.objects.get().payload == {"n": 1}


def test_returns_rows_that_know_their_primary_key(db):
    rows = [event(f"k{n}") for n in range(20)]

    inserted = insert_once(rows, key=["key"])

    assert {row.pk: row.key for row in inserted} == dict(Event.objects.values_list("pk", "key"))
    inserted[0].refresh_from_db()
    assert inserted[0]._state.adding is False


def test_raises_what_another_constraint_says(db):
    taken = uuid4()
    insert_once([event("a", public_id=taken)], key=["key"])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_once([event("b", public_id=taken)], key=["key"])

    assert Event.objects.count() == 1


def test_raises_on_a_null_where_there_must_be_a_value(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_once([IdempotencyKey(owner=None, key="k", fingerprint="f", at=NOON)], key=["owner", "key"])


def test_knows_a_row_by_its_uuid(db):
    ids = [uuid4(), uuid4()]
    insert_once([event("a", public_id=ids[0])], key=["public_id"])

    inserted = insert_once([event("b", public_id=ids[0]), event("c", public_id=str(ids[1]))], key=["public_id"])

    assert [row.key for row in inserted] == ["c"]
    assert set(Event.objects.values_list("public_id", flat=True)) == set(ids)


def test_knows_a_row_by_its_instant_in_any_time_zone(db):
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    later = NOON + timedelta(microseconds=1)
    insert_once([LimitWindow(key="k", starts_at=NOON)], key=["key", "starts_at"])

    again = [LimitWindow(key="k", starts_at=tokyo), LimitWindow(key="k", starts_at=later)]
    inserted = insert_once(again, key=["key", "starts_at"])

    assert [row.starts_at for row in inserted] == [later]


def test_knows_a_row_by_a_key_that_is_its_primary_key(db):
    first = insert_once([Cursor(name="webhooks")], key=["name"])
    second = insert_once([Cursor(name="webhooks", position=5)], key=["name"])

    assert ([row.pk for row in first], second) == (["webhooks"], [])
    assert Cursor.objects.get().position == 0


def test_inserts_nothing_when_given_nothing(db):
    assert insert_once([], key=["key"]) == []


def test_inserts_once_when_many_try_together(together):
    inserted = together([lambda: insert_once([event("a")], key=["key"])] * 8)

    assert sorted(len(rows) for rows in inserted) == [0] * 7 + [1]
    assert Event.objects.count() == 1


class TestKeys(TestCase):
    @given(
        st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
                st.timedeltas(timedelta(0), timedelta(days=400_000)).map(
                    lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since
                ),
            ),
            max_size=8,
        )
    )
    def test_returns_exactly_the_new_keys(self, keys):
        before = set(keys[::2])
        insert_once([LimitWindow(key=key, starts_at=at) for key, at in before], key=["key", "starts_at"])

        inserted = insert_once([LimitWindow(key=key, starts_at=at) for key, at in keys], key=["key", "starts_at"])

        assert {(row.key, row.starts_at) for row in inserted} == set(keys) - before
        assert set(LimitWindow.objects.values_list("key", "starts_at")) == set(keys)

    @given(st.lists(st.uuids(), max_size=8))
    def test_returns_exactly_the_new_uuids(self, ids):
        inserted = insert_once(
            [event(f"k{n}", public_id=UUID(int=uuid.int)) for n, uuid in enumerate(ids)], key=["public_id"]
        )

        assert [row.public_id for row in inserted] == list(dict.fromkeys(ids))
