"""A shop's page: which software it runs, what to paste where, and what it delivered."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates import staff
from brand.access import AuthenticatedRequest
from customers.models import Source
from integrations import checklist, connecting, trying, verdicts
from integrations.manage.forms import SecretForm, SoftwareForm
from integrations.models import Connection, Delivery, Pull
from integrations.pulling import asking
from integrations.vendors import VENDORS
from spine import clock, keyset

SHOWN = 20
ORDER = ("-received_at", "-id")
may_manage_sources = permission_required("customers.manage_sources", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_sources
def shop(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """What a shop's connection still needs, and what it delivered; by POST, which software it runs."""
    source = get_object_or_404(Source, key=key)
    connection = Connection.objects.filter(source=source).first()
    if connection is None:
        return _choose(request, source)
    at = clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(
        Delivery.objects.filter(connection=connection).defer("body"), order=ORDER, limit=SHOWN, **cursors
    )
    context = {
        **about(connection),
        "points": checklist.of(connection, at),
        "turned_away": [(each, verdicts.reason(each.reason)) for each in checklist.turned_away(connection, at)],
        "page": page,
        "pull": Pull.objects.filter(connection=connection).first(),
        "missed": asking.missed(connection),
        "rows": [(each, verdicts.summary(each)) for each in page.rows],
    }
    return render(request, "integrations/shop.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_sources
def secret(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """Make the secret that a shop signs with, shown this once, or enter the one that its software made."""
    connection = connection_of(key)
    form, at, status = SecretForm(request.POST if request.method == "POST" else None), clock.now(), 200
    makes_secret = VENDORS[connection.vendor].makes_secret
    if request.method == "POST" and not makes_secret:
        made = connecting.make_secret(connection, staff.party(request.user), at)
        return render(request, "integrations/secret_made.html", {**about(connection), "secret": made})
    if request.method == "POST" and form.is_valid():
        try:
            connecting.enter_secret(connection, form.cleaned_data["secret"], staff.party(request.user), at)
        except (connecting.BadSecret, connecting.SameSecret) as refusal:
            form.add_error("secret", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("We know the secret now. Next, send a test."))
            return redirect("integrations:shop", key)
    context = {**about(connection), "form": form, "makes_secret": makes_secret}
    return render(request, "integrations/secret.html", context, status=status)


@require_POST
@login_required
@may_manage_sources
def send_test(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """Deliver a test to ourselves under the shop's secret."""
    delivery = trying.send(connection_of(key), clock.now())
    messages.success(request, _("A test is on its way. Its verdict stands here in a moment."))
    return redirect("integrations:delivery", key, delivery.public_id)


@require_safe
@login_required
@may_manage_sources
def set_up(request: HttpRequest, key: str) -> HttpResponse:
    """What to paste where, in the words of the shop's software."""
    connection = connection_of(key)
    return render(request, f"integrations/set_up/{connection.vendor}.html", about(connection))


def _choose(request: AuthenticatedRequest, source: Source) -> HttpResponse:
    form = SoftwareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        connecting.connect(source, form.cleaned_data["software"], staff.party(request.user), clock.now())
        return redirect("integrations:set_up", source.key)
    return render(request, "integrations/software.html", {"source": source, "form": form})


def connection_of(key: str) -> Connection:
    """The connection of a shop, or a page that there is none."""
    return get_object_or_404(Connection.objects.select_related("source"), source__key=key)


def about(connection: Connection) -> dict[str, Any]:
    """What every page about a shop says of it."""
    address = settings.BASE_URL + reverse("api:hook", args=[connection.source.key])
    topics = getattr(VENDORS[connection.vendor], "TOPICS", ())
    return {"connection": connection, "source": connection.source, "address": address, "topics": topics}
