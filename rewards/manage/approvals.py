"""What waits for somebody's yes: rewards, grants, and what one of the staff proposed to do by hand."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates.models import Advocate
from brand.access import AuthenticatedRequest
from rewards import approvals, explaining, people, proposals, words
from rewards.models import Proposal
from spine import clock, keyset

may_approve = permission_required("rewards.approve_rewards", raise_exception=True)
SHOWN = 50


class RefuseForm(forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=gettext_lazy("Why not"), max_length=300, help_text=gettext_lazy("They read this, so be kind.")
    )


@require_safe
@login_required
@may_approve
def manage_approvals(request: AuthenticatedRequest) -> HttpResponse:
    """Everything that waits, the longest first, with why it was promised."""
    at = clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    found = approvals.waiting_rewards().select_related("scheme", "occasion")
    page = keyset.page(found, order=("promised_at", "id"), limit=SHOWN, **cursors)
    grants = list(approvals.waiting_grants().select_related("scheme").order_by("promised_at", "id")[:SHOWN])
    proposed = list(proposals.waiting().select_related("scheme", "reward"))
    persons = {row.person_id for rows in (page.rows, grants, proposed) for row in rows}
    names, own = people.names(persons), people.own(request.user, persons)
    steps = explaining.steps(page.rows, at)
    context = {
        "page": page,
        "rewards": [{**_row(row, names, own), "steps": steps[row.pk]} for row in page.rows],
        "grants": [_row(row, names, own) for row in grants],
        "proposals": [
            {
                **_row(row, names, own),
                "maker": _maker(row, proposed),
                "is_mine": row.proposed_by == str(request.user.public_id),
            }
            for row in proposed
        ],
    }
    return render(request, "rewards/manage/approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_approve
def decide_approvals(request: AuthenticatedRequest) -> HttpResponse:
    """What approving the chosen ones would do; then do it, or refuse them."""
    told: QueryDict = request.POST if request.method == "POST" else request.GET
    chosen = _ids(told.getlist("on"))
    found = approvals.preview(chosen, request.user)
    form = RefuseForm(request.POST if told.get("act") == "refuse" else None)
    if request.method != "POST" or (told.get("act") == "refuse" and not form.is_valid()):
        names = people.names(row.person_id for row in found.rows)
        context = {
            "found": found,
            "form": form,
            "rows": [_row(row, names, set()) for row in found.rows],
        }
        return render(request, "rewards/manage/decide_approvals.html", context, status=422 if form.is_bound else 200)
    if told.get("act") == "refuse":
        done = approvals.refuse(chosen, request.user, form.cleaned_data["reason"], clock.now())
        said = ngettext("%(count)d is refused.", "%(count)d are refused.", len(done.rows))
    else:
        done = approvals.approve(chosen, request.user, clock.now())
        said = ngettext("%(count)d is approved.", "%(count)d are approved.", len(done.rows))
    messages.success(request, said % {"count": len(done.rows)})
    return redirect("rewards:manage_approvals")


@require_POST
@login_required
@may_approve
def agree_proposal(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say yes to what somebody proposed."""
    proposals.agree(get_object_or_404(Proposal, public_id=public_id), request.user, clock.now())
    messages.success(request, _("Done, and booked."))
    return redirect("rewards:manage_approvals")


@require_POST
@login_required
@may_approve
def decline_proposal(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say no to it."""
    proposals.decline(get_object_or_404(Proposal, public_id=public_id), request.user, clock.now())
    messages.success(request, _("Declined. Nothing was booked."))
    return redirect("rewards:manage_approvals")


def _row(row: Any, names: Mapping[UUID, str], own: Collection[UUID]) -> dict[str, Any]:
    name = names.get(row.person_id, _("A friend who has not joined"))
    kind = words.GRANTS.get(getattr(row, "kind", ""), "")
    return {"row": row, "name": name, "is_own": row.person_id in own, "kind": kind}


def _maker(row: Proposal, proposed: Sequence[Proposal]) -> str:
    makers = Advocate.objects.filter(user__public_id__in={each.proposed_by for each in proposed})
    names = {str(key): name for key, name in makers.values_list("user__public_id", "display_name")}
    return names.get(row.proposed_by, _("Somebody who left"))


def _ids(told: Sequence[str]) -> list[UUID]:
    found = []
    for text in told[:200]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
