"""Links for the staff: finding them, with what came of each lately, and taking them away as a sheet."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from referrals.manage.conversions import may_see_conversions
from referrals.models import Program
from referrals.share import link_search
from spine import clock, keyset, sheets

ORDER = ("-id",)


class FindLinkForm(forms.Form):
    """Which links to list."""

    search = forms.CharField(label=_("Name or code"), required=False, max_length=100)
    program = forms.ModelChoiceField(
        Program.objects.order_by("-pk"),
        label=_("Program"),
        to_field_name="slug",
        required=False,
        empty_label=_("All programs"),
    )


@require_safe
@login_required
@may_see_conversions
def links(request: HttpRequest) -> HttpResponse:
    """The links that match, the newest first, with their last 30 days."""
    form = FindLinkForm(request.GET)
    if not form.is_valid():
        return render(request, "referrals/manage/links.html", {"form": form}, status=422)
    wanted = form.cleaned_data
    found = link_search.find(**wanted)
    page = keyset.page(found, order=ORDER, after=request.GET.get("after"), before=request.GET.get("before"))
    context = {
        "form": form,
        "page": page,
        "rows": link_search.rows(page.rows, clock.now()),
        "is_narrowed": any(wanted.values()),
    }
    return render(request, "referrals/manage/links.html", context)


@require_safe
@login_required
@may_see_conversions
def export(request: HttpRequest) -> HttpResponseBase:
    """The same links as a CSV file, sent while they are read."""
    form = FindLinkForm(request.GET)
    if not form.is_valid():
        return render(request, "referrals/manage/links.html", {"form": form}, status=422)
    found = link_search.find(**form.cleaned_data)
    return sheets.response("links", link_search.HEAD, link_search.table(found, clock.now()))
