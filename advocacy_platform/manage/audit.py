"""Looking past acts up."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from advocacy_platform import audit_search
from advocacy_platform.manage.forms import AuditForm
from advocacy_platform.manage.request import StaffRequest, requires
from spine import keyset

SHOWN = 50


@require_safe
@requires("spine.view_auditentry")
def audit(request: StaffRequest) -> HttpResponse:
    """Who did what, to what, when and why; the newest first."""
    form = AuditForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        return render(request, "manage/audit.html", {"form": form, "acts": [], "page": None}, status=422)
    wanted = form.cleaned_data if form.is_bound else {}
    found = audit_search.search(request.user, **wanted)
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(found, order=("-id",), limit=SHOWN, **cursors)
    context = {"form": form, "acts": audit_search.describe(page.rows, request.user), "page": page}
    return render(request, "manage/audit.html", context)
