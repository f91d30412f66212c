"""What a program needs before it goes live."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from customers.models import Source
from referrals import programs
from referrals.design import designing
from referrals.models import Program
from rewards.plans import PlanDocument
from spine.refusal import Refusal


class NotPublished(Refusal):
    """There are no terms by which anything could be decided."""

    code = "terms_not_published"
    status = 422
    sentence = _("Publish the terms first: they are what people accept.")


class NoShop(Refusal):
    """Nobody would tell of an order."""

    code = "no_shop"
    status = 422
    sentence = _("Connect your shop first, so that orders are heard of.")


class PastCustomersUnknown(Refusal):
    """Without a shop's past customers everybody would be new."""

    code = "past_customers_unknown"
    status = 422
    sentence = _(
        "Import the past customers of %(shop)s, or give your word that there are none."
        " Until then everybody who orders there would count as new."
    )


def hindrances(program: Program, at: datetime) -> list[Refusal]:
    """What keeps the program from going live, each with what to do about it; a shop stands in `facts["source"]`."""
    found = _of_terms(program, at)
    shops = list(Source.objects.filter(is_test=False).order_by("pk"))
    if not shops:
        found.append(NoShop())
    for shop in shops:
        if not (shop.past_customers_imported_at or shop.no_past_customers_at):
            found.append(PastCustomersUnknown(shop=shop.name, source=shop.key))
    return found


def _of_terms(program: Program, at: datetime) -> list[Refusal]:
    terms = programs.terms_at(program, at)
    if terms is None:
        return [NotPublished()]
    try:
        designing.refuse_without_pool(PlanDocument.read(terms.plan.document))
    except designing.NoPool as missing:
        return [missing]
    return []
