"""The books for the staff: what each scheme owes and spent, its budget, and every transfer."""

from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from brand import locales
from rewards import amounts, budgets, entries, totals, words
from rewards.manage.rewards import may_see_rewards
from rewards.models import Scheme
from rewards.totals import Book
from spine import clock, keyset, sheets
from spine.money import Unit, to_major

SHOWN = 50
MONTHS = 12


class FindForm(forms.Form):
    """Which transfers to list."""

    scheme = forms.ModelChoiceField(
        Scheme.objects.order_by("name", "pk"), label=_("Program"), required=False, empty_label=_("All programs")
    )
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    act = forms.ChoiceField(label=_("What"), required=False)
    person = forms.UUIDField(label=_("Whose"), required=False, help_text=_("Their id, from the look-up."))
    first = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units: Any = self.fields["unit"]
        units.choices = [("", _("All units")), *((unit, words.unit(unit)) for unit in amounts.units())]
        acts: Any = self.fields["act"]
        acts.choices = [("", _("Everything")), *((act, words.ACTS[act]) for act in entries.acts())]


@require_safe
@login_required
@may_see_rewards
def ledger(request: HttpRequest) -> HttpResponse:
    """What each scheme's people hold, what it gave and took back in the last year, and its budget."""
    months = _months(clock.now().date())
    context = {"books": [_told(book) for book in totals.books(months)], "gauges": budgets.gauges()}
    return render(request, "rewards/manage/ledger.html", context)


@require_safe
@login_required
@may_see_rewards
def transfers(request: HttpRequest) -> HttpResponse:
    """Every transfer that fits, the newest first."""
    form = FindForm(request.GET)
    if not form.is_valid():
        return render(request, "rewards/manage/transfers.html", {"form": form}, status=422)
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(entries.find(**form.cleaned_data), order=("-id",), limit=SHOWN, **cursors)
    rows = [
        {
            **row,
            "act": words.ACTS[row["transfer"].act],
            "source": _place(row["transfer"].source.kind),
            "target": _place(row["transfer"].target.kind),
        }
        for row in entries.rows(page.rows)
    ]
    context = {"form": form, "page": page, "rows": rows, "is_narrowed": any(form.cleaned_data.values())}
    return render(request, "rewards/manage/transfers.html", context)


@require_safe
@login_required
@may_see_rewards
def export_transfers(request: HttpRequest) -> HttpResponseBase:
    """The same transfers as a CSV file, sent while they are read."""
    form = FindForm(request.GET)
    if not form.is_valid():
        return render(request, "rewards/manage/transfers.html", {"form": form}, status=422)
    return sheets.response("ledger", entries.head(), entries.table(entries.find(**form.cleaned_data)))


def _place(kind: str) -> Any:
    return words.PLACES["reversed"] if kind == "issued" else words.PLACES[kind]


def _months(today: date) -> list[date]:
    """The first days of the last months, the earliest first."""
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _told(book: Book) -> dict[str, Any]:
    """One book, with its months as a chart draws them: in whole units, by the month's name."""
    currency = Unit.parse(book.unit).currency
    names = [str(format_skeleton("MMMy", month, locale=locales.active())) for month, _flows in book.months]

    def points(flow: str) -> list[tuple[str, float]]:
        amounts = (flows[flow] for _month, flows in book.months)
        return [
            (name, float(to_major(amount, currency)) if currency else amount)
            for name, amount in zip(names, amounts, strict=True)
        ]

    return {
        "book": book,
        "promised": points("promised"),
        "spent": points("spent"),
        "months": [{"name": name, **flows} for name, (_month, flows) in zip(names, book.months, strict=True)],
    }
