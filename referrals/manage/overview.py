"""The page of one program: how it does, what waits, and the way to its design and its life."""

from typing import Any

from django.contrib.auth.decorators import login_required, user_passes_test
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from referrals import programs
from referrals.design import summary
from referrals.models import Program, Terms
from referrals.tell import overview
from referrals.terms import TermsDocument
from rewards.plans import PlanDocument
from spine import clock, sheets


def _may_see(user: Any) -> bool:
    if user.has_perm("referrals.manage_programs") or user.has_perm("referrals.see_conversions"):
        return True
    raise PermissionDenied


may_see_programs = user_passes_test(_may_see)


@require_safe
@login_required
@may_see_programs
def program(request: HttpRequest, slug: str) -> HttpResponse:
    """How one program did in the last 7, 30 or 90 days."""
    at, length = clock.now(), _length(request)
    found = overview.waiting(programs.whole(Program.objects.all()))
    shown = get_object_or_404(found, slug=slug)
    context = {
        "program": shown,
        "standing": programs.standing(shown, at),
        "offer": _offer(shown, programs.terms_at(shown, at)),
        "overview": overview.read(shown, length, at),
        "length": length,
        "periods": overview.PERIODS,
        "latest": overview.LATEST,
    }
    return render(request, "referrals/manage/program.html", context)


@require_safe
@login_required
@may_see_programs
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The days of the period as a CSV file."""
    shown = get_object_or_404(Program, slug=slug)
    return sheets.response(shown.slug, overview.HEAD, overview.table(shown, _length(request), clock.now()))


def _length(request: HttpRequest) -> int:
    asked = request.GET.get("days", "30")
    return int(asked) if asked in map(str, overview.PERIODS) else 30


def _offer(shown: Program, terms: Terms | None) -> str:
    """What the program promises now; empty before its first publication."""
    if terms is None:
        return ""
    document, plan = TermsDocument.read(terms.document), PlanDocument.read(terms.plan.document)
    return summary.sentence(document, plan, shown.currency)
