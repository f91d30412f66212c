from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from spine import keyset
from spine.models import AuditEntry, LimitWindow
from tests.factories import NOON

ORDERS = [("-at", "-id"), ("at", "id"), ("-at", "verb", "id"), ("verb", "-at", "-pk")]


def make_entry(minutes=0, verb="a"):
    return AuditEntry.objects.create(at=NOON + timedelta(minutes=minutes, microseconds=1), verb=verb)


def walk(order, limit, meanwhile=lambda: None):
    """Every page forward, then every page back from the last."""
    page = keyset.page(AuditEntry.objects.all(), order=order, limit=limit)
    forward = [row.pk for row in page.rows]
    while page.next_cursor:
        meanwhile()
        page = keyset.page(AuditEntry.objects.all(), order=order, limit=limit, after=page.next_cursor)
        forward += [row.pk for row in page.rows]
    backward = [row.pk for row in reversed(page.rows)]
    while page.previous_cursor:
        page = keyset.page(AuditEntry.objects.all(), order=order, limit=limit, before=page.previous_cursor)
        backward += [row.pk for row in reversed(page.rows)]
    return forward, backward[::-1]


def test_shows_the_first_rows_and_the_way_on(db):
    entries = [make_entry(n) for n in range(5)]

    page = keyset.page(AuditEntry.objects.all(), limit=2)

    assert page.rows == [entries[4], entries[3]]
    assert page.next_cursor
    assert page.previous_cursor is None


def test_shows_an_empty_list(db):
    assert keyset.page(AuditEntry.objects.all()) == keyset.Page([], None, None)


def test_ends_where_the_list_ends(db):
    entries = [make_entry(n) for n in range(4)]
    first = keyset.page(AuditEntry.objects.all(), limit=2)

    last = keyset.page(AuditEntry.objects.all(), limit=2, after=first.next_cursor)

    assert last.rows == [entries[1], entries[0]]
    assert last.next_cursor is None
    back = keyset.page(AuditEntry.objects.all(), limit=2, before=last.previous_cursor)
    assert (back.rows, back.previous_cursor, back.next_cursor) == (first.rows, None, first.next_cursor)


def test_finds_the_way_back_from_where_nothing_is_left(db):
    windows = [LimitWindow.objects.create(key=str(n), starts_at=NOON) for n in range(3)]
    after = keyset.page(LimitWindow.objects.all(), order=("id",), limit=2).next_cursor
    windows[2].delete()

    empty = keyset.page(LimitWindow.objects.all(), order=("id",), limit=2, after=after)
    back = keyset.page(LimitWindow.objects.all(), order=("id",), limit=2, before=empty.previous_cursor)

    assert (empty.rows, empty.next_cursor) == ([], None)
    assert (back.rows, back.previous_cursor) == (windows[:2], None)


def test_orders_by_an_annotation(db):
    entries = [make_entry(n) for n in range(3)]
    listed = AuditEntry.objects.annotate(since=F("at"))

    first = keyset.page(listed, order=("since", "pk"), limit=2)
    second = keyset.page(listed, order=("since", "pk"), limit=2, after=first.next_cursor)

    assert first.rows + second.rows == entries


@pytest.mark.parametrize("count", [3, 30])
def test_costs_one_query_without_count_or_offset(db, count):
    for n in range(count):
        make_entry(n)
    after = keyset.page(AuditEntry.objects.all(), limit=1).next_cursor

    with CaptureQueriesContext(
        connection,
    ) as queries:
        keyset.page(AuditEntry.objects.all(), limit=1, after=after)

    assert len(queries) == 1
    assert "COUNT" not in queries[0]["sql"]
    assert "OFFSET" not in queries[0]["sql"]


@pytest.mark.parametrize("cursor", ["x", "a:b", "WzFd", "{}", "é", " ", "\ufffd", "a" * 10_000, "..", ":" * 50])
@pytest.mark.parametrize("side", ["after", "before"])
def test_refuses_a_cursor_that_it_never_gave(db, cursor, side):
    with pytest.raises(keyset.BadCursor):
        keyset.page(AuditEntry.objects.all(), **{side: cursor})


def test_refuses_a_cursor_of_another_list_or_order(db):
    for n in range(3):
        make_entry(n)
        LimitWindow.objects.create(key=str(n), starts_at=NOON)
    cursor = keyset.page(LimitWindow.objects.all(), order=("id",), limit=1).next_cursor

    with pytest.raises(keyset.BadCursor):
        keyset.page(AuditEntry.objects.all(), order=("id",), after=cursor)
    with pytest.raises(keyset.BadCursor):
        keyset.page(LimitWindow.objects.all(), order=("-id",), after=cursor)


def test_refuses_two_cursors_at_once(db):
    for n in range(3):
        make_entry(n)
    cursor = keyset.page(AuditEntry.objects.all(), limit=1).next_cursor

    with pytest.raises(keyset.BadCursor):
        keyset.page(AuditEntry.objects.all(), after=cursor, before=cursor)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_refuses_a_page_too_small_or_too_large(db, limit):
    with pytest.raises(keyset.BadLimit) as refused:
        keyset.page(AuditEntry.objects.all(), limit=limit)

    assert refused.value.detail == "A page has from 1 to 100 rows."


def test_reads_the_limit_of_a_query():
    assert [keyset.limit_from(query) for query in ({}, {"limit": "1"}, {"limit": "100"})] == [50, 1, 100]


@pytest.mark.parametrize("text", ["", "0", "101", "-1", "1.5", "ten", "²", "٣", "9" * 5000, " 5"])
def test_refuses_a_limit_that_is_no_number_of_rows(text):
    with pytest.raises(keyset.BadLimit):
        keyset.limit_from({"limit": text})


class TestWalks(TestCase):
    @given(
        st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abc")), max_size=25),
        st.integers(1, 7),
        st.sampled_from(ORDERS),
    )
    def test_visits_every_row_once_each_way(self, rows, limit, order):
        for minutes, verb in rows:
            make_entry(minutes, verb)
        ordered = list(AuditEntry.objects.order_by(*order).values_list("pk", flat=True))

        assert walk(order, limit) == (ordered, ordered)

    @given(st.integers(0, 25), st.integers(1, 7))
    def test_is_not_disturbed_by_rows_that_come_before(self, count, limit):
        ordered = [make_entry(-n).pk for n in range(count)]
        came = []

        forward, backward = walk(("-at", "-id"), limit, lambda: came.append(make_entry(len(came) + 1).pk))

        assert forward == ordered
        assert backward == came[::-1] + ordered
