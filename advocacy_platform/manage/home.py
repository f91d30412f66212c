"""The staff's home: what waits for a person, and whether the machines keep up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from advocacy_platform import stuck
from advocacy_platform.manage.request import StaffRequest, requires
from advocates.models import StaffInvitation, User
from referrals.review import claims, reviewing
from rewards import approvals, granting, pools
from rewards.cash import batches
from rewards.catalogue import by_hand
from spine import clock, tallies


@dataclass(frozen=True)
class Waiting:
    """One thing of which some wait: a figure and where it is dealt with."""

    label: str | Promise
    count: int
    href: str
    needs_somebody: bool = True


def stuck_rows(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Work that machines could not do."""
    if not viewer.has_perm("spine.retry_stuck"):
        return None
    return Waiting(_("Stuck work"), sum(kind.stuck for kind in found), reverse("manage:stuck"))


def open_invitations(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Invitations that nobody answered yet."""
    if not viewer.has_perm("advocates.manage_staff"):
        return None
    count = StaffInvitation.objects.open(at).count()
    return Waiting(_("Open invitations"), count, reverse("manage:staff"), needs_somebody=False)


def stopped_conversions(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Conversions that the checks stopped."""
    if not viewer.has_perm("referrals.review_conversions"):
        return None
    return Waiting(_("To check"), reviewing.stopped().count(), reverse("referrals:review"))


def open_claims(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Claims that nobody answered yet."""
    if not viewer.has_perm("referrals.review_conversions"):
        return None
    return Waiting(_("Claims"), claims.unanswered().count(), reverse("referrals:manage_claims"))


def low_pools(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Pools of discount codes that are in use and nearly empty."""
    if not viewer.has_perm("rewards.manage_pools"):
        return None
    return Waiting(_("Discount codes running low"), len(pools.running_low(at)), reverse("rewards:pools"))


def payouts_to_make(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Payouts that nobody collected, and batches that nobody approved."""
    if not viewer.has_perm("rewards.make_payouts"):
        return None
    return Waiting(_("Payouts to make"), _count(batches.waits()), reverse("rewards:manage_payouts"))


def to_approve(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """Rewards that nobody may have without a yes, and what somebody proposed."""
    if not viewer.has_perm("rewards.approve_rewards"):
        return None
    return Waiting(_("To approve"), _count(approvals.waits()), reverse("rewards:manage_approvals"))


def to_hand_out(viewer: User, found: list[stuck.Kind], at: datetime) -> Waiting | None:
    """What people took of the catalogue or earned, and somebody has to send or arrange."""
    if not viewer.has_perm("rewards.manage_catalogue"):
        return None
    waits = _count([by_hand.waiting(), granting.waiting()])
    return Waiting(_("To hand out"), waits, reverse("rewards:manage_redemptions"))


def _count(waits: Sequence[QuerySet[Any, Any]]) -> int:
    return tallies.count({"waits": waits})["waits"]


# A room with something that waits for staff adds its figure here.
WAITING: list[Callable[[User, list[stuck.Kind], datetime], Waiting | None]] = [
    stopped_conversions,
    open_claims,
    low_pools,
    to_approve,
    payouts_to_make,
    to_hand_out,
    stuck_rows,
    open_invitations,
]


@require_safe
@requires("advocates.see_staff_home")
def home(request: StaffRequest) -> HttpResponse:
    """What waits, and how the sweeps keep up."""
    at = clock.now()
    kinds = stuck.kinds(at)
    figures = [figure(request.user, kinds, at) for figure in WAITING]
    context = {
        "waiting": [figure for figure in figures if figure],
        "kinds": kinds,
        "may_retry": request.user.has_perm("spine.retry_stuck"),
        "is_late": any(kind.late for kind in kinds),
    }
    return render(request, "manage/home.html", context)
