from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.files import cells
from integrations.files.cells import Wrong
from spine.money import to_major


@pytest.mark.parametrize(
    ("cell", "unit", "minor"),
    [
        ("1234.50", "USD", 123450),
        ("1,234.50", "USD", 123450),
        ("1.234,50", "EUR", 123450),
        ("1234,5", "EUR", 123450),
        ("$ 12.00", "USD", 1200),
        ("12 EUR", "EUR", 1200),
        ("1\u202f234,50 €", "EUR", 123450),
        ("-5", "USD", -500),
        ("1500", "JPY", 1500),
        ("1.250", "KWD", 1250),
    ],
)
def test_reads_an_amount(cell, unit, minor):
    assert cells.amount(cell, unit) == minor


@pytest.mark.parametrize(
    ("cell", "unit"),
    [("1,234", "USD"), ("", "USD"), ("a lot", "USD"), ("1.005", "USD"), ("1.5", "JPY"), ("1e3", "USD")],
)
def test_refuses_an_amount_that_means_two_things_or_none(cell, unit):
    with pytest.raises(Wrong):
        cells.amount(cell, unit)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["USD", "JPY", "KWD"]))
def test_reads_what_it_wrote(minor, unit):
    assert cells.amount(str(to_major(minor, unit)), unit) == minor


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21 10:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00+01:00", datetime(2026, 11, 21, 9, tzinfo=UTC)),
        ("2026-11-21 10:00:00 +0100", datetime(2026, 11, 21, 9, tzinfo=UTC)),
        ("2026-11-21 10:00:00 UTC", datetime(2026, 11, 21, 10, tzinfo=UTC)),
    ],
)
def test_reads_an_instant(cell, instant):
    assert cells.instant(cell) == instant


@pytest.mark.parametrize("cell", ["11/12/2026", "2026-02-30", "soon", ""])
def test_refuses_what_is_no_instant(cell):
    with pytest.raises(Wrong):
        cells.instant(cell)


@given(st.text())
def test_never_breaks(cell):
    for read in (cells.words, cells.email, cells.instant, cells.currency, lambda told: cells.amount(told, "USD")):
        with suppress(Wrong):
            read(cell)
