"""The pages that are made of several rooms."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def landing(request: HttpRequest) -> HttpResponse:
    """The brand's front door."""
    return render(request, "landing.html")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The advocate's home."""
    return render(request, "home.html")
