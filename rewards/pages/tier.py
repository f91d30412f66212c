"""Where the visitor stands: their tier, what it brings, and what keeps or raises it."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brand import days, locales
from brand.access import AuthenticatedRequest
from rewards import climbing, words
from rewards.climbing import Climb
from rewards.ladders import ONCE
from spine import clock


@require_safe
@login_required
def tier(request: AuthenticatedRequest) -> HttpResponse:
    """Each ladder that the visitor is on."""
    at = clock.now()
    found = climbing.places(request.user.person.pk, at)
    return render(request, "rewards/tier.html", {"climbs": [told(climb, at) for climb in found]})


def told(climb: Climb, at: datetime) -> dict[str, Any]:
    """One ladder in words."""
    place, locale = climb.place, locales.active()
    return {
        "scheme": climb.scheme,
        "place": place,
        "keeps": _keeps(climb, at),
        "rises": _rises(climb),
        "so_far": words.measured(climb.ladder, place.amount, climb.currency, locale),
        "steps": [
            {
                "step": step,
                "threshold": words.measured(climb.ladder, step.threshold, climb.currency, locale),
                "times": words.times(step.multiplier, locale) if step.multiplier != ONCE else "",
                "is_here": step == place.step,
            }
            for step in climb.ladder.steps
        ],
    }


def _keeps(climb: Climb, at: datetime) -> str:
    """What keeps the present tier, and until when that has to be done."""
    place = climb.place
    if not place.by or not place.step:
        return ""
    more = words.measured(climb.ladder, place.missing, climb.currency, locales.active())
    return _("%(more)s more by %(day)s keeps %(tier)s.") % {
        "more": more,
        "day": days.short(place.by, at),
        "tier": place.step.name,
    }


def _rises(climb: Climb) -> str:
    """What it takes to the next tier."""
    place = climb.place
    if not place.next_step:
        return ""
    more = words.measured(climb.ladder, place.to_next, climb.currency, locales.active())
    return _("%(more)s more makes you %(tier)s.") % {"more": more, "tier": place.next_step.name}
