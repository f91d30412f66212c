"""Chat rooms of the staff: what waits for somebody is said there in a sentence, with the page where it is done.

Every chat that takes incoming webhooks reads one field of JSON: Discord `content`, the others `text`. Nothing is said
of people: events know none, and the pages ask who one is.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spine.models import Event

# What is said of which event, and the page where something can be done about it.
SAYINGS: Mapping[str, tuple[str | Promise, str]] = {
    "conversion.stopped": (_("A conversion waits for somebody who looks at it."), "referrals:review"),
    "conversion.escalated": (_("A conversion has waited for days. Please look at it."), "referrals:review"),
    "claim.filed": (_("Somebody says that a recommendation of theirs was missed."), "referrals:manage_claims"),
    "payout.requested": (_("Somebody asks to be paid."), "rewards:manage_payouts"),
    "payout.failed": (_("A payout failed, and the money is with its owner again."), "rewards:manage_payouts"),
    "payout.unanswered": (_("Nobody knows yet whether a payout arrived."), "rewards:manage_payouts"),
    "redemption.requested": (_("Somebody took something out of the catalogue."), "rewards:manage_redemptions"),
    "redemption.failed": (_("Something could not be handed out, and came back."), "rewards:manage_redemptions"),
    "redemption.unanswered": (_("Nobody knows yet whether something was handed out."), "rewards:manage_redemptions"),
    "budget.used": (_("A program has used %(percent)s %% of its budget."), "rewards:ledger"),
}
DISCORD = frozenset({"discord.com", "discordapp.com"})


def message(url: str, event: Event) -> bytes:
    """One of the events that are said, as the chat at this address takes it; in the site's language."""
    sentence, page = SAYINGS[event.name]
    with translation.override(settings.LANGUAGE_CODE):
        told = str(sentence) % event.payload if "%(" in str(sentence) else str(sentence)
    name = "content" if (urlsplit(url).hostname or "").removeprefix("ptb.") in DISCORD else "text"
    return json.dumps({name: f"{told} {settings.BASE_URL}{reverse(page)}"}).encode()
