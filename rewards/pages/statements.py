"""Statements for the advocate: a year by month, a month by line, to read, to print and to take away."""

from datetime import date
from itertools import islice
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brand.access import AuthenticatedRequest
from rewards import people
from rewards.cash import statements as cash
from spine import clock, sheets

# A month with more lines than a page holds is read from its file.
SHOWN = 500
_YEARS = range(2000, 3000)


@require_safe
@login_required
def statement(request: AuthenticatedRequest, year: int | None = None) -> HttpResponse:
    """One year, the present one unless another is asked for."""
    whose, zone = people.same(request.user.person), _zone()
    number = _known(clock.now().astimezone(zone).year if year is None else year)
    months = cash.year(whose, number, zone)
    context = {
        "year": number,
        "years": sorted({*cash.years(whose, zone), number}, reverse=True),
        "months": months,
        "totals": cash.totals(months),
        "zone": zone,
    }
    return render(request, "rewards/cash/statement.html", context)


@require_safe
@login_required
def statement_month(request: AuthenticatedRequest, year: int, month: int) -> HttpResponse:
    """One month, line by line."""
    whose, zone = people.same(request.user.person), _zone()
    number = _known(year, month)
    months = [each for each in cash.year(whose, number, zone) if each.first.month == month]
    lines = list(islice(cash.lines(whose, number, month, zone), SHOWN))
    context = {
        "year": number,
        "first": date(number, month, 1),
        "month": month,
        "totals": cash.totals(months),
        "lines": lines,
        "is_cut": len(lines) == SHOWN,
        "zone": zone,
    }
    return render(request, "rewards/cash/statement_month.html", context)


@require_safe
@login_required
def export_statement(request: AuthenticatedRequest, year: int, month: int | None = None) -> HttpResponseBase:
    """The lines of a year or a month as a file."""
    number = _known(year, 1 if month is None else month)
    found = cash.lines(people.same(request.user.person), number, month, _zone())
    name = f"statement-{number}-{month:02}" if month else f"statement-{number}"
    return sheets.response(name, [_("Day"), _("What"), _("Amount"), _("Currency")], cash.table(found))


def _known(year: int, month: int = 1) -> int:
    if year not in _YEARS or month not in range(1, 13):
        raise Http404
    return year


def _zone() -> ZoneInfo:
    return ZoneInfo(timezone.get_current_timezone_name())
