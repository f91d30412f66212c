"""Who is on the staff: listing, inviting, changing, removing."""

from collections.abc import Collection
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocacy_platform.manage.forms import ChangeForm, InviteForm, RemoveForm
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import invitations
from advocates import staff as people
from advocates.models import StaffInvitation, User
from advocates.roles import ROLES
from spine import clock
from spine.refusal import Refusal


@require_safe
@requires("advocates.manage_staff")
def staff(request: StaffRequest) -> HttpResponse:
    """Everybody on the staff, and who was asked to join."""
    at = clock.now()
    members = [(member, _labels(people.roles_of(member))) for member in people.members()]
    waiting = StaffInvitation.objects.unanswered().order_by("-created_at")
    invited = [(invitation, _labels(invitation.roles), invitation.expires_at <= at) for invitation in waiting]
    return render(request, "manage/staff.html", {"members": members, "invited": invited})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("advocates.manage_staff")
def invite(request: StaffRequest) -> HttpResponse:
    """Ask somebody to join the staff."""
    form = InviteForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        email, roles, reason = (form.cleaned_data[name] for name in ("email", "roles", "reason"))
        actor = people.party(request.user)
        try:
            invitations.invite(actor, email, roles, at=clock.now(), reason=reason, inviter=request.user)
        except Refusal as refusal:
            form.add_error("email", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": email})
            return redirect("manage:staff")
    return render(request, "manage/invite.html", {"form": form}, status=status)


@require_POST
@requires("advocates.manage_staff")
def resend(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Send an invitation again, under a new link."""
    invitation = get_object_or_404(StaffInvitation, public_id=public_id)
    invitations.resend(people.party(request.user), invitation, at=clock.now())
    messages.success(request, _("A new link is on its way to %(email)s.") % {"email": invitation.email})
    return redirect("manage:staff")


@require_POST
@requires("advocates.manage_staff")
def revoke(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = get_object_or_404(StaffInvitation, public_id=public_id)
    invitations.revoke(people.party(request.user), invitation, at=clock.now())
    messages.success(request, _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("manage:staff")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("advocates.manage_staff")
def change(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Give somebody other roles."""
    member = get_object_or_404(people.members(), public_id=public_id)
    form = ChangeForm(request.POST or None, initial={"roles": sorted(people.roles_of(member))})
    if request.method == "POST" and form.is_valid():
        people.change(request.user, member, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("The roles of %(email)s are changed.") % {"email": member.email})
        return redirect("manage:staff")
    return render(request, "manage/change.html", {"form": form, "member": member})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("advocates.manage_staff")
def remove(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Take somebody off the staff."""
    member: User = get_object_or_404(people.members(), public_id=public_id)
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        people.remove(request.user, member, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("%(email)s is off the staff.") % {"email": member.email})
        return redirect("manage:staff")
    return render(request, "manage/remove.html", {"form": form, "member": member})


def _labels(roles: Collection[str]) -> list[str]:
    return [str(role.label) for name, role in ROLES.items() if name in roles]
