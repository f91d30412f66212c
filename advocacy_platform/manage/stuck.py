"""Stuck work of every kind, and starting it again."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from advocacy_platform import stuck as work
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import staff as people
from spine import clock, keyset
from spine.due import DueRow

SHOWN = 50


@require_safe
@requires("spine.retry_stuck")
def stuck(request: StaffRequest) -> HttpResponse:
    """What is dead or late: of one kind page by page, or of all kinds what has been stuck the longest."""
    at = clock.now()
    kinds = work.kinds(at)
    page = None
    if key := request.GET.get("kind", ""):
        cursors = {name: request.GET.get(name) for name in ("after", "before")}
        page = keyset.page(work.ordered(_model(key), at), order=("since", "pk"), limit=SHOWN, **cursors)
        rows = work.describe(page.rows)
    else:
        rows = work.longest(at, limit=SHOWN)
    chosen = next((kind for kind in kinds if kind.key == key), None)
    context = {"kinds": kinds, "chosen": chosen, "rows": rows, "page": page, "all": sum(kind.stuck for kind in kinds)}
    return render(request, "manage/stuck.html", context)


@require_POST
@requires("spine.retry_stuck")
def retry(request: StaffRequest, kind: str, pk: str) -> HttpResponse:
    """Start one dead row again."""
    model = _model(kind)
    row = get_object_or_404(model._base_manager, pk=_pk(model, pk))
    work.retry(people.party(request.user), row, at=clock.now())
    messages.success(request, _("It is due again. A worker takes it up within seconds."))
    return redirect(f"{reverse('manage:stuck')}?kind={kind}")


@require_POST
@requires("spine.retry_stuck")
def retry_all(request: StaffRequest, kind: str) -> HttpResponse:
    """Start every dead row of a kind again."""
    started = work.retry_all(people.party(request.user), _model(kind), at=clock.now())
    sentence = ngettext("%(count)d is due again.", "%(count)d are due again.", started)
    messages.success(request, sentence % {"count": started})
    return redirect(f"{reverse('manage:stuck')}?kind={kind}")


def _model(key: str) -> type[DueRow]:
    try:
        return work.models_by_key()[key]
    except KeyError as unknown:
        raise Http404 from unknown


def _pk(model: type[DueRow], text: str) -> object:
    assert model._meta.pk is not None
    try:
        return model._meta.pk.to_python(text)
    except ValidationError as malformed:
        raise Http404 from malformed
