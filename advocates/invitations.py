"""Asking somebody to join the staff, and their yes."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from advocates import staff
from advocates.models import StaffInvitation, User
from advocates.roles import ROLES
from brand import mail
from brand.models import Brand
from spine.audit import Party
from spine.refusal import Refusal

LIFETIME = timedelta(days=7)


class InvitationEnded(Refusal):
    """The link is unknown, expired, used or revoked; it doesn't tell which."""

    code = "invitation_ended"
    status = 410
    sentence = _("This invitation has expired, or it was used or withdrawn. Ask whoever invited you for a new one.")


class InvitationForAnother(Refusal):
    """The person who answers is not known to own the address that was invited."""

    code = "invitation_for_another"
    status = 403
    sentence = _("This invitation is for another email address. Sign in with that one to accept it.")


class MayNotInvite(Refusal):
    """The person who invites lost the right to, maybe a moment ago."""

    code = "may_not_invite"
    status = 403
    sentence = _("You can't invite anybody to the staff any more. Ask an admin to do it.")


class AlreadyInvited(Refusal):
    """The address has an invitation that was not answered yet."""

    code = "already_invited"
    sentence = _("This address has an open invitation. Send that one again, or withdraw it first.")


class AlreadyStaff(Refusal):
    """The person has all of these roles."""

    code = "already_staff"
    sentence = _("This person has these roles already.")


def invite(
    actor: Party, email: str, roles: Iterable[str], *, at: datetime, reason: str = "", inviter: User | None = None
) -> tuple[StaffInvitation, str]:
    """Invite an address to the staff; return the invitation and its link, which nobody can read again later.

    Raises AlreadyInvited, AlreadyStaff, MayNotInvite or NoSuchRole.
    """
    chosen = staff.known(roles)
    if _has_roles(email, chosen):
        raise AlreadyStaff
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            # Whoever is taken off the staff at this moment has their invitations withdrawn before or after this one.
            staff.lock()
            if inviter and not User.objects.get(pk=inviter.pk).has_perm("advocates.manage_staff"):
                raise MayNotInvite
            StaffInvitation.objects.unanswered().filter(email__iexact=email, expires_at__lte=at).update(revoked_at=at)
            invitation = StaffInvitation.objects.create(
                email=email,
                roles=sorted(chosen),
                token_hash=digest(token),
                invited_by=inviter.public_id if inviter else None,
                created_at=at,
                expires_at=at + LIFETIME,
            )
            staff.note(
                actor, "invitation.sent", party(invitation), at=at, reason=reason, payload={"roles": sorted(chosen)}
            )
            _send(invitation, token, at)
    except IntegrityError as taken:
        raise AlreadyInvited from taken
    return invitation, link(token)


@transaction.atomic
def resend(actor: Party, invitation: StaffInvitation, *, at: datetime) -> str:
    """Send an invitation again, for another week and under a new link; the old link ends. Raises InvitationEnded."""
    token = secrets.token_urlsafe(32)
    fresh = {"token_hash": digest(token), "expires_at": at + LIFETIME}
    if not StaffInvitation.objects.unanswered().filter(pk=invitation.pk).update(**fresh):
        raise InvitationEnded
    invitation.refresh_from_db()
    staff.note(actor, "invitation.resent", party(invitation), at=at)
    _send(invitation, token, at)
    return link(token)


@transaction.atomic
def revoke(actor: Party, invitation: StaffInvitation, *, at: datetime, reason: str = "") -> None:
    """Withdraw an invitation before it is accepted. Raises InvitationEnded."""
    if not StaffInvitation.objects.unanswered().filter(pk=invitation.pk).update(revoked_at=at):
        raise InvitationEnded
    staff.note(actor, "invitation.revoked", party(invitation), at=at, reason=reason)


def find(token: str, *, at: datetime) -> StaffInvitation:
    """The open invitation behind a link; raises InvitationEnded, whatever the cause."""
    wanted = digest(token)
    invitation = StaffInvitation.objects.open(at).filter(token_hash=wanted).first()
    if invitation is None or not constant_time_compare(invitation.token_hash, wanted):
        raise InvitationEnded
    return invitation


def is_for(invitation: StaffInvitation, user: User) -> bool:
    """Whether the person has confirmed that the invited address is theirs."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return any(constant_time_compare(_folded(email), _folded(invitation.email)) for email in confirmed)


@transaction.atomic
def accept(token: str, user: User, *, at: datetime) -> StaffInvitation:
    """Let the invited person onto the staff, once. Raises InvitationEnded or InvitationForAnother."""
    staff.lock()
    invitation = find(token, at=at)
    if not is_for(invitation, user):
        raise InvitationForAnother
    still_open = StaffInvitation.objects.open(at).filter(pk=invitation.pk, token_hash=invitation.token_hash)
    if not still_open.update(accepted_at=at):
        raise InvitationEnded
    staff.add(user, invitation.roles)
    payload = {"user": str(user.public_id), "roles": invitation.roles}
    staff.note(
        staff.party(user), "invitation.accepted", party(invitation), at=at, person=user.person_id, payload=payload
    )
    return invitation


def party(invitation: StaffInvitation) -> Party:
    """How the audit and the events name an invitation."""
    return ("staff_invitation", str(invitation.public_id))


def digest(token: str) -> str:
    """What is kept of a token. It holds 256 random bits, so an unsalted hash can't be searched."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def link(token: str) -> str:
    """The address at which the invited person answers."""
    return settings.BASE_URL + reverse("staff_invitation", args=[token])


def _has_roles(email: str, roles: set[str]) -> bool:
    user = User.objects.filter(email__iexact=email, is_staff=True).first()
    return user is not None and roles <= set(user.groups.values_list("name", flat=True))


def _send(invitation: StaffInvitation, token: str, at: datetime) -> None:
    mail.enqueue(
        key=f"invitation.sent:{invitation.token_hash}",
        to=invitation.email,
        subject=gettext("Join the %(brand)s team") % {"brand": Brand.current().name},
        template="staff/invitation",
        context={
            "link": link(token),
            "roles": [ROLES[name] for name in invitation.roles if name in ROLES],
            "inviter": inviter_name(invitation),
            "expires_at": invitation.expires_at,
        },
        at=at,
    )


def inviter_name(invitation: StaffInvitation) -> str:
    """Who invites: their name, their address if they have none, or nobody for the command line."""
    if invitation.invited_by is None:
        return ""
    inviter = User.objects.filter(public_id=invitation.invited_by).select_related("advocate").first()
    if inviter is None:
        return ""
    advocate = getattr(inviter, "advocate", None)
    return advocate.display_name if advocate else inviter.email


def _folded(email: str) -> str:
    return email.casefold()
