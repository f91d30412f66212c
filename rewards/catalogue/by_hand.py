"""Handing out by hand: a work list for whoever packs parcels and arranges perks, and noting what became of each."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advocates import staff, suspending
from advocates.models import User
from rewards import people
from rewards.catalogue import addresses
from rewards.catalogue.notes import subject
from rewards.catalogue.redemptions import SWEEP
from rewards.fulfilment import Errand, Outcome
from rewards.models import Redemption
from spine import audit
from spine.nudges import nudge
from spine.refusal import Refusal

PATH = "rewards.catalogue.by_hand.ByHand"


class NotByHand(Refusal):
    """Nobody waits for the staff to say what became of it."""

    code = "redemption_not_by_hand"
    sentence = gettext_lazy("This doesn't wait for you any more: it was called off, or it is noted what became of it.")


class OwnRedemption(Refusal):
    """Somebody was about to hand something out to themselves."""

    code = "own_redemption"
    status = 403
    sentence = gettext_lazy("This is yours. Ask somebody else on the staff to do it.")


class ByHand:
    """The provider that is the staff: what is sent stands on their work list, and they say what came of it."""

    again: timedelta | None = None

    def send(self, errand: Errand) -> Outcome:
        """The list is made of the redemptions themselves, so there is nothing to do for it."""
        return Outcome("accepted")

    def look_up(self, errand: Errand) -> Outcome:
        """It stands on the list until somebody says more."""
        return Outcome("accepted")

    def cancel(self, errand: Errand) -> Outcome:
        """What nobody has taken up is left, and is off the list from this moment."""
        waiting = Redemption.objects.filter(key=errand.key, taken_up_at=None, outcome="", ended_at=None)
        return Outcome("failed", "called off") if waiting.exists() else Outcome("accepted")


def waiting() -> QuerySet[Redemption]:
    """What stands on the work list."""
    return Redemption.objects.filter(state=Redemption.State.SENT, outcome="", provider=PATH)


def head() -> list[str]:
    """The columns of the work list as a file."""
    return [
        _("Reference"), _("What"), _("For"), _("Name"), _("Street"), _("Postcode"), _("Town"), _("Country"),
        _("Asked for"),
    ]  # fmt: skip


@transaction.atomic
def take_up(manager: User, at: datetime) -> list[list[object]]:
    """The whole work list in clear, for whoever packs; from now on nothing of it is called off, and this is kept."""
    found = list(waiting().filter(call_off_at=None).order_by("pk").select_for_update(of=("self",)))
    waiting().filter(pk__in=[each.pk for each in found], taken_up_at=None).update(taken_up_at=at)
    for each in found:
        audit.record(staff.party(manager), "redemption.taken_up", subject(each), at=at)
    return _rows(waiting().filter(pk__in=[each.pk for each in found]).select_related("item").order_by("pk"))


@transaction.atomic
def mark_arrived(redemption: Redemption, manager: User, words: str, at: datetime) -> None:
    """Note that it is done; its person reads the words, such as a parcel's number. Raises NotByHand, OwnRedemption."""
    held = _lock(redemption, manager)
    _tell(held, "arrived", "", words.strip(), at)
    audit.record(staff.party(manager), "redemption.marked_arrived", subject(held), at=at)


@transaction.atomic
def mark_failed(redemption: Redemption, manager: User, reason: str, at: datetime) -> None:
    """Note that it can't be had after all, in words that its person reads.

    Raises NotByHand, OwnRedemption, ReasonMissing.
    """
    if not reason.strip():
        raise suspending.ReasonMissing
    held = _lock(redemption, manager)
    _tell(held, "failed", reason, "", at)
    audit.record(staff.party(manager), "redemption.marked_failed", subject(held), at=at, reason=reason)


def can_mark(redemption: Redemption) -> bool:
    """Whether the staff say what became of it."""
    return redemption.provider == PATH and redemption.state == Redemption.State.SENT and not redemption.outcome


def _tell(redemption: Redemption, outcome: str, reason: str, result: str, at: datetime) -> None:
    """Leave the outcome where that of any other provider is, for the sweep to book."""
    redemption.outcome, redemption.reason, redemption.result = outcome, reason[:300], result[:200]
    redemption.due_at, redemption.lease = at, redemption.lease + 1
    redemption.save(update_fields=["outcome", "reason", "result", "due_at", "lease"])
    nudge(SWEEP)


def _lock(redemption: Redemption, manager: User) -> Redemption:
    locked = Redemption.objects.select_related("item").select_for_update(of=("self",)).get(pk=redemption.pk)
    if not can_mark(locked):
        raise NotByHand
    if people.own(manager, [locked.person_id]):
        raise OwnRedemption
    return locked


def _rows(found: QuerySet[Redemption]) -> list[list[object]]:
    names = people.names(each.person_id for each in found)
    rows: list[list[object]] = []
    for each in found:
        address = addresses.read(each.address)
        where = [address.name, address.street, address.postcode, address.town, address.country] if address else [""] * 5
        rows.append([str(each.public_id), each.item.name, names.get(each.person_id, ""), *where, each.requested_at])
    return rows
