from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from referrals.touches import Told
from tests.factories import NOON, make_advocate, make_link, make_program, make_source
from tests.referrals.cast import decide, order, tell


@pytest.fixture
def link(db):
    make_source("shop")
    return make_link(make_program(), make_advocate("ben"), "BEN42")


def told(capsys, *options):
    call_command("explain", *options)
    return capsys.readouterr().out


def test_prints_every_decision_with_its_trace(link, capsys):
    tell(order(), Told(code="BEN42"))
    decide()
    tell(replace(order(amount=0), updated_at=NOON))
    decide()

    out = told(capsys, "1001")

    assert "Give ten, get fifteen: Not credited" in out
    assert "Decision 1 of 2026-11-21 12:00:00Z, until 2026-11-21 12:00:00Z" in out
    assert "Decision 2 of 2026-11-21 12:00:00Z, stands" in out
    assert "+ 2026-11-21 11:59:00Z" in out
    assert "(credited)" in out
    assert "(nothing_collected)" in out


def test_says_that_nothing_was_decided(link, capsys):
    tell(order())

    assert "there was nothing to decide" in told(capsys, "1001")


def test_asks_which_shop_is_meant(link, capsys):
    make_source("other")
    tell(order(), Told(code="BEN42"))
    tell(replace(order(), source="other"))

    with pytest.raises(CommandError, match=r"--source: other, shop\."):
        call_command("explain", "1001")

    assert "Decision" not in told(capsys, "1001", "--source", "other")


def test_knows_no_such_order(db):
    with pytest.raises(CommandError, match="No shop has told of an order 1001"):
        call_command("explain", "1001")
