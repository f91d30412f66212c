"""Every reason that a decision or a step of its trace can have: stable codes, and what they say to whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reason:
    """What one code says to a manager, and to the advocate, who reads nothing about other people."""

    to_manager: Promise | str
    to_advocate: Promise | str


REASONS: Mapping[str, Reason] = {
    "credited": Reason(
        _("This touch won under the precedence of the terms."),
        _("Your recommendation was the one that counted."),
    ),
    "renewal": Reason(
        _("A later order of a customer whose first order was credited; the credit goes on to the same advocate."),
        _("Your friend ordered again, and that counts as well."),
    ),
    "no_touch": Reason(
        _("No contact with any advocate's link or code is known for this customer."),
        _("We know of no visit by your link and no use of your code."),
    ),
    "outside_window": Reason(
        _("The touch lies outside the window of the terms."),
        _("Too much time had passed since your friend followed your link."),
    ),
    "touch_after_conversion": Reason(
        _("The touch came after the goal was reached."),
        _("Your friend followed your link only after they had ordered."),
    ),
    "lost_precedence": Reason(
        _("Another touch goes before this one under the precedence of the terms."),
        _("Somebody else's recommendation counted."),
    ),
    "tie_cut": Reason(
        _("The customer said that nobody referred them."),
        _("The customer told us that this was not a recommendation."),
    ),
    "advocate_suspended": Reason(
        _("The advocate was suspended at that time."),
        _("Your account was suspended at that time."),
    ),
    "advocate_erased": Reason(
        _("The advocate's account was erased."),
        _("Your account was erased."),
    ),
    "country_not_covered": Reason(
        _("The advocate lives in a country that the terms do not cover."),
        _("The program does not cover the country in your profile."),
    ),
    "self_referral": Reason(
        _("The advocate and the customer are the same person."),
        _("Your own orders don't count as recommendations."),
    ),
    "not_new_customer": Reason(
        _("The customer had bought before, so they are not new under the terms."),
        _("Your friend had ordered from us before."),
    ),
    "goal_not_offered": Reason(
        _("The terms of that day do not count this kind of goal."),
        _("The program does not count this kind of step."),
    ),
    "not_first_order": Reason(
        _("Only the first order counts under the terms, and this is a later one."),
        _("Only your friend's first order counts, and this was a later one."),
    ),
    "renewal_over": Reason(
        _("The months in which later orders count are over."),
        _("The months in which your friend's later orders count are over."),
    ),
    "goal_reached_before": Reason(
        _("The customer had reached this goal before, and it counts once."),
        _("Your friend had taken this step before, and it counts once."),
    ),
    "below_minimum": Reason(
        _("What counts of the order is below the minimum."),
        _("The order was below the minimum."),
    ),
    "nothing_collected": Reason(
        _("No money was collected for what counts of the order."),
        _("Nothing was paid for the order."),
    ),
    "currency_mismatch": Reason(
        _("The order is in another currency than the program."),
        _("The order was in another currency than the program's."),
    ),
    "program_not_live": Reason(
        _("The program was not live at that instant."),
        _("The program was not running at that time."),
    ),
    "other_program": Reason(
        _("The latest touch belongs to another program that was live."),
        _("The order counted in another program."),
    ),
    "cap_reached": Reason(
        _("The terms credit no more conversions: the cap was reached."),
        _("The program's limit was reached before this order."),
    ),
    "staff_refused": Reason(
        _("Somebody on the staff looked at it and refused both sides."),
        _("We looked at this order and could not count it."),
    ),
    "signals": Reason(
        _("The signals add up to a refusal."),
        _("This order did not pass our checks."),
    ),
}

# What a trace notes without judging it. An advocate reads nothing where a sentence would tell about somebody else.
FACTS: Mapping[str, Reason] = {
    "reached": Reason(_("The goal was reached."), _("Your friend took this step.")),
    "counted": Reason(_("What counts of the order under the terms:"), ""),
    "past_orders": Reason(_("The customer had ordered before."), ""),
    "first_order_named": Reason(_("The shop named an earlier first order of the customer."), ""),
    "goal_reached": Reason(_("The customer had reached the same goal before."), ""),
    "renews": Reason(
        _("It goes on from an earlier order that was credited."),
        _("It goes on from an earlier order of your friend's that counted."),
    ),
    "claimed_elsewhere": Reason(_("Another program could credit it as well."), ""),
}


@dataclass(frozen=True)
class Hint:
    """What one signal says to the staff, and how somebody who did nothing wrong would come by it."""

    to_manager: Promise
    innocent: Promise


SIGNALS: Mapping[str, Hint] = {
    "canonical_email": Hint(
        _("The advocate and the customer use the same mailbox under different spellings."),
        _("A couple may share one mailbox and tell its messages apart by the spelling."),
    ),
    "same_customer": Hint(
        _("Two shops know the advocate and the customer by the same number."),
        _("Two shops may have given the same number to different people."),
    ),
    "same_fingerprint": Hint(
        _("The order was paid by the same means as an earlier order of the advocate's."),
        _("A family or an office may pay with the same card."),
    ),
    "disposable_domain": Hint(
        _("The customer uses a throw-away address."),
        _("Some people use such an address wherever they buy for the first time."),
    ),
    "velocity_advocate": Hint(
        _("The advocate was credited unusually often within 24 hours."),
        _("Somebody with a following may have written about you that day."),
    ),
    "velocity_code": Hint(
        _("The advocate's code was typed unusually often within 24 hours."),
        _("The code may have been read out in a class, a podcast or a company chat."),
    ),
    "cycle": Hint(
        _("The customer had, directly or through others, recommended the advocate before."),
        _("Friends who all like you may have recommended you to each other in turn."),
    ),
}
