"""The pages that say what went wrong."""

from django.http import HttpRequest, HttpResponse
from django.views import csrf


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its token."""
    return csrf.csrf_failure(request, reason)
