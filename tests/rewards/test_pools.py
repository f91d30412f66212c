from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from rewards import pools
from rewards.models import Plan, Pool, PoolCode, Scheme
from rewards.plans import Benefit, PlanDocument
from spine.models import AuditEntry
from tests.factories import NOON

ACTOR = ("user", "u-1")
DAY = timedelta(days=1)


@pytest.fixture
def pool(db):
    return make_pool()


def make_pool(*texts, name="Ten off"):
    scheme = Scheme.objects.create(name="Give ten", created_at=NOON)
    pool = pools.create(scheme, name, ACTOR, NOON)
    if texts:
        pools.fill(pool, texts, ACTOR, NOON)
    return pool


def told(refused):
    return [(line.number, str(line.why)) for line in refused.value.lines]


def test_fills_a_pool_line_by_line(pool):
    assert pools.fill(pool, ["TEN-1", "", "  ten-2 ", "\r\n", "Ten-3\n"], ACTOR, NOON, NOON + DAY) == 3

    rows = list(PoolCode.objects.order_by("pk").values_list("text", "folded", "holder", "expires_at"))
    assert rows == [
        ("TEN-1", "TEN-1", "", NOON + DAY),
        ("ten-2", "TEN-2", "", NOON + DAY),
        ("Ten-3", "TEN-3", "", NOON + DAY),
    ]
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == ["pool.created", "pool.filled"]


@pytest.mark.parametrize(
    "lines",
    [
        ["Code,Uses", "A1,0", "B2,0"],
        ["\ufeffcode;uses", "A1;0", "B2;0"],
        ['"A1","ten off"', '"B2"'],
        ["A1\tx", "B2\tx"],
    ],
)
def test_reads_the_first_column_of_a_table(pool, lines):
    assert pools.fill(pool, lines, ACTOR, NOON) == 2
    assert set(PoolCode.objects.values_list("text", flat=True)) == {"A1", "B2"}


def test_tells_what_is_wrong_line_by_line_and_takes_nothing(pool):
    lines = ["A1", "a 1", "B2", "b2", "X" * 65, "caf\u00e9", "C3\0"]

    with pytest.raises(pools.BadCodes) as refused:
        pools.fill(pool, lines, ACTOR, NOON)

    odd = "A code has 1 to 64 letters, digits or signs, without spaces."
    assert told(refused) == [(2, odd), (4, "The same code stands on line 3."), (5, odd), (6, odd), (7, odd)]
    assert not PoolCode.objects.exists()


def test_tells_which_codes_are_in_a_pool_already(pool):
    make_pool("TEN-1", name="Other")

    with pytest.raises(pools.BadCodes) as refused:
        pools.fill(pool, ["new", "ten-1", "a b"], ACTOR, NOON)

    assert told(refused) == [
        (2, "This code is in a pool already."),
        (3, "A code has 1 to 64 letters, digits or signs, without spaces."),
    ]
    assert PoolCode.objects.get().text == "TEN-1"
    assert not AuditEntry.objects.filter(verb="pool.filled", subject_id=str(pool.public_id)).exists()


@pytest.mark.parametrize("lines", [[], ["", "  "], ["code"]])
def test_refuses_an_upload_of_nothing(pool, lines):
    with pytest.raises(pools.NoCodes):
        pools.fill(pool, lines, ACTOR, NOON)


def test_takes_fifty_thousand_and_not_one_more(pool):
    with pytest.raises(pools.TooManyCodes):
        pools.fill(pool, (f"C{number}" for number in range(50_001)), ACTOR, NOON)
    assert not PoolCode.objects.exists()

    assert pools.fill(pool, (f"C{number}" for number in range(50_000)), ACTOR, NOON) == 50_000


@given(st.text())
def test_folds_once_and_for_all(text):
    assert pools.fold(pools.fold(text)) == pools.fold(text)


def test_takes_the_next_code(db):
    pool = make_pool("A1", "B2")

    first, second = pools.take(pool, "cleo", NOON), pools.take(pool, "dan", NOON)

    assert (first.text, second.text) == ("A1", "B2")
    first.refresh_from_db()
    assert (first.holder, first.taken_at) == ("cleo", NOON)


def test_shows_the_same_code_to_who_asks_again(db):
    pool = make_pool("A1", "B2")

    assert pools.take(pool, "cleo", NOON) == pools.take(pool, "cleo", NOON + DAY)
    assert PoolCode.objects.filter(holder="").count() == 1


def test_gives_no_code_that_is_expired(pool):
    pools.fill(pool, ["OLD"], ACTOR, NOON, NOON)
    pools.fill(pool, ["NEW"], ACTOR, NOON, NOON + DAY)

    assert pools.take(pool, "cleo", NOON).text == "NEW"
    with pytest.raises(pools.PoolEmpty):
        pools.take(pool, "dan", NOON)
    assert PoolCode.objects.get(text="OLD").holder == ""


def test_says_so_when_it_is_empty(db):
    pool = make_pool("A1")
    make_pool("B2", name="Other")
    pools.take(pool, "cleo", NOON)

    with pytest.raises(pools.PoolEmpty):
        pools.take(pool, "dan", NOON)
    assert pools.take(pool, "cleo", NOON).text == "A1"


def test_gives_each_code_once_to_many_at_once(together):
    pool = make_pool(*(f"C{number}" for number in range(8)))

    taken = together([lambda number=number: pools.take(pool, f"h{number}", NOON) for number in range(12)])

    codes = [code.text for code in taken if isinstance(code, PoolCode)]
    assert sorted(codes) == [f"C{number}" for number in range(8)]
    assert [type(code) for code in taken if not isinstance(code, PoolCode)] == [pools.PoolEmpty] * 4


@pytest.mark.services
def test_waits_for_nobody_who_is_taking_the_last_code(elsewhere):
    pool = make_pool("A1")

    with transaction.atomic():
        pools.take(pool, "cleo", NOON)
        with pytest.raises(pools.PoolEmpty):
            elsewhere(lambda: pools.take(pool, "dan", NOON))

    assert PoolCode.objects.get().holder == "cleo"


def test_gives_one_holder_one_code_however_often_they_ask_at_once(together):
    pool = make_pool(*(f"C{number}" for number in range(8)))

    taken = together([lambda: pools.take(pool, "cleo", NOON)] * 8)

    assert len({code.pk for code in taken}) == 1
    assert PoolCode.objects.exclude(holder="").count() == 1


def test_puts_a_code_into_one_pool_however_often_it_is_sent_at_once(together):
    pool = make_pool()

    sent = together([lambda: pools.fill(pool, ["A1", "B2", "C3"], ACTOR, NOON)] * 4)

    assert sorted(map(str, sent)) == ["3", "bad_codes", "bad_codes", "bad_codes"]
    assert PoolCode.objects.count() == 3


def test_counts_what_is_left(db):
    pool, other = make_pool("A1", "B2", "C3"), make_pool(name="Empty")
    pools.fill(pool, ["OLD"], ACTOR, NOON, NOON)
    pools.take(pool, "cleo", NOON)

    stocked = pools.stocked(list(Pool.objects.order_by("pk")), NOON)

    assert [(row.pool, row.left, row.given, row.is_low) for row in stocked] == [
        (pool, 2, 1, True),
        (other, 0, 0, True),
    ]


def make_plan(pool, version=1):
    plan = PlanDocument((Benefit("friend", "discount_code", when="before", percent=1000, pool=pool),))
    scheme = Scheme.objects.get(name="Give ten")
    return Plan.objects.create(
        scheme=scheme, version=version, document=plan.written(), published_at=NOON, published_by="u-1"
    )


def test_tells_which_pools_in_use_run_low(db):
    before = make_pool("A1", name="Before")
    now = pools.create(before.scheme, "Now", ACTOR, NOON)
    assert pools.running_low(NOON) == []

    make_plan(str(before.public_id))
    assert [row.pool for row in pools.running_low(NOON)] == [before]
    make_plan(str(now.public_id), version=2)
    assert [(row.pool, row.left) for row in pools.running_low(NOON)] == [(now, 0)]

    pools.fill(now, [f"C{number}" for number in range(50)], ACTOR, NOON)
    assert pools.running_low(NOON) == []


@pytest.mark.parametrize("name", [None, "", "nonsense", "6b8f3a2e-0000-4000-8000-000000000000"])
def test_finds_no_pool_that_a_plan_does_not_name(pool, name):
    make_plan(name)

    assert pools.of(pool.scheme_id, name) is None
    assert pools.running_low(NOON) == []


def test_finds_a_pool_in_its_own_scheme_only(pool):
    assert pools.of(pool.scheme_id, str(pool.public_id)) == pool
    assert pools.of(pool.scheme_id + 1, str(pool.public_id)) is None
