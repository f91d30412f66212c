"""News: each thing that happened to a reward, a grant, a redemption or a payout, in a sentence for its person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from brand import days, locales
from rewards import explaining, words
from rewards.models import Grant, Payout, Proposal, Redemption, Reward
from rewards.proposals import BY_HAND
from spine.models import Event
from spine.money import display


@dataclass(frozen=True)
class News:
    """One sentence, the page that it is about, and whether it is worth a letter."""

    text: str
    path: str
    is_mailed: bool = False
    # Its reader has to know it, whatever mail they asked for.
    is_needed: bool = False


@dataclass(frozen=True)
class Facts:
    """What the events of one batch are about, by public id, read in a constant number of queries."""

    rewards: Mapping[str, Reward] = field(default_factory=dict)
    grants: Mapping[str, Grant] = field(default_factory=dict)
    redemptions: Mapping[str, Redemption] = field(default_factory=dict)
    payouts: Mapping[str, Payout] = field(default_factory=dict)
    # What people of the staff did by hand, by the entries that it made.
    by_hand: Mapping[str, Proposal] = field(default_factory=dict)


def gather(events: Sequence[Event]) -> Facts:
    """Read what these events are about."""
    named: dict[str, set[str]] = {}
    for event in events:
        named.setdefault(event.subject_kind, set()).add(event.subject_id)
    rewards = Reward.objects.filter(public_id__in=named.get("reward", ())).select_related("occasion")
    found = {str(row.public_id): row for row in rewards}
    corrected = [event.subject_id for event in events if event.name == "reward.corrected"]
    proposals = Proposal.objects.filter(reward__public_id__in=corrected) if corrected else ()
    grants = Grant.objects.filter(public_id__in=named.get("grant", ())).select_related("plan")
    redemptions = Redemption.objects.filter(public_id__in=named.get("redemption", ())).select_related("item")
    payouts = Payout.objects.filter(public_id__in=named.get("payout", ()))
    return Facts(
        found,
        {str(row.public_id): row for row in grants},
        {str(row.public_id): row for row in redemptions},
        {str(row.public_id): row for row in payouts},
        {f"correct:{row.public_id}": row for row in proposals},
    )


def of(event: Event, facts: Facts, at: datetime) -> News | None:
    """What its person reads of it, in the active language; None for what is no news to them."""
    say = _SAYINGS.get(event.name)
    return say(event, facts, at) if say else None


def _promised(event: Event, facts: Facts, at: datetime) -> News | None:
    reward = facts.rewards[event.subject_id]
    told = {"amount": _amount(reward, reward.amount), "why": reward.reason}
    if reward.occasion.kind == BY_HAND:
        return News(_("We gave you %(amount)s: %(why)s") % told, _page(reward), is_mailed=True)
    if reward.side == "friend":
        text = _("%(amount)s is on its way, as our thanks for your order.") % told
        return News(_until(text, reward, at), _page(reward), is_mailed=True)
    # Of a friend's order they get a letter already.
    if reward.needs_approval:
        text = _("%(amount)s is on its way for a friend's order. It is free once one of us has looked at it.")
        return News(text % told, _page(reward))
    return News(_until(_("%(amount)s is on its way for a friend's order.") % told, reward, at), _page(reward))


def _until(text: str, reward: Reward, at: datetime) -> str:
    """With the day on which it is free, where that is to come."""
    if reward.hold_until <= at:
        return text
    return f"{text} " + _("It is free on %(day)s.") % {"day": days.short(reward.hold_until, at)}


def _available(event: Event, facts: Facts, at: datetime) -> News | None:
    reward = facts.rewards[event.subject_id]
    if reward.occasion.kind == BY_HAND or not reward.available:
        return None
    told = {"amount": _amount(reward, event.payload["moved"])}
    text = _("%(amount)s is free to use.") % told
    if reward.expires_at:
        text += " " + _("It expires on %(day)s.") % {"day": days.short(reward.expires_at, at)}
    return News(text, reverse("rewards:catalogue"), is_mailed=True)


def _reversed(event: Event, facts: Facts, at: datetime) -> News | None:
    reward = facts.rewards[event.subject_id]
    text = explaining.taken(event.payload["entry"], _amount(reward, event.payload["moved"]))
    if reward.refused_at and reward.reason:
        text += f" “{reward.reason}”"
    if owed := event.payload["owed"]:
        text += " " + _("You had spent %(owed)s of it, which is taken off what you earn next.") % {
            "owed": _amount(reward, owed)
        }
    return News(text, _page(reward), is_mailed=True, is_needed=True)


def _corrected(event: Event, facts: Facts, at: datetime) -> News | None:
    reward = facts.rewards[event.subject_id]
    proposal = facts.by_hand[event.payload["entry"]]
    told = {"amount": _amount(reward, event.payload["moved"]), "why": proposal.reason}
    if proposal.kind == Proposal.Kind.REVIVE:
        return News(_("%(amount)s that had expired is yours again.") % told, _page(reward), is_mailed=True)
    text = _("We took %(amount)s back, which you had got by a mistake of ours: %(why)s") % told
    return News(text, _page(reward), is_mailed=True, is_needed=True)


def _said(sentence: Callable[[], str], *, is_mailed: bool = False) -> Callable[[Event, Facts, datetime], News | None]:
    """A sentence of which only the amount is put in."""

    def say(event: Event, facts: Facts, at: datetime) -> News | None:
        reward = facts.rewards[event.subject_id]
        told = {"amount": _amount(reward, event.payload["moved"])}
        return News(sentence() % told, _page(reward), is_mailed=is_mailed)

    return say


def _sent(event: Event, facts: Facts, at: datetime) -> News | None:
    grant = facts.grants[event.subject_id]
    if grant.code:
        text = _("Your discount code is %(code)s. Enter it at the checkout.") % {"code": grant.code}
    else:
        text = _("%(what)s: it is yours.") % {"what": words.given(grant)} + (f" {grant.words}" if grant.words else "")
    return News(text, reverse("rewards:wallet"), is_mailed=True, is_needed=True)


def _ready(event: Event, facts: Facts, at: datetime) -> News | None:
    told = {"what": words.given(facts.grants[event.subject_id])}
    return News(_("%(what)s: it is yours, and one of us sees to it.") % told, reverse("rewards:wallet"), is_mailed=True)


def _revoked(event: Event, facts: Facts, at: datetime) -> News | None:
    grant = facts.grants[event.subject_id]
    text = _("%(what)s is not given after all: the order was paid back, or is decided anew.")
    return News(text % {"what": words.given(grant)}, reverse("rewards:wallet"))


def _arrived(event: Event, facts: Facts, at: datetime) -> News | None:
    taken = facts.redemptions[event.subject_id]
    return News(_("%(item)s is yours.") % {"item": taken.item.name}, _taken(taken))


def _not_had(event: Event, facts: Facts, at: datetime) -> News | None:
    taken = facts.redemptions[event.subject_id]
    text = _("%(item)s could not be had. What it took is back in your balance.")
    return News(text % {"item": taken.item.name}, _taken(taken))


def _paid(event: Event, facts: Facts, at: datetime) -> News | None:
    payout = facts.payouts[event.subject_id]
    told = {"amount": display(payout.amount, payout.unit, locales.active())}
    return News(_("We paid you %(amount)s.") % told, reverse("rewards:payouts"))


def _unpaid(event: Event, facts: Facts, at: datetime) -> News | None:
    payout = facts.payouts[event.subject_id]
    told = {"amount": display(payout.amount, payout.unit, locales.active())}
    text = _("Your payout of %(amount)s did not work. The money is back in your balance.")
    return News(text % told, reverse("rewards:payouts"))


def _raised(event: Event, facts: Facts, at: datetime) -> News | None:
    text = _("You are %(tier)s now. Thank you for recommending us so often.") % {"tier": event.payload["tier"]}
    return News(text, reverse("rewards:tier"), is_mailed=True)


def _lowered(event: Event, facts: Facts, at: datetime) -> News | None:
    if event.payload["tier"]:
        text = _("You are %(tier)s now: some of what you brought is too long ago to count.")
        return News(text % {"tier": event.payload["tier"]}, reverse("rewards:tier"))
    text = _("You are not %(tier)s any more: what you brought is too long ago to count.")
    return News(text % {"tier": event.payload["before"]}, reverse("rewards:tier"))


_SAYINGS: Mapping[str, Callable[[Event, Facts, datetime], News | None]] = {
    "reward.promised": _promised,
    "reward.available": _available,
    "reward.reversed": _reversed,
    "reward.corrected": _corrected,
    "reward.frozen": _said(lambda: _("%(amount)s waits again: the buyer's bank is looking at the order.")),
    "reward.restored": _said(
        lambda: _("%(amount)s was given back: what had taken it did not come about."), is_mailed=True
    ),
    "reward.netted": _said(lambda: _("%(amount)s paid for what you owed.")),
    "reward.written_off": _said(lambda: _("%(amount)s that you owed is not asked back.")),
    "reward.expired": _said(lambda: _("%(amount)s expired unused.")),
    "grant.ready": _ready,
    "grant.sent": _sent,
    "grant.revoked": _revoked,
    "redemption.arrived": _arrived,
    "redemption.failed": _not_had,
    "tier.raised": _raised,
    "tier.lowered": _lowered,
    "payout.paid": _paid,
    "payout.failed": _unpaid,
}
NAMES = frozenset(_SAYINGS)


def _amount(reward: Reward, amount: int) -> str:
    return display(amount, reward.unit, locales.active())


def _page(reward: Reward) -> str:
    return f"{reverse('rewards:wallet')}#{reward.public_id}"


def _taken(redemption: Redemption) -> str:
    return reverse("rewards:redemption", args=[redemption.public_id])
