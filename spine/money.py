"""Money and points: whole minor units of one unit each, never a float."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal, Self

from babel import Locale
from babel.numbers import format_decimal, list_currencies
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from spine.refusal import Refusal

Kind = Literal["cash", "credit", "points"]

# ISO 4217: how many decimals the minor unit of a currency has, where they are not two. Babel's own table follows the
# habits of shops (no decimals for IQD), not the standard.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_EXPONENTS = {
    currency: exponent
    for exponent, currencies in ((0, _NO_DECIMALS), (3, _THREE_DECIMALS), (4, _FOUR_DECIMALS))
    for currency in currencies.split()
}
_CURRENCIES = frozenset(list_currencies()) - {"XXX", "XTS"}
# The largest whole number that JSON carries exactly everywhere.
MOST = 2**53 - 1
_WRITTEN = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?", re.ASCII)


class UnknownCurrency(Refusal):
    """A code that stands for no currency."""

    code = "unknown_currency"
    status = 422
    sentence = _("%(currency)s is not a currency. Use its three-letter code, like USD.")


class UnknownUnit(Refusal):
    """A unit that nothing is counted in."""

    code = "unknown_unit"
    status = 422
    sentence = _("%(unit)s is not a unit. Use cash:USD, credit:USD or PTS.")


class AmountNotExact(Refusal):
    """An amount that whole minor units can't say."""

    code = "amount_not_exact"
    status = 422
    sentence = _("%(amount)s is not an exact amount of %(currency)s.")


@dataclass(frozen=True)
class Unit:
    """What an amount is counted in, by what it buys: `cash:USD`, `credit:USD` or `PTS`."""

    kind: Kind
    currency: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UnknownUnit, UnknownCurrency."""
        if text == "PTS":
            return cls("points")
        if text.startswith("cash:"):
            return cls("cash", known(text.removeprefix("cash:")))
        if text.startswith("credit:"):
            return cls("credit", known(text.removeprefix("credit:")))
        raise UnknownUnit(unit=text[:40])

    def __str__(self) -> str:
        return f"{self.kind}:{self.currency}" if self.currency else "PTS"


def known(currency: str) -> str:
    """The code itself, if it stands for a currency. Raises UnknownCurrency."""
    if currency not in _CURRENCIES:
        raise UnknownCurrency(currency=currency[:40])
    return currency


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has. Raises UnknownCurrency."""
    return _EXPONENTS.get(known(currency), 2)


def to_minor(amount: Decimal | str, currency: str) -> int:
    """An amount as people write it (12.50) in minor units (1250), exactly. Raises AmountNotExact, UnknownCurrency."""
    refusal = AmountNotExact(amount=str(amount)[:40], currency=currency)
    digits = exponent(currency)
    if isinstance(amount, str):
        if not _WRITTEN.fullmatch(amount):
            raise refusal
        amount = Decimal(amount)
    if not amount.is_finite() or amount.adjusted() > 20:
        raise refusal
    minor = amount.scaleb(digits, Context(prec=len(amount.as_tuple().digits) + digits + 1))
    if minor != minor.to_integral_value() or abs(minor) > MOST:
        raise refusal
    return int(minor)


def to_major(amount: int, currency: str) -> Decimal:
    """An amount in minor units (1250) as people write it (12.50), exactly. Raises UnknownCurrency."""
    return Decimal(amount).scaleb(-exponent(currency), Context(prec=len(str(amount)) + 4))


def display(amount: int, unit: Unit | str, locale: Locale | str) -> str:
    """An amount for people: `$15`, `1.234,50 €`, `250 points`. Decimals that are all zero are hidden."""
    unit = Unit.parse(unit) if isinstance(unit, str) else unit
    locale = Locale.parse(locale, sep="-" if "-" in locale else "_") if isinstance(locale, str) else locale
    if unit.currency is None:
        count = format_decimal(amount, locale=locale)
        return ngettext("%(count)s point", "%(count)s points", abs(amount)) % {"count": count}
    digits = exponent(unit.currency)
    shown = digits if amount % 10**digits else 0
    # The locale's own pattern, but with the decimals that the standard gives the currency.
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (shown, shown)
    return str(pattern.apply(to_major(amount, unit.currency), locale, currency=unit.currency, currency_digits=False))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount` in proportion to `weights`, exact in sum, by largest remainder; ties go to who comes first."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("Weights are at least 0 and not all 0.")
    if amount < 0:
        return [-share for share in split(-amount, weights)]
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
    for i in by_remainder[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def proportion(amount: int, part: int, whole: int) -> int:
    """The share `part` / `whole` of `amount`, rounded half up in whole numbers."""
    if whole <= 0:
        raise ValueError("A share is taken of something.")
    return (2 * part * amount + whole) // (2 * whole)
