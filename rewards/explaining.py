"""Why a reward is what it is: what promised it, and every transfer since, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brand import days, locales
from rewards.models import Award, Reward, Transfer
from spine.money import display


@dataclass(frozen=True)
class Step:
    """One step of an explanation; taken steps brought something, refused ones took it."""

    state: str
    title: str
    at: datetime | None = None
    code: str = ""


# What each act says, and whether it brings or takes.
_ACTS: Mapping[str, tuple[str, str | Promise]] = {
    "promise": ("taken", gettext_lazy("%(amount)s was promised.")),
    "release": ("taken", gettext_lazy("The wait is over: %(amount)s is free.")),
    "freeze": ("fact", gettext_lazy("%(amount)s waits again: the buyer's bank is looking at the order.")),
    "redeem": ("fact", gettext_lazy("%(amount)s is on its way out.")),
    "deliver": ("taken", gettext_lazy("%(amount)s was redeemed.")),
    "pay": ("taken", gettext_lazy("%(amount)s was paid out.")),
    "cancel": ("fact", gettext_lazy("%(amount)s came back.")),
    "give_back": ("taken", gettext_lazy("%(amount)s was given back: what had taken it did not come about.")),
    "net": ("fact", gettext_lazy("%(amount)s paid for what was owed.")),
    "write_off": ("fact", gettext_lazy("%(amount)s is not asked back.")),
    "expire": ("refused", gettext_lazy("%(amount)s expired unused.")),
    "merge": ("fact", gettext_lazy("%(amount)s moved with you to one account.")),
    "correct": ("fact", gettext_lazy("%(amount)s was corrected by one of us.")),
}
# What took something back, by the first word of its entry.
_TAKEN: Mapping[str, str | Promise] = {
    "refund": gettext_lazy("%(amount)s went back: the order was paid back, wholly or in part."),
    "lost": gettext_lazy("%(amount)s went back: the buyer's bank took the money."),
    "withdraw": gettext_lazy("%(amount)s went back: new facts came in, and the order was decided anew."),
    "refused": gettext_lazy("%(amount)s went back: one of us looked at it and decided against it."),
}
# Why a rule gave nothing, for people.
CODES: Mapping[str, str | Promise] = {
    "given": gettext_lazy("It gave this reward."),
    "given_before": gettext_lazy("It is given before the order."),
    "used_before": gettext_lazy("It was given before the order, and used at it."),
    "side_stopped": gettext_lazy("It waits until one of us has looked at the recommendation."),
    "side_refused": gettext_lazy("The recommendation does not count for this side."),
    "other_trigger": gettext_lazy("It is for something else."),
    "other_goal": gettext_lazy("It is for another goal."),
    "below_amount": gettext_lazy("The order was too small for it."),
    "other_country": gettext_lazy("It is for other countries."),
    "other_tier": gettext_lazy("It is for another tier."),
    "other_place_in_line": gettext_lazy("It is for another of your recommendations in a row."),
    "nothing_to_give": gettext_lazy("A share of nothing is nothing."),
    "another_is_worth_more": gettext_lazy("Another rule gives more for this order."),
    "cap_used_up": gettext_lazy("The limit for such rewards is reached."),
    "budget_used_up": gettext_lazy("The budget of the program is used up."),
}


def steps(rewards: Sequence[Reward], at: datetime) -> dict[int, list[Step]]:
    """The steps of each reward, by its key, the first one first; two queries for any number of rewards."""
    found: dict[int, list[Step]] = {reward.pk: [] for reward in rewards}
    units = {reward.pk: reward.unit for reward in rewards}
    for transfer in Transfer.objects.filter(reward__in=rewards).order_by("pk"):
        # Of the two transfers by which a debt is paid, only the one of this reward's own place says anything.
        found[transfer.reward_id].append(_step(transfer, units[transfer.reward_id]))
    for reward in rewards:
        if wait := _wait(reward, at):
            found[reward.pk].append(wait)
    return found


def unearned(award: Award) -> list[Step]:
    """Which rules gave nothing, and why; for the staff, and for whoever asks why it was not more."""
    lines = [line for line in award.trace["rules"] if line["code"] not in ("given", "used_before")]
    return [Step("refused", str(CODES[line["code"]]), code=line["code"]) for line in lines]


def taken(entry: str, amount: str) -> str:
    """Why an entry took an amount, told as people read it, back."""
    return str(_TAKEN.get(entry.partition(":")[0], _TAKEN["refund"])) % {"amount": amount}


def _step(transfer: Transfer, unit: str) -> Step:
    amount = {"amount": display(transfer.amount, unit, locales.active())}
    if transfer.act == "take_back":
        return Step("refused", taken(transfer.entry, amount["amount"]), transfer.at)
    state, sentence = _ACTS[transfer.act]
    return Step(state, str(sentence) % amount, transfer.at)


def _wait(reward: Reward, at: datetime) -> Step | None:
    """What it waits for, if it does."""
    if not reward.on_hold:
        return None
    if reward.needs_approval and not reward.approved_at:
        return Step("fact", _("It waits until one of us has looked at it."))
    return Step("fact", _("It is free on %(day)s, if the order stands.") % {"day": days.short(reward.hold_until, at)})
