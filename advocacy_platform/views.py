"""The pages that are made of several rooms."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from advocacy_platform import next_step, specimens
from advocates.models import User


def landing(request: HttpRequest) -> HttpResponse:
    """The brand's front door."""
    return render(request, "landing.html")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The advocate's home."""
    assert isinstance(request.user, User)
    return render(request, "home.html", {"next_step": next_step.suggest(request.user)})


def patterns(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for those who build pages."""
    if not settings.SHOW_PATTERNS:
        raise Http404
    return render(request, "patterns.html", specimens.context())
