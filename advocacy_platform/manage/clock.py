"""The sandbox's clock."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from advocacy_platform.manage.forms import STEPS, MoveForm
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import staff as people
from spine import audit
from spine import clock as time


@require_http_methods(["GET", "HEAD", "POST"])
@requires("spine.change_clockoffset")
def clock(request: StaffRequest) -> HttpResponse:
    """What time it is in the sandbox, and moving it ahead."""
    if not settings.SANDBOX:
        raise Http404
    form = MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            now = time.move_forward(form.step)
            audit.record(people.party(request.user), "clock.moved", ("clock", f"+{form.step.days}d"), at=now)
        messages.success(request, _("The clock is moved. What fell due in between is done in a moment."))
        return redirect("manage:clock")
    context = {"form": form, "now": time.now(), "offset": time.offset(), "steps": STEPS}
    return render(request, "manage/clock.html", context)
