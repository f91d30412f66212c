import io
from datetime import UTC, datetime, timedelta

import pytest

from advocacy_platform import privacy
from customers.models import Customer, Order, Refund
from customers.told import CustomerFact, LineFact, OrderFact
from integrations.files import bringing, kinds
from integrations.files.kinds import Bad
from integrations.models import Import, Slice
from referrals import intake
from referrals.models import Conversion
from referrals.touches import Told
from tests.factories import NOON, make_link, make_program, make_source
from tests.rewards.living import follow

ACTOR = ("user", "u-ada")
ORDERS = """\
Order ID,Created at,Total,Currency,Tax,Shipping,Customer ID,Email,Discount code
1001,2026-11-01 10:00:00 +0100,59.00,USD,5.00,4.00,c-9,dan@example.com,
1002,2026-11-02,"1,234.50",USD,,,c-10,,
"""


@pytest.fixture
def shop(db):
    return make_source()


def bring(shop, text, kind="orders"):
    body = text if isinstance(text, bytes) else text.encode()
    return bringing.bring(shop, kind, "past.csv", io.BytesIO(body), ACTOR, NOON)


def work(table):
    while bringing.bring_due(NOON):
        pass
    table.refresh_from_db()
    return table


def check(shop, text, kind="orders", currency="", **mapping):
    table = bring(shop, text, kind)
    bringing.name_columns(table, mapping or table.mapping, currency, NOON)
    return work(table)


def taken(shop, text, kind="orders", *, skip_bad=False, **told):
    table = check(shop, text, kind, **told)
    bringing.take(table, ACTOR, NOON, skip_bad=skip_bad)
    return work(table)


def test_guesses_what_the_columns_are(shop):
    table = bring(shop, ORDERS)

    assert (table.rows, table.state, table.columns[0]) == (2, "mapping", "Order ID")
    assert table.mapping == {
        "id": 0, "placed_at": 1, "total": 2, "currency": 3, "tax": 4, "shipping": 5, "customer": 6, "email": 7,
        "coupon": 8,
    }  # fmt: skip


def test_checks_first_and_takes_nothing(shop):
    table = check(shop, ORDERS)

    assert (table.state, bringing.progress(table)["good"], bringing.progress(table)["bad"]) == ("checked", 2, 0)
    assert not Order.objects.exists()


def test_takes_orders(shop):
    table = taken(shop, ORDERS)

    assert (table.state, table.ended_at, bringing.results(table)) == ("done", NOON, {"created": 2})
    first, second = Order.objects.order_by("key")
    assert (first.key, first.placed_at, first.customer.email) == (
        "1001",
        datetime(2026, 11, 1, 9, tzinfo=UTC),
        "dan@example.com",
    )
    assert dict(first.lines.values_list("kind", "amount")) == {"goods": 5000, "tax": 500, "shipping": 400}
    assert dict(second.lines.values_list("kind", "amount")) == {"goods": 123450}


def test_takes_customers_who_are_not_new_then(shop, ben):
    make_link(make_program(), ben, "BEN42")
    taken(shop, "id;email;first order\nc-9;dan@example.com;2020-01-01\n", "customers")

    fact = OrderFact("shop", "1", "USD", NOON, (LineFact("1", "goods", 5000),), customer=CustomerFact("c-9"))
    intake.take_order(fact, Told(code="BEN42"), NOON)
    follow(NOON)

    assert Customer.objects.get().first_order_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert (Conversion.objects.get().state, Conversion.objects.get().reason) == ("refused", "not_new_customer")


def test_takes_refunds_written_either_way(shop):
    taken(
        shop,
        "Refund ID,Order ID,Amount,Date\nr-1,1001,-5.00,2026-11-03\nr-2,1001,5.00,2026-11-04\n",
        "refunds",
        currency="USD",
    )

    assert list(Refund.objects.order_by("key").values_list("order_key", "amount", "status")) == [
        ("1001", 500, "succeeded"),
        ("1001", 500, "succeeded"),
    ]


def test_changes_nothing_when_it_is_brought_again(shop):
    taken(shop, ORDERS)
    before = list(Order.objects.order_by("pk").values())

    again = taken(shop, ORDERS)

    assert bringing.results(again) == {"duplicate": 2}
    assert list(Order.objects.order_by("pk").values()) == before


BAD = "\n".join(
    [
        ORDERS.strip(),
        "1003,soon,5.00,USD,,,,,",
        ",2026-11-01,5.00,USD,,,,,",
        "1005,2026-11-01,5.005,USD,,,,,",
        "1006,2026-11-01,5.00,ZZZ,,,,,",
    ]
)


def test_names_every_bad_cell(shop):
    table = check(shop, BAD)

    assert [(number, column) for number, column, _why, _row in bringing.wrong(table)] == [
        (4, "Created at"),
        (5, "Order ID"),
        (6, "Total"),
        (7, "Currency"),
    ]
    assert next(bringing.wrong(table))[3][:2] == ["1003", "soon"]


def test_takes_all_or_nothing(shop):
    table = check(shop, BAD)

    with pytest.raises(bringing.HasBadRows):
        bringing.take(table, ACTOR, NOON, skip_bad=False)

    table.refresh_from_db()
    assert table.state == "checked"
    assert not Order.objects.exists()


def test_takes_the_good_ones_and_keeps_the_others_to_download(shop):
    table = taken(shop, BAD, skip_bad=True)

    assert bringing.results(table) == {"created": 2}
    assert bringing.progress(table)["bad"] == 4
    assert [row[0] for _number, _column, _why, row in bringing.wrong(table)] == ["1003", "", "1005", "1006"]
    # Of the good rows nothing is kept.
    assert sum(len(each.cells) for each in Slice.objects.all()) == 4


def test_tells_what_was_refused_while_it_was_taken(shop):
    taken(shop, ORDERS)
    table = taken(shop, ORDERS.replace("59.00", "60.00"))

    ((number, column, why, row),) = bringing.wrong(table)
    assert (number, column, row[0]) == (2, "", "1001")
    assert why == "This was told differently before. Send it with a later updated_at."
    assert bringing.results(table) == {"duplicate": 1}


def test_goes_on_where_a_worker_was_killed(shop):
    head, *rows = ORDERS.splitlines()
    many = "\n".join([head, *(rows[0].replace("1001", str(number)) for number in range(450))])
    table = check(shop, many)
    bringing.take(table, ACTOR, NOON, skip_bad=False)
    first = Slice.objects.order_by("number").first()
    # It took half of its rows, and was killed before it could say so.
    for _line, *row in first.cells[:100]:
        fact, told = kinds.read(
            "orders", dict(zip(["id", "placed_at", "total", "currency"], row[:4], strict=True)), "shop", ""
        )
        assert kinds.take(fact, told, shop, NOON) == "created"

    work(table)

    assert Slice.objects.count() == 3
    assert Order.objects.count() == 450
    assert sum(bringing.results(table).values()) == 450 - 100


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "id,email\n", b"PK\x03\x04\x00\x00zip", "," * 300 + "\nx", '"never ends'],
)
def test_refuses_what_is_no_table(shop, text):
    with pytest.raises(bringing.NoTable):
        bring(shop, text)

    assert not Import.objects.exists()
    assert not Slice.objects.exists()


@pytest.mark.parametrize("text", ["id\tname\n1\tx\n", "id;name\r\n1;x\r\n", "\ufeffid,name\n1,x\n", "id|name\n1|x"])
def test_reads_whatever_parts_the_cells(shop, text):
    table = bring(shop, text, "customers")

    assert (table.columns, table.slices.get().cells) == (["id", "name"], [[2, "1", "x"]])


def test_asks_for_the_columns_that_are_needed(shop):
    table = bring(shop, ORDERS)

    with pytest.raises(bringing.NotNamed) as refusal:
        bringing.name_columns(table, {"id": 0, "placed_at": 1}, "", NOON)

    assert refusal.value.detail == "Say which column holds this: Total, Currency."
    table.refresh_from_db()
    assert table.state == "mapping"


def test_is_not_taken_twice(shop):
    table = taken(shop, ORDERS)

    for act in (
        lambda: bringing.take(table, ACTOR, NOON, skip_bad=True),
        lambda: bringing.drop(table, ACTOR, NOON),
        lambda: bringing.name_columns(table, table.mapping, "", NOON),
    ):
        with pytest.raises(bringing.NotNow):
            act()


def test_forgets_a_file(shop):
    table = check(shop, ORDERS)

    bringing.drop(table, ACTOR, NOON)

    assert (Import.objects.get().state, Slice.objects.count()) == ("dropped", 0)


def test_forgets_the_rows_of_whoever_is_erased(shop, cleo):
    check(shop, ORDERS.replace("dan@example.com", cleo.user.email))

    privacy.erase(cleo.person, ACTOR, NOON)

    assert [row[1] for row in Slice.objects.get().cells] == ["1002"]


def test_forgets_bad_rows_past_their_days(shop, settings):
    table = taken(shop, BAD, skip_bad=True)
    kept = timedelta(days=settings.RETENTION_DAYS["raw_bodies"])

    privacy.purge(NOON + kept)
    still = Slice.objects.count()
    privacy.purge(NOON + kept + timedelta(microseconds=1))

    assert (still, Slice.objects.count(), table.state) == (1, 0, "done")


def test_reads_an_order_by_an_address_alone(shop):
    fact, _told = kinds.read(
        "orders", {"id": "1", "placed_at": "2026-11-01", "total": "5", "email": "dan@example.com"}, "shop", "USD"
    )

    assert fact.customer.email == "dan@example.com"
    assert fact.customer.key.startswith("guest:")


def test_says_which_field_of_a_row_is_wrong():
    with pytest.raises(Bad) as bad:
        kinds.read("customers", {"id": "1", "email": "nobody"}, "shop", "")

    assert (bad.value.field, bad.value.why) == ("email", "This is no email address.")
