from decimal import Decimal
from fractions import Fraction

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from spine import money
from spine.money import Unit

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "CLF", "EUR", "HUF"])


@pytest.mark.parametrize(
    ("text", "unit"),
    [("cash:USD", Unit("cash", "USD")), ("credit:JPY", Unit("credit", "JPY")), ("PTS", Unit("points"))],
)
def test_reads_a_unit_and_writes_it(text, unit):
    assert Unit.parse(text) == unit
    assert str(unit) == text


@pytest.mark.parametrize("text", ["", "USD", "cash", "pts", "PTS:USD", "points:USD", "goods:USD", "Cash:USD"])
def test_refuses_what_is_no_unit(text):
    with pytest.raises(money.UnknownUnit):
        Unit.parse(text)


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "ZZZ", "XXX", "USD "])
def test_refuses_what_is_no_currency(currency):
    with pytest.raises(money.UnknownCurrency):
        Unit.parse(f"cash:{currency}")
    with pytest.raises(money.UnknownCurrency):
        money.to_minor("1", currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12.5", "USD", 1250),
        ("12.500", "USD", 1250),
        ("-0.01", "EUR", -1),
        ("1234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("0", "USD", 0),
        (Decimal("1E+3"), "JPY", 1000),
        (Decimal("90071992547409.91"), "USD", 2**53 - 1),
    ],
)
def test_counts_minor_units(amount, currency, minor):
    assert money.to_minor(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("12.505", "USD"),
        ("0.5", "JPY"),
        ("1,50", "USD"),
        ("1e3", "USD"),
        ("", "USD"),
        (" 1", "USD"),
        ("NaN", "USD"),
        ("٣", "USD"),
        ("9" * 21, "USD"),
        ("90071992547409.92", "USD"),
        (Decimal("Infinity"), "USD"),
        (Decimal("1E+999999"), "USD"),
        (Decimal("1E-999999"), "USD"),
        (Decimal("1.000000000000000000000000000000000000001"), "USD"),
    ],
)
def test_refuses_an_amount_that_is_not_exact(amount, currency):
    with pytest.raises(money.AmountNotExact):
        money.to_minor(amount, currency)


@pytest.mark.parametrize(
    ("amount", "unit", "locale", "shown"),
    [
        (1500, "cash:USD", "en", "$15"),
        (1550, "credit:USD", "en", "$15.50"),
        (-1550, "cash:USD", "en", "-$15.50"),
        (123450, "cash:EUR", "de", "1.234,50\xa0€"),
        (1234, "cash:JPY", "ja", "￥1,234"),
        (1234, "cash:KWD", "en", "KWD1.234"),
        (1000, "cash:IQD", "en", "IQD1"),
        (1001, "cash:IQD", "en", "IQD1.001"),
        (5, "cash:CLF", "en", "CLF0.0005"),
        (0, "cash:USD", "en", "$0"),
        (1500, "cash:USD", "pt-br", "US$\xa015"),
        (1, "PTS", "en", "1 point"),
        (1250, "PTS", "en", "1,250 points"),
        (2**53 - 1, "cash:USD", "en", "$90,071,992,547,409.91"),
    ],
)
def test_shows_an_amount(amount, unit, locale, shown):
    assert money.display(amount, unit, locale) == shown


def test_shows_an_amount_in_every_locale():
    for identifier in locale_identifiers():
        assert money.display(123456, "cash:EUR", Locale.parse(identifier))


def test_shows_an_amount_in_a_template():
    template = Template("{{ amount|money:unit }} and {{ nothing|money:unit }}")

    assert template.render(Context({"amount": 1550, "unit": "credit:USD", "nothing": None})) == "$15.50 and "


@given(st.integers(-money.MOST, money.MOST), CURRENCIES)
def test_comes_back_from_minor_units_unchanged(amount, currency):
    assert money.to_minor(money.to_major(amount, currency), currency) == amount
    assert money.to_minor(f"{money.to_major(amount, currency):f}", currency) == amount


@given(st.integers(-money.MOST, money.MOST), CURRENCIES)
def test_shows_every_digit(amount, currency):
    shown = money.display(amount, f"cash:{currency}", "en")

    number = Decimal("".join(c for c in shown if c.isdigit() or c == "."))
    assert money.to_minor(number, currency) == abs(amount)


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [0, 1, 1], [0, 1, 0]),
        (10, [1, 0], [10, 0]),
        (5, [3, 3, 3, 1], [2, 2, 1, 0]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_splits_by_largest_remainder(amount, weights, shares):
    assert money.split(amount, weights) == shares


@pytest.mark.parametrize("weights", [[], [0], [2, -1]])
def test_splits_nothing_by_impossible_weights(weights):
    with pytest.raises(ValueError, match="Weights"):
        money.split(100, weights)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_splits_exactly_and_fairly(amount, weights):
    shares = money.split(amount, weights)

    assert sum(shares) == amount
    assert shares == [-share for share in money.split(-amount, weights)]
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(1, 10**9))
def test_takes_a_share_half_up(amount, part, whole):
    share = money.proportion(amount, part, whole)

    assert Fraction(-1, 2) < share - Fraction(amount * part, whole) <= Fraction(1, 2)


def test_takes_three_thirds_back_whole():
    taken = [money.proportion(100, refunded, 9999) for refunded in (3333, 6666, 9999)]

    assert [taken[0], taken[1] - taken[0], taken[2] - taken[1]] == [33, 34, 33]
