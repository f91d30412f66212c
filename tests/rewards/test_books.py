from datetime import date

import pytest
from django.urls import reverse

from advocacy_platform import metrics
from brand.models import Message
from rewards import budgets, entries, lots, proof, sealing, totals
from rewards.models import LedgerDay, Reward, Transfer
from rewards.plans import Benefit, PlanDocument
from spine import clock
from spine.models import Event
from tests.factories import NOON, make_advocate, make_program, make_reward
from tests.rewards.living import DAY, follow, open_program, order, refund

BOOKS, TRANSFERS, EXPORT = (reverse(f"rewards:{name}") for name in ("ledger", "transfers", "export_transfers"))


def text(answer):
    return " ".join(answer.content.decode().split())


def add_up(at=NOON):
    while sealing.seal(at) or totals.tally(at):
        pass


@pytest.fixture
def busy(ben):
    """Ben, of whom much was booked."""
    open_program(ben)
    order("1000")
    order("1001", at=NOON + DAY)
    refund("r-1", 3000, of="1000")
    follow(NOON + 14 * DAY)
    lots.take(ben.person.pk, "credit:USD", 500, "test:1", NOON + 14 * DAY)
    lots.arrive("test:1", NOON + 14 * DAY)
    return ben


def test_adds_up_what_every_day_moved(busy):
    add_up(NOON + 15 * DAY)

    rows = {(row.day, row.source, row.target): row.amount for row in LedgerDay.objects.all()}
    assert rows == {
        (date(2026, 11, 21), "issued", "on_hold"): 1000,
        (date(2026, 11, 21), "on_hold", "issued"): 300,
        (date(2026, 11, 22), "issued", "on_hold"): 1000,
        (date(2026, 12, 5), "on_hold", "available"): 700,
        (date(2026, 12, 5), "available", "in_flight"): 500,
        (date(2026, 12, 5), "in_flight", "redeemed"): 500,
    }
    assert totals.stored() == totals.recount()
    assert [str(finding) for finding in proof.verify()] == []
    add_up(NOON + 15 * DAY)
    assert totals.stored() == totals.recount()


def test_the_proof_names_a_day_that_was_changed(busy):
    add_up()
    LedgerDay.objects.filter(source="available").update(amount=1)

    found = [str(finding) for finding in proof.verify()]

    assert found == ["totals_are_a_recount: credit:USD 2026-12-05 available → in_flight: 1, moved were 500"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_add_everything_once(together):
    ben = make_advocate("ben")
    scheme = make_program().scheme
    for _number in range(20):
        make_reward(ben.person, 100, scheme=scheme)
    while sealing.seal(NOON):
        pass

    together([lambda: totals.tally(NOON), lambda: totals.tally(NOON), lambda: totals.tally(NOON)])
    totals.tally(NOON)

    assert totals.stored() == totals.recount()
    assert sum(totals.stored().values()) == 4000


def test_shows_what_is_owed_and_was_given(busy, ada_client, ada, monkeypatch):
    add_up(NOON + 15 * DAY)
    monkeypatch.setattr(clock, "now", lambda: NOON + 15 * DAY)

    said = text(ada_client.get(BOOKS))

    # 2,000 were promised, 300 went back and 500 are redeemed.
    assert "You may still have to give" in said
    assert "<bdi>$12</bdi>" in said
    assert "<bdi>$10</bdi>" in said
    assert '<th scope="row">Nov 2026</th><td class="number" data-label="Promised">$20</td>' in said


def test_lists_every_transfer_and_narrows(busy, ada_client, ada):
    make_reward(ada.person, 77, unit="PTS")

    assert text(ada_client.get(TRANSFERS)).count("<tr data-item>") == Transfer.objects.count()
    for query, count in (
        ({"act": "take_back"}, 1),
        ({"unit": "PTS"}, 2),
        ({"person": str(ada.person.pk)}, 2),
        ({"first": "2026-12-05"}, 3),
        ({"last": "2026-11-21", "unit": "credit:USD"}, 2),
        ({"act": "promise", "unit": "credit:USD"}, 2),
    ):
        assert text(ada_client.get(TRANSFERS, query)).count("<tr data-item>") == count, query
    for query in ({"person": "x"}, {"first": "x"}, {"act": "x"}):
        assert ada_client.get(TRANSFERS, query).status_code == 422
        assert ada_client.get(EXPORT, query).status_code == 422


def test_gives_the_list_away_as_a_sheet_that_runs_nothing(busy, ada_client, ada):
    busy.display_name = "=cmd()"
    busy.save(update_fields=["display_name"])
    add_up()

    lines = b"".join(ada_client.get(EXPORT, {"act": "take_back"})).decode().splitlines()

    transfer = Transfer.objects.get(act="take_back")
    assert len(lines) == 2
    assert lines[1] == ",".join(
        [
            str(transfer.sequence), "2026-11-21T12:00:00+00:00", '"Give ten, get fifteen"', "take_back",
            "credit:USD", "3.00", "on_hold", "issued", str(busy.person.pk), "'=cmd()",
            str(transfer.reward.public_id), transfer.entry,
        ]
    )  # fmt: skip


@pytest.mark.parametrize("count", [2, 20])
def test_costs_the_same_for_many(ada_client, ada, ben, count, django_assert_num_queries):
    scheme = make_program().scheme
    for number in range(count):
        make_reward(make_advocate(f"a{number}").person, 100, scheme=scheme)
    add_up()

    with django_assert_num_queries(10):
        ada_client.get(TRANSFERS)
    with django_assert_num_queries(13):
        ada_client.get(BOOKS)


def test_is_for_those_who_may_see_it(dan_client, dan, busy):
    for where in (BOOKS, TRANSFERS, EXPORT):
        assert dan_client.get(where).status_code in (403, 404)


def test_tells_how_long_a_transfer_waits_for_its_seal(busy):
    sealing.seal(NOON)
    assert metrics.GAUGES["advocacy_ledger_unsealed_seconds"].read(NOON) == {"": 0.0}
    make_reward(busy.person, 100, at=NOON)

    assert metrics.GAUGES["advocacy_ledger_unsealed_seconds"].read(NOON + DAY) == {"": 86400.0}


def test_tells_the_staff_once_when_a_budget_is_nearly_and_when_it_is_wholly_used(ben, ada, ada_client):
    plan = PlanDocument((Benefit("advocate", "credit", fixed=1000),), budget=5000)
    open_program(ben, plan)
    for number in range(4):
        order(f"100{number}")
    gauge = budgets.gauges()[0]
    assert (gauge.used, gauge.left, gauge.percent, gauge.unit) == (4000, 1000, 80, "cash:USD")

    assert (budgets.warn(NOON), budgets.warn(NOON)) == (1, 0)
    order("1009")
    order("1010")
    assert (budgets.warn(NOON), budgets.warn(NOON)) == (1, 0)

    assert Reward.objects.count() == 5
    subjects = list(Message.objects.filter(key__startswith="budget").order_by("pk").values_list("subject", flat=True))
    assert [subject.partition(" has used ")[2] for subject in subjects] == ["80 % of its budget", "100 % of its budget"]
    assert Event.objects.filter(name="budget.used").count() == 2
    assert "Nothing is left, so recommendations bring nothing." in text(ada_client.get(BOOKS))


def test_finds_nothing_where_nothing_is(db, ada_client, ada):
    assert "Nothing is booked yet" in text(ada_client.get(BOOKS))
    assert "Nothing is booked yet" in text(ada_client.get(TRANSFERS))
    assert list(entries.table(entries.find())) == []
