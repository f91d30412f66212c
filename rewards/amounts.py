"""Amounts of a unit as people write them: 12.50 of a currency, 250 points."""

import re
from collections.abc import Collection

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from rewards.models import Account, Occasion, Scheme
from spine.money import Unit, exponent, to_major, to_minor
from spine.refusal import Refusal

_POINTS = re.compile(r"\d{1,18}", re.ASCII)


class PointsNotWhole(Refusal):
    """Points with a fraction, or something that is no number."""

    code = "points_not_whole"
    status = 422
    sentence = _("Points are a whole number, such as 250.")


def read(text: str, unit: str) -> int:
    """What was written, in minor units of it. Raises PointsNotWhole, AmountNotExact, UnknownUnit, UnknownCurrency."""
    text, currency = text.strip().replace(",", "."), Unit.parse(unit).currency
    if currency:
        return to_minor(text, currency)
    if not _POINTS.fullmatch(text):
        raise PointsNotWhole
    return int(text)


def written(amount: int | None, unit: str) -> str:
    """An amount as it would be written; nothing for None."""
    if amount is None:
        return ""
    currency = Unit.parse(unit).currency
    return f"{to_major(amount, currency):.{exponent(currency)}f}" if currency else str(amount)


def units() -> list[str]:
    """Every unit in which anything was ever booked, and those with which a site begins."""
    used = Account.objects.filter(person=None).order_by("unit").values_list("unit", flat=True).distinct()
    return sorted({"PTS", "credit:USD", "cash:USD", *used})


def currencies(schemes: Collection[int]) -> dict[int, str]:
    """What each scheme counts in, which never changes: as anything says that it was asked to reward."""
    asked = Occasion.objects.filter(scheme=OuterRef("pk")).exclude(currency="").values("currency")[:1]
    found = Scheme.objects.filter(pk__in=schemes).annotate(code=Coalesce(Subquery(asked), Value("USD")))
    return dict(found.values_list("pk", "code"))
