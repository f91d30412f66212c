"""What became of a message, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import facts, orders, weighing
from integrations import receiving
from integrations.models import Delivery
from integrations.vendors import base
from spine import money

# What a fact is called.
WHAT: Mapping[str, str | Promise] = {
    "order": gettext_lazy("Order"),
    "refund": gettext_lazy("Refund of order"),
    "dispute": gettext_lazy("Dispute about order"),
    "lead": gettext_lazy("Lead"),
    "contact": gettext_lazy("What customer came by"),
    "privacy": gettext_lazy("Privacy of customer"),
}
RESULTS: Mapping[str, str | Promise] = {
    "created": gettext_lazy("New, and taken."),
    "updated": gettext_lazy("Changed, and taken."),
    "duplicate": gettext_lazy("Known already; nothing changed."),
    "stale": gettext_lazy("Older than what we know; nothing changed."),
    "known": gettext_lazy("Known in more detail already; nothing changed."),
    "taken": gettext_lazy("Taken."),
    "asked": gettext_lazy("Their request is being worked on."),
    "nobody": gettext_lazy("We hold nothing about them."),
}
_REFUSALS = (
    base.Unsigned, base.WrongSignature, base.WrongTime, receiving.NoSecret, receiving.TooLong, receiving.Unreadable,
    facts.LiveTakesNoTests, facts.InTheFuture, weighing.ConflictingFact, orders.UnknownOrder, money.UnknownCurrency,
)  # fmt: skip
_REASONS: Mapping[str, str | Promise] = {refusal.code: refusal.sentence for refusal in _REFUSALS}


def reason(code: str) -> str:
    """Why something was turned away or refused: a sentence where it needs no facts, or the code itself."""
    found = str(_REASONS.get(code, ""))
    return found if found and "%(" not in found else code


def result(became: Mapping[str, Any]) -> str:
    """What became of one fact."""
    return reason(became["result"]) if became["is_refused"] else str(RESULTS.get(became["result"], became["result"]))


def summary(delivery: Delivery) -> str:
    """What became of a message, in a few words."""
    if delivery.dead_at:
        return _("We tried to read it many times, and something broke. Read it once more when that is mended.")
    if delivery.state == Delivery.State.WAITING:
        return _("It is read in a moment.")
    if delivery.is_understood:
        return _("The signature fits, and we understood all of it. A test counts nothing.")
    if delivery.state == Delivery.State.IGNORED:
        return _("It is about nothing that we need.")
    if delivery.state == Delivery.State.UNREADABLE:
        return _("The signature fits, but something in it is not as it should be.")
    if delivery.state == Delivery.State.REFUSED:
        return reason(delivery.reason)
    told = [f"{WHAT.get(each['what'], each['what'])} {each['id']}" for each in delivery.became]
    return ", ".join(told[:3]) + ("…" if len(told) > 3 else "")
