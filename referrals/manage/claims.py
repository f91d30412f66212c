"""Claims for the staff: what waits for an answer, and one with everything that is known about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brand.access import AuthenticatedRequest
from referrals import naming
from referrals.manage.claim_forms import DeclineForm, GrantForm
from referrals.models import Claim
from referrals.review import claim_evidence
from referrals.review import claims as claiming
from referrals.review.cases import staff_names
from referrals.review.claim_evidence import Evidence
from spine import clock, keyset

SHOWN = 50
may_review = permission_required("referrals.review_conversions", raise_exception=True)


@require_safe
@login_required
@may_review
def claims(request: AuthenticatedRequest) -> HttpResponse:
    """What waits for an answer, the oldest first; or what was answered, the newest first."""
    answered = request.GET.get("state") == "answered"
    found = Claim.objects.select_related("program")
    found = found.exclude(state=Claim.State.OPEN) if answered else found.filter(state=Claim.State.OPEN)
    order = ("-decided_at", "-id") if answered else ("filed_at", "id")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found, order=order, limit=SHOWN, **cursors)
    names = naming.of(claim.person_id for claim in page.rows)
    rows = [(claim, names.of(claim.person_id)) for claim in page.rows]
    context = {"page": page, "rows": rows, "answered": answered}
    return render(request, "referrals/manage/claims.html", context)


@require_safe
@login_required
@may_review
def claim(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One claim, and everything that is known about it."""
    evidence = _evidence(request, public_id)
    grant = GrantForm(orders=[each.order for each in evidence.orders])
    return _page(request, evidence, grant, DeclineForm())


@require_POST
@login_required
@may_review
def grant(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Believe the advocate."""
    evidence = _evidence(request, public_id)
    form = GrantForm(request.POST, orders=[each.order for each in evidence.orders])
    if not form.is_valid():
        return _page(request, evidence, form, DeclineForm(), status=422)
    told = form.cleaned_data
    claiming.grant(evidence.claim, told["order"], request.user, answer=told["answer"], at=clock.now())
    messages.success(request, _("Granted. The order is decided anew in a moment, and the advocate gets an email."))
    return redirect("referrals:manage_claims")


@require_POST
@login_required
@may_review
def decline(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say no."""
    evidence = _evidence(request, public_id)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        grant = GrantForm(orders=[each.order for each in evidence.orders])
        return _page(request, evidence, grant, form, status=422)
    claiming.decline(evidence.claim, request.user, answer=form.cleaned_data["answer"], at=clock.now())
    messages.success(request, _("Declined. The advocate gets your answer by email."))
    return redirect("referrals:manage_claims")


def _evidence(request: AuthenticatedRequest, public_id: UUID) -> Evidence:
    found = get_object_or_404(Claim.objects.select_related("program"), public_id=public_id)
    return claim_evidence.gather(found, request.user)


def _page(
    request: AuthenticatedRequest, evidence: Evidence, grant: GrantForm, decline: DeclineForm, status: int = 200
) -> HttpResponse:
    claim = evidence.claim
    context: dict[str, Any] = {
        "evidence": evidence,
        "claim": claim,
        "grant": grant,
        "decline": decline,
        "decided_by": staff_names([claim.decided_by]).get(claim.decided_by, ""),
    }
    return render(request, "referrals/manage/claim.html", context, status=status)
