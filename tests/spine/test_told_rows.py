from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import DataError, IntegrityError, connection, connections, models, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from spine import told_rows
from spine.inserts import insert_rows
from spine.models import AuditEntry, Event, LimitWindow
from spine.updates import update_rows
from tests.factories import NOON

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PAYLOADS = st.dictionaries(TEXT, JSON, max_size=4)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=400_000)).map(
    lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since
)


def entry(number, **fields):
    told = {"actor_kind": "system", "actor_id": "a", "verb": "thing.done", "subject_kind": "thing", "at": NOON}
    return AuditEntry(subject_id=str(number), **{**told, **fields})


def event(key, **fields):
    return Event(key=key, name="order.placed", subject_kind="order", **{"subject_id": "o1", "at": NOON, **fields})


def test_inserts_rows_in_order_with_their_keys(db):
    rows = [entry(number) for number in range(50)]

    insert_rows(rows)

    assert dict(AuditEntry.objects.values_list("pk", "subject_id")) == {row.pk: row.subject_id for row in rows}
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    rows[7].refresh_from_db()
    assert (rows[7].subject_id, rows[7]._state.adding) == ("7", False)


def test_inserts_nothing_when_given_nothing(db):
    insert_rows([])

    assert not AuditEntry.objects.exists()


def test_inserts_all_or_nothing(db):
    insert_rows([event("a")])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([event("b"), event("a"), event("c")])

    assert list(Event.objects.values_list("key", flat=True)) == ["a"]


def test_never_cuts_what_is_too_long(db):
    """A cast to a column's own type would, in silence; what SQLite takes, it keeps whole."""
    row = LimitWindow(key="short", starts_at=NOON)
    insert_rows([row])
    row.key = "x" * 65
    try:
        with transaction.atomic():
            update_rows([row], ["key"])
    except DataError:
        assert connection.vendor == "postgresql"
    row.refresh_from_db()

    assert row.key == ("short" if connection.vendor == "postgresql" else "x" * 65)


def test_takes_what_only_the_driver_can_write(db):
    """Amounts with a fraction and bytes: no column of ours has them yet."""
    columns = [
        (models.DecimalField(max_digits=9, decimal_places=2), [Decimal("1.50"), None]),
        (models.BinaryField(), [b'{"\\', b""]),
    ]
    sql, values = told_rows.table(connections["default"], columns)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = [(amount, bytes(data)) for amount, data in cursor.fetchall()]

    assert [(None if amount is None else Decimal(str(amount)), data) for amount, data in found] == [
        (Decimal("1.50"), b'{"\\'),
        (None, b""),
    ]


class TestValues(TestCase):
    @given(
        st.lists(st.tuples(TEXT, st.none() | st.uuids(), INSTANTS, st.dictionaries(TEXT, JSON, max_size=4)), max_size=6)
    )
    def test_come_back_as_they_went_in(self, told):
        rows = [
            event(f"k{number}", subject_id=text, person=person, at=at, payload=payload)
            for number, (text, person, at, payload) in enumerate(told)
        ]

        insert_rows(rows)

        found = Event.objects.order_by("pk").values_list("subject_id", "person", "at", "payload")
        assert list(found) == [
            (text, None if person is None else UUID(int=person.int), at, payload) for text, person, at, payload in told
        ]

    @given(st.lists(st.tuples(TEXT, st.integers(0, 2**31 - 1)), min_size=1, max_size=6))
    def test_are_written_over_as_they_are(self, told):
        rows = [LimitWindow(key=f"k{number}", starts_at=NOON, taken=1) for number in range(len(told))]
        insert_rows(rows)
        for row, (text, taken) in zip(rows, told, strict=True):
            row.key, row.taken = f"{row.key}{text}", taken

        update_rows(rows, ["key", "taken"])

        assert list(LimitWindow.objects.order_by("pk").values_list("key", "taken")) == [
            (row.key, row.taken) for row in rows
        ]


@pytest.mark.parametrize("at", [NOON, datetime(31, 5, 6, 1, 2, 3, 4, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_reads_an_instant_as_it_was_written(db, at):
    insert_rows([event(str(uuid4()), at=at)])

    found = Event.objects.get().at

    assert (found, found.utcoffset(), found.tzinfo) == (at, timedelta(0), UTC)
