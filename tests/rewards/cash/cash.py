"""Cash for tests: somebody who has some, and a provider that keeps books of its own."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Sum

from rewards.cash import batches, details, paying, payouts
from rewards.cash.details import Destination
from rewards.fulfilment import Outcome
from rewards.models import Account, Payout, PayoutDetails, Reward, Transfer
from spine import due
from tests.factories import NOON, make_reward

IBAN = "DE89 3704 0044 0532 0130 00"
ACTOR = ("command", "test")
# When details that are entered at noon are usable.
LATER = NOON + timedelta(days=1)
# When whatever was leased at LATER is due again, and no provider of the world remembers a key of its own accord.
MUCH_LATER = LATER + timedelta(hours=25)


class Bank:
    """A provider as a vendor would be: it knows the keys that it took, and may be told to lose its words."""

    again = timedelta(hours=1)
    taken: dict[str, tuple[str, int]] = {}
    asked: list[tuple[str, str]] = []
    # What becomes of an account, by the account; anything else arrives.
    outcomes: dict[str, Outcome] = {}
    # What to do to a reply, one after the other: None lets it pass, an exception is raised in its place.
    replies: list[BaseException | None] = []
    # Whether the next requests are lost on their way there.
    deaf = 0

    @classmethod
    def open(cls):
        cls.taken, cls.asked, cls.outcomes, cls.replies, cls.deaf = {}, [], {}, [], 0

    def send(self, errand):
        Bank.asked.append(("send", errand.key))
        if Bank.deaf:
            Bank.deaf -= 1
            raise TimeoutError("lost on its way")
        told = (errand.facts["account"], errand.amount)
        assert Bank.taken.setdefault(errand.key, told) == told, "the same key for something else"
        return self._reply(Bank.outcomes.get(errand.facts["account"], Outcome("arrived")))

    def look_up(self, errand):
        Bank.asked.append(("look_up", errand.key))
        if errand.key not in Bank.taken:
            return self._reply(Outcome("failed", "unheard"))
        account, _amount = Bank.taken[errand.key]
        return self._reply(Bank.outcomes.get(account, Outcome("arrived")))

    def cancel(self, errand):
        return Outcome("failed")

    def _reply(self, outcome):
        lost = Bank.replies.pop(0) if Bank.replies else None
        if lost:
            raise lost
        return outcome


BANK = f"{__name__}.Bank"


@transaction.atomic
def give(advocate, amount=5000, unit="cash:USD", at=NOON, **fields):
    return make_reward(advocate.person, amount, unit=unit, at=at, **fields)


def enter(advocate, account=IBAN, holder="Cleo Marchetti", at=NOON):
    return details.enter(advocate.person, Destination(holder, account), ACTOR, at)


def ask(advocate, at=NOON, **told):
    return payouts.request(advocate.person, "cash:USD", ACTOR, at, **told)


def requested(advocate, amount=5000, account=IBAN, unit="cash:USD"):
    """A payout that somebody asked for, whose details are usable from LATER on."""
    give(advocate, amount, unit)
    if details.standing(advocate.person) is None:
        enter(advocate, account)
    return payouts.request(advocate.person, unit, ACTOR, NOON)


def approved(manager, *advocates, amount=5000, at=LATER):
    """An approved batch of payouts, one for each advocate."""
    for advocate in advocates:
        requested(advocate, amount)
    batch = batches.make(manager.user, at)
    batches.approve(batch, manager.user, at)
    return batch


def pay(at):
    """Let the sweep do all there is to do."""
    while paying.pay_due(at):
        pass


def after_lease(at):
    return at + due.LEASE + timedelta(seconds=1)


def balances(advocate, unit="cash:USD"):
    found = Account.objects.filter(person=advocate.person, unit=unit, balance__gt=0).values_list("kind")
    return dict(found.annotate(total=Sum("balance")).order_by("kind"))


def everything():
    """All that a refusal must leave as it is."""
    kinds = (Account, Transfer, Reward, Payout, PayoutDetails)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]
