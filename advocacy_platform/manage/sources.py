"""The shops whose facts are taken: listing, connecting, and what is known of their past customers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from advocacy_platform.manage.forms import ConnectForm
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import staff
from customers import silence
from customers import sources as shops
from customers.models import Source
from spine import clock


@require_safe
@requires("customers.manage_sources")
def sources(request: StaffRequest) -> HttpResponse:
    """Every shop, when it was last heard, and what is known of its past customers."""
    return render(request, "manage/sources.html", {"shops": silence.heard(clock.now())})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("customers.manage_sources")
def connect(request: StaffRequest) -> HttpResponse:
    """Connect a shop."""
    form, status = ConnectForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            shop = shops.connect(form.cleaned_data["name"], staff.party(request.user), clock.now())
        except shops.AlreadyConnected as refusal:
            form.add_error("name", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("%(name)s is there. Its facts name it as “%(key)s”.") % vars(shop))
            return redirect("integrations:shop", shop.key)
    return render(request, "manage/source_connect.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("customers.manage_sources")
def imported(request: StaffRequest, key: str) -> HttpResponse:
    """Say that a shop's past customers are in."""
    shop = get_object_or_404(Source, key=key)
    if request.method == "POST":
        shops.confirm_imported(shop, staff.party(request.user), clock.now())
        messages.success(request, _("Noted: the past customers of %(name)s are in.") % vars(shop))
        return redirect("manage:sources")
    return render(request, "manage/source_imported.html", {"shop": shop})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("customers.manage_sources")
def none(request: StaffRequest, key: str) -> HttpResponse:
    """Say that a shop had no customers before."""
    shop = get_object_or_404(Source, key=key)
    if request.method == "POST":
        shops.confirm_no_past_customers(shop, staff.party(request.user), clock.now())
        messages.success(request, _("Noted: %(name)s had no customers before.") % vars(shop))
        return redirect("manage:sources")
    return render(request, "manage/source_none.html", {"shop": shop})
