"""What somebody earned: balances with their dates, and a history in which every line says why."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from brand.access import AuthenticatedRequest
from rewards import climbing, explaining, wallets, words
from rewards.models import Grant, Reward
from rewards.pages import tier
from spine import clock, keyset

ORDER = ("-promised_at", "-id")
SHOWN = 20


@require_safe
@login_required
def wallet(request: AuthenticatedRequest) -> HttpResponse:
    """Everything that the visitor earned, the newest first."""
    person, at = request.user.person, clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(Reward.objects.filter(person=person), order=ORDER, limit=SHOWN, **cursors)
    steps = explaining.steps(page.rows, at)
    grants = Grant.objects.filter(person=person).select_related("plan").order_by("-pk")[:SHOWN]
    context = {
        "balances": wallets.moving([person.pk]),
        "climbs": [tier.told(climb, at) for climb in climbing.places(person.pk, at)],
        "page": page,
        "entries": [{"reward": reward, "steps": steps[reward.pk]} for reward in page.rows],
        "grants": [{"grant": grant, "what": words.given(grant)} for grant in grants],
    }
    return render(request, "rewards/wallet.html", context)
