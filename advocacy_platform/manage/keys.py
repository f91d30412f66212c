"""The keys by which the brand's shop comes in: listing, making, revoking."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from advocacy_platform.manage.forms import MakeKeyForm, RevokeKeyForm
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import staff
from customers import keys as ways_in
from customers.models import ApiKey
from spine import clock
from spine.refusal import Refusal


@require_safe
@requires("customers.manage_keys")
def keys(request: StaffRequest) -> HttpResponse:
    """Every key, the newest first; what is revoked stands apart."""
    found = ApiKey.objects.order_by("-pk")
    in_use = [key for key in found if key.revoked_at is None]
    revoked = [key for key in found if key.revoked_at is not None]
    context = {"in_use": in_use, "revoked": revoked, "base_url": settings.BASE_URL}
    return render(request, "manage/api_keys.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("customers.manage_keys")
def make(request: StaffRequest) -> HttpResponse:
    """Make a key; the answer shows its token, this once."""
    form = MakeKeyForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            key, token = ways_in.make(**form.cleaned_data, actor=staff.party(request.user), at=clock.now())
        except Refusal as refusal:
            form.add_error("scopes", refusal.detail)
            status = refusal.status
        else:
            context = {"key": key, "token": token, "base_url": settings.BASE_URL}
            return render(request, "manage/api_key_made.html", context)
    return render(request, "manage/api_key_make.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("customers.manage_keys")
def revoke(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """End a key."""
    key = get_object_or_404(ApiKey, public_id=public_id)
    form = RevokeKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ways_in.revoke(key, staff.party(request.user), clock.now(), form.cleaned_data["reason"])
        messages.success(request, _("The key “%(name)s” is revoked.") % {"name": key.name})
        return redirect("manage:keys")
    return render(request, "manage/api_key_revoke.html", {"form": form, "key": key})
