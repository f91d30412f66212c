"""The pages that are made of several rooms."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from advocacy_platform import next_step, specimens
from advocates.models import User
from brand.models import Brand
from referrals import programs
from referrals.pages import accepting, front, share, story
from spine import clock


def landing(request: HttpRequest) -> HttpResponse:
    """The brand's front door."""
    return render(request, "landing.html", {"promise": front.promise(clock.now())})


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The advocate's home."""
    assert isinstance(request.user, User)
    at, person, brand = clock.now(), request.user.person, Brand.current()
    live = programs.live(at)
    cards = accepting.cards(person, live, at)
    asked = {card.terms.program_id for card in cards if card.is_first}
    context = {
        "brand": brand,
        "next_step": next_step.suggest(request.user),
        "accepting": cards,
        "story": story.panel(person, at),
        "share": share.panel(person, live, asked, brand, at),
    }
    return render(request, "home.html", context)


def patterns(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for those who build pages."""
    if not settings.SHOW_PATTERNS:
        raise Http404
    return render(request, "patterns.html", specimens.context())
