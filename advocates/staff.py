"""Who is on the staff: giving, changing and taking away roles."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from advocates.models import StaffInvitation, User
from advocates.roles import ADMIN, ROLES
from spine import audit, events
from spine.refusal import Refusal


class LastAdmin(Refusal):
    """Without this person nobody could let anybody in."""

    code = "last_admin"
    sentence = _("This is the last admin. Make somebody else an admin first.")


class OwnRemoval(Refusal):
    """Somebody tried to remove themselves."""

    code = "own_removal"
    status = 403
    sentence = _("You can't remove yourself. Ask another admin to do it.")


class NotStaff(Refusal):
    """The person left the staff in the meantime."""

    code = "not_staff"
    sentence = _("This person is not on the staff any more.")


class NoSuchRole(Refusal):
    """A role was named that the table does not hold, or none at all."""

    code = "no_such_role"
    status = 422
    sentence = _("Choose at least one of the roles.")


def members() -> models.QuerySet[User]:
    """The staff with their roles, whether a second factor is set up (`has_second_factor`), the longest there first."""
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return (
        User.objects.filter(is_staff=True, is_active=True)
        .annotate(has_second_factor=Exists(factors))
        .select_related("advocate")
        .prefetch_related("groups")
        .order_by("pk")
    )


def who_may(permission: str) -> models.QuerySet[User]:
    """The staff who hold a permission, such as "customers.manage_sources", each once."""
    app_label, codename = permission.split(".")
    holding = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    may = Q(is_superuser=True) | Q(groups__permissions__in=holding)
    found = User.objects.filter(may, is_staff=True, is_active=True).select_related("advocate")
    return found.distinct().order_by("pk")


def roles_of(user: User) -> set[str]:
    """The roles of one of `members()`, without a query."""
    return {group.name for group in user.groups.all()} & set(ROLES)


def party(user: User) -> audit.Party:
    """How the audit and the events name a user."""
    return ("user", str(user.public_id))


def add(user: User, roles: Iterable[str]) -> None:
    """Let a person onto the staff, or give a member further roles. The caller holds the `lock` and writes it down."""
    user.groups.add(*Group.objects.filter(name__in=known(roles)))
    User.objects.filter(pk=user.pk).update(is_staff=True)


@transaction.atomic
def change(actor: User, user: User, roles: Iterable[str], *, at: datetime, reason: str) -> None:
    """Give a member of the staff exactly these roles.

    Raises LastAdmin, NotStaff or NoSuchRole.
    """
    roles = known(roles)
    _lock_member(user)
    before = _present_roles(user)
    if ADMIN not in roles:
        _refuse_last_admin(user)
        _withdraw_invitations(user, at)
    user.groups.remove(*Group.objects.filter(name__in=before - roles))
    user.groups.add(*Group.objects.filter(name__in=roles - before))
    note(
        party(actor),
        "staff.changed",
        party(user),
        at=at,
        reason=reason,
        person=user.person_id,
        payload={"before": sorted(before), "after": sorted(roles)},
    )


@transaction.atomic
def remove(actor: User, user: User, *, at: datetime, reason: str) -> None:
    """Take a person off the staff, end their sessions and withdraw the invitations that they sent or were sent.

    Raises OwnRemoval, LastAdmin or NotStaff.
    """
    if actor.pk == user.pk:
        raise OwnRemoval
    _lock_member(user)
    _refuse_last_admin(user)
    before = _present_roles(user)
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(is_staff=False, is_superuser=False)
    for session in UserSession.objects.filter(user=user):
        session.end()
    _withdraw_invitations(user, at)
    _withdraw_offers(user, at)
    note(
        party(actor),
        "staff.removed",
        party(user),
        at=at,
        reason=reason,
        person=user.person_id,
        payload={"before": sorted(before)},
    )


def leave(user: User, at: datetime) -> None:
    """Let a person go who is being erased, and withdraw the invitations that they sent. Raises LastAdmin."""
    lock()
    _refuse_last_admin(user)
    _withdraw_invitations(user, at)


def known(roles: Iterable[str]) -> set[str]:
    """The roles, if there are any and the table holds each of them; raises NoSuchRole otherwise."""
    chosen = set(roles)
    if not chosen or chosen - set(ROLES):
        raise NoSuchRole
    return chosen


def lock() -> None:
    """Hold the admins' group until the transaction ends: whoever changes the staff takes turns here."""
    Group.objects.select_for_update().get(name=ADMIN)


def note(
    actor: audit.Party,
    verb: str,
    subject: audit.Party,
    *,
    at: datetime,
    reason: str = "",
    person: Any = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write an act on the staff down twice: for those who ask who did it, and for those who read what happened."""
    entry = audit.record(actor, verb, subject, at=at, reason=reason)
    events.record(verb, person=person, subject=subject, at=at, key=f"{verb}:{entry.pk}", payload=payload)


def _lock_member(user: User) -> None:
    lock()
    if not User.objects.filter(pk=user.pk, is_staff=True).exists():
        raise NotStaff


def _present_roles(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True)) & set(ROLES)


def _refuse_last_admin(user: User) -> None:
    admins = User.objects.filter(groups__name=ADMIN, is_staff=True, is_active=True)
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise LastAdmin


def _withdraw_invitations(user: User, at: datetime) -> None:
    """What somebody offered while they could must not let anybody in after they can't."""
    StaffInvitation.objects.unanswered().filter(invited_by=user.public_id).update(revoked_at=at)


def _withdraw_offers(user: User, at: datetime) -> None:
    """What somebody was offered before they were removed must not let them in again."""
    for address in user.emailaddress_set.values_list("email", flat=True):
        StaffInvitation.objects.unanswered().filter(email__iexact=address).update(revoked_at=at)
