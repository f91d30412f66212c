"""Batches of payouts: collecting one with a preview, approving it, and the work list for paying it by hand."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates.models import Advocate
from brand.access import AuthenticatedRequest
from rewards import people
from rewards.cash import batches, by_hand
from rewards.manage.payouts import may_make_payouts, rows
from rewards.models import Payout, PayoutBatch
from spine import clock, keyset, sheets

SHOWN = 50
# Of those who are left out, so many are named.
NAMED = 50


@require_safe
@login_required
@may_make_payouts
def payout_batches(request: AuthenticatedRequest) -> HttpResponse:
    """Every batch, the newest first."""
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(_counted(), order=("-made_at", "-id"), limit=20, **cursors)
    return render(request, "rewards/manage/payout_batches.html", {"page": page, "rows": _told(page.rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_make_payouts
def make_payout_batch(request: AuthenticatedRequest) -> HttpResponse:
    """Collect what can be paid, after reading who that is and who is left out."""
    at = clock.now()
    if request.method == "POST":
        batch = batches.make(request.user, at)
        return redirect("rewards:payout_batch", batch.public_id)
    found = batches.preview(request.user, at)
    return render(request, "rewards/manage/make_payout_batch.html", {"found": found, **_left_out(found)})


@require_safe
@login_required
@may_make_payouts
def payout_batch(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One batch: before its approval what that sets off, afterwards how far each payout has come."""
    batch, at = get_object_or_404(_counted(), public_id=public_id), clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    mine = batch.payouts.select_related("details", "batch")
    page = keyset.page(mine, order=("id",), limit=SHOWN, **cursors)
    context: dict[str, Any] = {"page": page, "rows": rows(page.rows, request), **_told([batch])[0]}
    if batch.is_open:
        found = batches.preview_of(batch, at)
        context |= {
            "found": found,
            "needs_another": batches.needs_another(batch, request.user, found),
            "is_own": bool(people.own(request.user, [payout.person_id for payout in found.payable])),
            **_left_out(found),
        }
    else:
        context["by_hand"] = by_hand.is_waiting(batch)
    return render(request, "rewards/manage/payout_batch.html", context)


@require_POST
@login_required
@may_make_payouts
def approve_payout_batch(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Let a batch go."""
    found = batches.approve(_batch(public_id), request.user, clock.now())
    count = len(found.payable)
    messages.success(
        request,
        ngettext("Approved: %(count)d payout goes out.", "Approved: %(count)d payouts go out.", count)
        % {"count": count},
    )
    return redirect("rewards:payout_batch", public_id)


@require_POST
@login_required
@may_make_payouts
def dissolve_payout_batch(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take a batch apart."""
    batches.dissolve(_batch(public_id), request.user, clock.now())
    messages.success(request, _("The batch is dissolved. Its payouts wait to be collected again."))
    return redirect("rewards:manage_payouts")


@require_POST
@login_required
@may_make_payouts
def export_payout_batch(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    """The work list with everybody's account, for the bank; asked for by a form, since it is written down."""
    found = by_hand.work_list(_batch(public_id), request.user, clock.now())
    response = sheets.response(f"payouts-{public_id}", by_hand.head(), found)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
@may_make_payouts
def mark_payout_batch_paid(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Note that everybody on the work list was paid."""
    count, left = by_hand.mark_all_paid(_batch(public_id), request.user, clock.now())
    messages.success(
        request,
        ngettext("%(count)d payout is noted as paid.", "%(count)d payouts are noted as paid.", count)
        % {"count": count},
    )
    if left:
        messages.warning(
            request,
            ngettext(
                "%(count)d was left for you to look at: it is not on the work list any more, or it is your own.",
                "%(count)d were left for you to look at: they are not on the work list any more, or they are your own.",
                left,
            )
            % {"count": left},
        )
    return redirect("rewards:payout_batch", public_id)


def _batch(public_id: UUID) -> PayoutBatch:
    return get_object_or_404(PayoutBatch, public_id=public_id)


def _counted() -> QuerySet[PayoutBatch]:
    """Batches with how many payouts they hold, and how many of them are done or failed."""
    return PayoutBatch.objects.annotate(
        total=Count("payouts"),
        paid=Count("payouts", filter=Q(payouts__state=Payout.State.PAID)),
        failed=Count("payouts", filter=Q(payouts__state=Payout.State.FAILED)),
        open=Count("payouts", filter=Q(payouts__ended_at=None)),
    )


def _left_out(found: batches.Preview) -> dict[str, Any]:
    hindered = found.hindered[:NAMED]
    names = people.names(payout.person_id for payout, _why in hindered)
    named = [(payout, names.get(payout.person_id, _("Somebody who left")), why) for payout, why in hindered]
    return {"hindered": named, "more": len(found.hindered) - len(hindered)}


def _told(found: list[PayoutBatch]) -> list[dict[str, Any]]:
    """Batches with what the staff behind them are called."""
    ids = {public_id for batch in found for public_id in (batch.made_by, batch.approved_by) if public_id}
    users = Advocate.objects.filter(user__public_id__in=ids).values_list("user__public_id", "display_name")
    names = {str(public_id): name for public_id, name in users}
    nobody = _("somebody who left")
    return [
        {
            "batch": batch,
            "maker": names.get(batch.made_by, nobody),
            "approver": names.get(batch.approved_by, nobody),
        }
        for batch in found
    ]
