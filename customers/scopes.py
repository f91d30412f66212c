"""What a system may be allowed to do, declared: a key holds some of these and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Scope:
    """One thing that a key may do, and whether a key that anybody can read may do it."""

    purpose: Promise
    is_publishable: bool = False


SCOPES: Mapping[str, Scope] = {
    "facts:write": Scope(_("Send orders, refunds, disputes and leads.")),
    "facts:read": Scope(_("Read the orders that were sent, and what was decided about them.")),
    "rewards:read": Scope(_("Read what advocates earned and what they have.")),
    "redemptions:write": Scope(_("Take something of the catalogue for an advocate.")),
    "events:read": Scope(_("Read every event, in order.")),
    "payouts:read": Scope(_("Read what advocates are paid out, and how far it has come.")),
    "payouts:write": Scope(_("Ask for an advocate's cash to be paid out.")),
    "audit:read": Scope(_("Read who did what, with the reasons that were given.")),
    "touches:write": Scope(
        _("Say that somebody came by a link or a code. Never an order, never an amount."), is_publishable=True
    ),
}
