"""What the visitor was told on the site, the newest first, and saying that they have read it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from advocates import notices as told
from advocates.models import Notice
from brand.access import AuthenticatedRequest
from spine import keyset

SHOWN = 20
_MOST = 2**63 - 1


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: AuthenticatedRequest) -> HttpResponse:
    """Every notice; posting says up to which one they are read."""
    advocate = request.user.advocate
    if request.method == "POST":
        last = request.POST.get("last", "")
        if last.isascii() and last.isdigit() and int(last) <= _MOST:
            told.mark_read(advocate, int(last))
        return redirect("notices")
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    mine = Notice.objects.filter(person=advocate.person_id)
    page = keyset.page(mine, order=("-id",), limit=SHOWN, **cursors)
    return render(request, "advocates/notices.html", {"page": page, "advocate": advocate})
