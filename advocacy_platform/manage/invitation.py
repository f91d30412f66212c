"""The invited person's side: what an invitation gives, and accepting it; and setting up a second factor."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from advocacy_platform import gate
from advocates import invitations
from advocates.models import StaffInvitation
from advocates.roles import ROLES
from spine import clock


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; a POST by the invited person accepts it."""
    try:
        found = invitations.find(token, at=clock.now())
        if request.method == "POST" and request.user.is_authenticated:
            invitations.accept(token, request.user, at=clock.now())
            return redirect("manage:home")
    except invitations.InvitationEnded as ended:
        return render(request, "staff/invitation_ended.html", {"refusal": ended}, status=ended.status)
    except invitations.InvitationForAnother as refusal:
        return _show(request, found, status=refusal.status)
    return _show(request, found, status=403 if request.method == "POST" else 200)


@never_cache
@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why staff need a second factor, and the way to one; nobody else has this page."""
    if not request.user.is_staff:
        raise Http404
    onward = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = reverse("manage:home")
    if gate.has_second_factor(request.user):
        return HttpResponseRedirect(onward)
    return render(request, "staff/second_factor.html", {"next": onward})


def _show(request: HttpRequest, found: StaffInvitation, *, status: int) -> HttpResponse:
    context = {
        "invitation": found,
        "inviter": invitations.inviter_name(found),
        "roles": [ROLES[name] for name in found.roles if name in ROLES],
        "may_accept": request.user.is_authenticated and invitations.is_for(found, request.user),
    }
    return render(request, "staff/invitation.html", context, status=status)
