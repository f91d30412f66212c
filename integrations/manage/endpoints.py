"""Webhooks for other systems: where events are sent, how that goes, and sending some once more."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates import staff
from brand.access import AuthenticatedRequest
from integrations.manage.forms import EndpointForm, NewEndpointForm, RepeatForm
from integrations.models import Dispatch, Endpoint
from integrations.outbound import endpoints as outbound
from spine import clock, keyset

SHOWN = 50
ORDER = ("-last_at", "-id")
may_manage_endpoints = permission_required("integrations.manage_endpoints", raise_exception=True)


@require_safe
@login_required
@may_manage_endpoints
def endpoints(request: HttpRequest) -> HttpResponse:
    """Every endpoint, the first made first."""
    return render(request, "integrations/endpoints.html", {"endpoints": Endpoint.objects.order_by("pk")})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_endpoints
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Make an endpoint; the answer shows its secret, this once."""
    form, status = NewEndpointForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = outbound.make(**form.cleaned_data, actor=staff.party(request.user), at=clock.now())
        except outbound.BadUrl as refusal:
            form.add_error("url", refusal.detail)
            status = refusal.status
        else:
            if made.is_chat:
                messages.success(request, _("From now on it is said there what waits for somebody."))
                return redirect("integrations:endpoint", made.public_id)
            return render(request, "integrations/endpoint_made.html", {"endpoint": made, "secret": secret})
    return render(request, "integrations/endpoint_form.html", {"form": form}, status=status)


@require_safe
@login_required
@may_manage_endpoints
def endpoint(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One endpoint: how it goes, and what was sent."""
    found = get_object_or_404(Endpoint, public_id=public_id)
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    sent = Dispatch.objects.filter(endpoint=found).select_related("event")
    page = keyset.page(sent, order=ORDER, limit=SHOWN, **cursors)
    return render(request, "integrations/endpoint.html", {"endpoint": found, "page": page, "form": RepeatForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_endpoints
def change(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Change where it is and what it gets."""
    found, status = get_object_or_404(Endpoint, public_id=public_id), 200
    told = {"name": found.name, "url": found.url, "names": "\n".join(found.names)}
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=told)
    if request.method == "POST" and form.is_valid():
        try:
            outbound.change(found, **form.cleaned_data, actor=staff.party(request.user), at=clock.now())
        except outbound.BadUrl as refusal:
            form.add_error("url", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("Kept. What happens from now on goes there."))
            return redirect("integrations:endpoint", public_id)
    return render(request, "integrations/endpoint_form.html", {"form": form, "endpoint": found}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_endpoints
def secret(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Make another secret, shown this once."""
    found = get_object_or_404(Endpoint, public_id=public_id)
    if request.method == "POST":
        made = outbound.rotate(found, staff.party(request.user), clock.now())
        return render(request, "integrations/endpoint_made.html", {"endpoint": found, "secret": made})
    return render(request, "integrations/endpoint_secret.html", {"endpoint": found})


@require_POST
@login_required
@may_manage_endpoints
def switch(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Switch it off, or on again."""
    found, actor = get_object_or_404(Endpoint, public_id=public_id), staff.party(request.user)
    if request.POST.get("to") == "on":
        outbound.switch_on(found, actor, clock.now())
        messages.success(request, _("It is on again. All that happened in between is sent in order."))
    else:
        outbound.switch_off(found, actor, clock.now())
        messages.success(request, _("Nothing is sent there any more. Where it stood is kept."))
    return redirect("integrations:endpoint", public_id)


@require_POST
@login_required
@may_manage_endpoints
def repeat(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Send one event, or a range, once more."""
    found, form = get_object_or_404(Endpoint, public_id=public_id), RepeatForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give two positions, such as 120 and 140."))
        return redirect("integrations:endpoint", public_id)
    count = outbound.repeat(found, **form.cleaned_data, actor=staff.party(request.user), at=clock.now())
    told = ngettext("One event is sent once more.", "%(count)d events are sent once more.", count) % {"count": count}
    messages.success(request, told)
    return redirect("integrations:endpoint", public_id)
