"""Conversions for the staff: finding them, taking them away as a sheet, and one with all that is known about it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from brand.access import AuthenticatedRequest
from referrals.manage.conversion_forms import FindForm
from referrals.models import Conversion, Program, Terms
from referrals.review import conversion_search, dossiers
from referrals.review.conversion_search import Wanted
from spine import clock, keyset, sheets

SHOWN = 50
may_see_conversions = permission_required("referrals.see_conversions", raise_exception=True)


@require_safe
@login_required
@may_see_conversions
def conversions(request: HttpRequest) -> HttpResponse:
    """The conversions of one program, or those that a search finds in all of them; the newest first."""
    form = _form(request)
    if not form.is_valid():
        return _unread(request, form)
    found = conversion_search.find(_wanted(form)).select_related(
        "program", "order__source", "lead__source", "credited_person__advocate"
    )
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found, order=conversion_search.ORDER, limit=SHOWN, **cursors)
    rows = [(conversion, dossiers.reason(conversion.reason)) for conversion in page.rows]
    context = {"form": form, "page": page, "rows": rows, "is_narrowed": _is_narrowed(form)}
    return render(request, "referrals/manage/conversions.html", context)


@require_safe
@login_required
@may_see_conversions
def export(request: HttpRequest) -> HttpResponseBase:
    """The same conversions as a CSV file, sent while they are read."""
    form = _form(request)
    if not form.is_valid():
        return _unread(request, form)
    found = conversion_search.find(_wanted(form))
    return sheets.response("conversions", conversion_search.HEAD, conversion_search.table(found))


@require_safe
@login_required
@may_see_conversions
def conversion(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One conversion: the fact, every decision with its reasons, and what people made of it."""
    found = Conversion.objects.select_related("program", "order__source", "order__customer", "lead__source")
    dossier = dossiers.of(get_object_or_404(found, public_id=public_id), request.user, clock.now())
    return render(request, "referrals/manage/conversion.html", {"dossier": dossier, "conversion": dossier.conversion})


def _form(request: HttpRequest) -> FindForm:
    """What was asked for; a list always names its program, the newest published one unless another was chosen."""
    published = Exists(Terms.objects.filter(program=OuterRef("pk")))
    asked, programs = request.GET.copy(), list(Program.objects.order_by(published.desc(), "-pk"))
    if programs and not asked.get("program"):
        asked["program"] = programs[0].slug
    return FindForm(asked, programs=programs)


def _wanted(form: FindForm) -> Wanted:
    wanted = Wanted(**form.cleaned_data)
    # Whoever looks for an order or a person may not know in which program it was.
    return Wanted(**{**form.cleaned_data, "program": None}) if wanted.search else wanted


def _is_narrowed(form: FindForm) -> bool:
    return any(form.cleaned_data[name] for name in ("search", "state", "reason", "since", "until"))


def _unread(request: HttpRequest, form: FindForm) -> HttpResponse:
    """The page without a list: nobody has made a program yet, or what was asked for can't be read."""
    is_new = not form.programs
    context = {"form": form, "is_new": is_new}
    return render(request, "referrals/manage/conversions.html", context, status=200 if is_new else 422)
