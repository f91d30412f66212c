"""The pages on which people take their data with them or leave."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from advocacy_platform import privacy
from advocacy_platform.forms import ErasureForm
from advocates.staff import LastAdmin, party
from spine import clock


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What one may do with one's own data."""
    return render(request, "privacy/overview.html")


@login_required
@reauthentication_required
@never_cache
@require_http_methods(["GET", "POST"])
def download(request: HttpRequest) -> HttpResponse:
    """Everything that is held about the person, as a file; asked for first, since a GET hands nothing out."""
    if request.method == "GET":
        return render(request, "privacy/download.html")
    assert request.user.is_authenticated
    at = clock.now()
    document = privacy.download(request.user.person, party(request.user), at)
    name = f"your-data-{at:%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(document, content_type="application/json", headers=headers)


@login_required
@reauthentication_required
@never_cache
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the account, after its owner has typed its address."""
    assert request.user.is_authenticated
    form = ErasureForm(request.POST or None, address=request.user.email)
    if form.is_valid():
        try:
            privacy.erase(request.user.person, party(request.user), clock.now())
        except LastAdmin as refusal:
            form.add_error(None, refusal.detail)
        else:
            logout(request)
            return redirect("goodbye")
    context = {"form": form, "backup_days": settings.RETENTION_DAYS["backups"]}
    return render(request, "privacy/erase.html", context, status=422 if form.errors else 200)


@require_safe
def goodbye(request: HttpRequest) -> HttpResponse:
    """What one sees after leaving."""
    return render(request, "privacy/goodbye.html")
