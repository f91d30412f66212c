"""What we write to advocates about what they took."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences
from advocates.models import Advocate
from brand import locales, mail
from rewards.models import Redemption
from spine.money import display

# Whoever calls something off sees on the page that it is.
TOLD = (Redemption.State.ARRIVED, Redemption.State.FAILED)


def ended(redemptions: Sequence[Redemption], at: datetime) -> None:
    """Tell of what has arrived, or could not be had and why; who was erased has no address any more."""
    told = [each for each in redemptions if each.state in TOLD]
    found = Advocate.objects.filter(person__in={each.person_id for each in told}, user__isnull=False)
    advocates = {advocate.person_id: advocate for advocate in found.select_related("user")}
    for redemption in told:
        if advocate := advocates.get(redemption.person_id):
            with preferences.activated(advocate):
                _tell(advocate, redemption, at)


def _tell(advocate: Advocate, redemption: Redemption, at: datetime) -> None:
    assert advocate.user is not None
    subject = {
        Redemption.State.ARRIVED: _("%(item)s is yours"),
        Redemption.State.FAILED: _("%(item)s could not be had"),
    }[Redemption.State(redemption.state)] % {"item": redemption.item.name}
    mail.enqueue(
        key=f"redemption-{redemption.state}:{redemption.public_id}",
        to=advocate.user.email,
        subject=mail.one_line(subject),
        template=f"rewards/redemption_{redemption.state}",
        context={
            "name": advocate.display_name,
            "redemption": redemption,
            "amount": display(redemption.amount, redemption.unit, locales.active()),
            "url": settings.BASE_URL + reverse("rewards:redemption", args=[redemption.public_id]),
        },
        at=at,
    )
