import csv
import io
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rewards import ledger
from rewards.cash import batches, by_hand, statements
from rewards.ledger import Move, Owner
from rewards.models import Payout, Reward
from tests.factories import NOON
from tests.rewards.cash.cash import LATER, ask, enter, give, pay, requested

UTC_ZONE = ZoneInfo("UTC")
DECEMBER = datetime(2026, 12, 3, tzinfo=UTC)


def post(reward, act, source, target, amount, at):
    held = ledger.hold([Owner.of(reward)])
    [fresh] = Reward.objects.filter(pk=reward.pk)
    held.post([Move(f"{act}:{reward.key}:{amount}:{at}", act, fresh, source, target, amount)], at)


def sums(found):
    return [(each.unit, each.earned, each.taken_back, each.expired, each.paid) for each in found]


def lines(advocate, *period):
    found = statements.lines([advocate.person.pk], *period, UTC_ZONE)
    return [(str(line.label), line.amount) for line in found]


@pytest.fixture
def told(ada, cleo):
    """Earned 80 in November, of which 10 are taken back; 50 paid in December, of which 20 are taken back."""
    reward = give(cleo, 8000)
    post(reward, "take_back", "available", "issued", 1000, NOON + timedelta(hours=1))
    enter(cleo)
    ask(cleo, amount=5000)
    batches.approve(batches.make(ada.user, DECEMBER), ada.user, DECEMBER)
    pay(DECEMBER)
    by_hand.mark_paid(Payout.objects.get(), ada.user, DECEMBER)
    pay(DECEMBER)
    post(reward, "take_back", "paid", "owed", 2000, DECEMBER + timedelta(days=1))
    return cleo


def test_tells_each_month_and_the_year(told):
    months = statements.year([told.person.pk], 2026, UTC_ZONE)

    assert [(month.first.month, sums(month.rows)) for month in months] == [
        (11, [("cash:USD", 8000, 1000, 0, 0)]),
        (12, [("cash:USD", 0, 2000, 0, 5000)]),
    ]
    assert sums(statements.totals(months)) == [("cash:USD", 8000, 3000, 0, 5000)]
    assert statements.year([told.person.pk], 2025, UTC_ZONE) == []
    assert statements.years([told.person.pk], UTC_ZONE) == [2026]


def test_tells_every_line_of_a_month(told):
    assert lines(told, 2026, 11) == [("Earned", 8000), ("Taken back", -1000)]
    assert lines(told, 2026, 12) == [("Paid out", -5000), ("Taken back", -2000)]
    assert len(lines(told, 2026, None)) == 4


def test_what_is_frozen_is_not_earned_twice(cleo):
    reward = give(cleo, 3000)
    post(reward, "freeze", "available", "on_hold", 3000, LATER)
    post(reward, "release", "on_hold", "available", 3000, LATER + timedelta(hours=1))

    assert sums(statements.totals(statements.year([cleo.person.pk], 2026, UTC_ZONE))) == [("cash:USD", 3000, 0, 0, 0)]
    assert lines(cleo, 2026, 11) == [("Earned", 3000), ("Frozen again", -3000), ("Earned", 3000)]


def test_tells_cash_and_nothing_else(cleo):
    give(cleo, 3000, unit="credit:USD")
    give(cleo, 3000, unit="PTS")

    assert statements.year([cleo.person.pk], 2026, UTC_ZONE) == []


def test_a_year_begins_where_the_advocate_lives(cleo):
    give(cleo, 3000, at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))

    there = ZoneInfo("Pacific/Kiritimati")
    assert statements.year([cleo.person.pk], 2026, there) == []
    assert statements.year([cleo.person.pk], 2027, there)[0].first.month == 1
    assert statements.year([cleo.person.pk], 2026, UTC_ZONE)[0].first.month == 12


def test_belongs_to_whoever_was_merged_as_well(cleo, cleo_client, dan):
    give(dan, 3000)
    dan.person.merged_into = cleo.person
    dan.person.save()

    assert "$30" in cleo_client.get(reverse("rewards:statement_year", args=[2026])).content.decode()


def test_shows_prints_and_hands_out(told, cleo_client, dan_client):
    year = reverse("rewards:statement_year", args=[2026])
    shown = unescape(cleo_client.get(year).content.decode())

    for amount in ("$80", "$30", "$50"):
        assert amount in shown
    assert "$20" in unescape(cleo_client.get(reverse("rewards:statement_month", args=[2026, 12])).content.decode())
    file = cleo_client.get(reverse("rewards:export_statement", args=[2026]))
    rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert rows == [
        ["Day", "What", "Amount", "Currency"],
        ["2026-11-21", "Earned", "80.00", "USD"],
        ["2026-11-21", "Taken back", "-10.00", "USD"],
        ["2026-12-03", "Paid out", "-50.00", "USD"],
        ["2026-12-04", "Taken back", "-20.00", "USD"],
    ]
    assert "$80" not in unescape(dan_client.get(year).content.decode())


@pytest.mark.parametrize(
    "address", ["/statement/1/", "/statement/99999/", "/statement/2026/13/", "/statement/2026/0/export/"]
)
def test_there_is_no_such_month(cleo_client, address):
    assert cleo_client.get(address).status_code == 404


def test_asks_the_same_for_many_as_for_one(cleo_client, cleo):
    def count():
        with CaptureQueriesContext(connection) as asked:
            cleo_client.get(reverse("rewards:statement_year", args=[2026]))
            cleo_client.get(reverse("rewards:statement_month", args=[2026, 11]))
        return len(asked)

    requested(cleo)
    count()
    few = count()
    for _ in range(6):
        give(cleo, 700)

    assert count() == few
