"""What we write to advocates about their cash."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences
from advocates.models import Advocate
from brand import locales, mail
from rewards.models import Payout, PayoutDetails
from spine.money import display


def details_changed(advocate: Advocate, details: PayoutDetails, token: str, at: datetime) -> None:
    """Tell whoever owns the account where cash will go from now on, with a link that takes the change back."""
    context = {"details": details, "url": _url("rewards:undo_payout_details", token)}
    with preferences.activated(advocate):
        subject = _("Your payout details were changed")
        _enqueue(advocate, f"payout_details:{details.public_id}", subject, "details_changed", context, at)


def ended(payouts: Sequence[Payout], at: datetime) -> None:
    """Tell of cash that was paid, or could not be and why; who was erased has no address any more."""
    people = {payout.person_id for payout in payouts}
    found = Advocate.objects.filter(person__in=people, user__isnull=False).select_related("user")
    advocates = {advocate.person_id: advocate for advocate in found}
    for payout in payouts:
        if advocate := advocates.get(payout.person_id):
            with preferences.activated(advocate):
                _tell(advocate, payout, at)


def _tell(advocate: Advocate, payout: Payout, at: datetime) -> None:
    amount = display(payout.amount, payout.unit, locales.active())
    subject = {
        Payout.State.PAID: _("We paid you %(amount)s"),
        Payout.State.FAILED: _("Your payout of %(amount)s did not work"),
        Payout.State.CANCELLED: _("Your payout of %(amount)s was declined"),
    }[Payout.State(payout.state)] % {"amount": amount}
    context = {"payout": payout, "amount": amount, "details": payout.details, "url": _url("rewards:payouts")}
    _enqueue(advocate, f"payout-{payout.state}:{payout.public_id}", subject, f"payout_{payout.state}", context, at)


def _enqueue(
    advocate: Advocate, key: str, subject: str, template: str, context: Mapping[str, Any], at: datetime
) -> None:
    assert advocate.user is not None
    told = {"name": advocate.display_name, **context}
    mail.enqueue(key=key, to=advocate.user.email, subject=subject, template=f"rewards/{template}", context=told, at=at)


def _url(name: str, *args: str) -> str:
    return settings.BASE_URL + reverse(name, args=args)
