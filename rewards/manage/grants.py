"""What orders earned and somebody of the staff sends or arranges: the work list, and noting that it is done."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from brand.access import AuthenticatedRequest
from rewards import granting, people, words
from rewards.manage.catalogue import may_manage_catalogue
from rewards.manage.redemptions import ArrivedForm
from rewards.models import Grant
from spine import clock, keyset

SHOWN = 50


@require_safe
@login_required
@may_manage_catalogue
def manage_grants(request: HttpRequest) -> HttpResponse:
    """What waits for the staff, the oldest first."""
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    found = granting.waiting().select_related("plan", "scheme")
    page = keyset.page(found, order=("ready_at", "id"), limit=SHOWN, **cursors)
    names = people.names(row.person_id for row in page.rows)
    rows = [{"grant": row, "what": words.given(row), "name": names.get(row.person_id, "")} for row in page.rows]
    return render(request, "rewards/manage/grants.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_catalogue
@never_cache
def manage_grant(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One of them; by POST, note that it was sent or arranged."""
    grant = get_object_or_404(Grant.objects.select_related("plan", "scheme"), public_id=public_id)
    form = ArrivedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        granting.mark_sent(grant, request.user, form.cleaned_data["words"], clock.now())
        messages.success(request, _("Noted. They get an email in a moment."))
        return redirect("rewards:manage_grants")
    context = {
        "grant": grant,
        "what": words.given(grant),
        "name": people.names([grant.person_id]).get(grant.person_id, ""),
        "is_own": bool(people.own(request.user, [grant.person_id])),
        "can_mark": granting.waiting().filter(pk=grant.pk).exists(),
        "form": form,
    }
    return render(request, "rewards/manage/grant.html", context, status=422 if request.method == "POST" else 200)
