"""The queue of stopped conversions, and the staff's verdicts on them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import View

from brand.access import AuthenticatedRequest
from referrals.manage.conversion_forms import VerdictForm
from referrals.models import Conversion, Verdict
from referrals.models.conversion import SideVerdict
from referrals.review import cases, reviewing
from referrals.review.cases import Case
from spine import clock, keyset

SHOWN = 20
RECENT = 5
may_review = permission_required("referrals.review_conversions", raise_exception=True)


@require_safe
@login_required
@may_review
def review(request: AuthenticatedRequest) -> HttpResponse:
    """What is stopped, the longest first, with what speaks for and against it and what either answer sets off."""
    at = clock.now()
    stopped = Conversion.objects.filter(state=Conversion.State.STOPPED)
    found = stopped.select_related("program", "order__source", "lead__source")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found, order=("stopped_at", "id"), limit=SHOWN, **cursors)
    context = {"page": page, "cases": cases.of(page.rows, request.user, at), "recent": _recent(request)}
    return render(request, "referrals/manage/review.html", context)


@method_decorator([login_required, may_review], name="dispatch")
class Decide(View):
    """Approve or refuse what waits of one conversion."""

    verdict = SideVerdict.ALLOW

    def get(self, request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
        """What speaks for and against it, what the answer sets off, and the question why."""
        case = _case(request, public_id)
        form = VerdictForm(sides=_choices(case), initial={"decision": case.decision.public_id})
        return self._page(request, case, form)

    def post(self, request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
        """Do it."""
        case = _case(request, public_id)
        form = VerdictForm(request.POST, sides=_choices(case))
        if not form.is_valid():
            return self._page(request, case, form, status=422)
        told = {"decision": form.cleaned_data["decision"], "reason": form.cleaned_data["reason"], "at": clock.now()}
        after = reviewing.give(case.conversion, form.on, self.verdict, request.user, **told)
        messages.success(request, _said(after, self.verdict))
        # The next one stands there and has the focus, so that one key decides it.
        return redirect(f"{reverse('referrals:review')}#next")

    def _page(self, request: AuthenticatedRequest, case: Case, form: VerdictForm, status: int = 200) -> HttpResponse:
        context = {"case": case, "form": form, "approves": self.verdict == SideVerdict.ALLOW}
        return render(request, "referrals/manage/verdict.html", context, status=status)


@require_POST
@login_required
@may_review
def undo(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take a verdict back."""
    verdict = get_object_or_404(Verdict.objects.select_related("decision__conversion"), public_id=public_id)
    reviewing.undo(verdict, request.user, clock.now())
    messages.success(request, _("The verdict is undone, and the conversion waits again."))
    return redirect("referrals:review")


def _case(request: AuthenticatedRequest, public_id: UUID) -> Case:
    found = Conversion.objects.select_related("program", "order__source", "lead__source")
    conversion = get_object_or_404(found, public_id=public_id)
    case = next(iter(cases.of([conversion], request.user, clock.now())), None)
    if case is None or not case.open_sides:
        raise reviewing.NotStopped
    return case


def _choices(case: Case) -> list[tuple[str, str]]:
    return [(side.side.value, f"{side.side.label}: {side.name}") for side in case.sides if side.is_open]


def _said(conversion: Conversion, verdict: SideVerdict) -> str:
    if verdict == SideVerdict.REFUSE:
        return _("Refused. You can undo it below.")
    if conversion.state == Conversion.State.STOPPED:
        return _("Your approval is noted. The rest waits for somebody else, or for your next answer.")
    return _("Approved. You can undo it below until the first reward is available.")


def _recent(request: AuthenticatedRequest) -> list[dict[str, Any]]:
    """What this person decided last, to undo it."""
    by = str(request.user.public_id)
    latest = Verdict.objects.filter(by=by, undone_at=None, decision__superseded_at=None)
    found = latest.select_related("decision__conversion__order", "decision__conversion__lead").order_by("-pk")[:RECENT]
    return [{"verdict": verdict, "conversion": verdict.decision.conversion} for verdict in found]
