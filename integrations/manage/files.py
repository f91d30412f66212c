"""Files with a shop's past: bringing one in, naming its columns, seeing what is wrong, and taking it."""

from itertools import islice
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates import staff
from brand.access import AuthenticatedRequest
from customers.models import Source
from integrations import verdicts
from integrations.files import bringing
from integrations.manage.forms import ColumnsForm, FileForm
from integrations.manage.shops import may_manage_sources
from integrations.models import Import
from spine import clock, sheets

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_sources
def files(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """The files of a shop, the newest first; by POST, bring one in."""
    source = get_object_or_404(Source, key=key)
    form, status = FileForm(request.POST or None, request.FILES or None), 200
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data["file"]
        try:
            table = bringing.bring(
                source, form.cleaned_data["kind"], told.name, told.file, staff.party(request.user), clock.now()
            )
        except bringing.NoTable as refusal:
            form.add_error("file", refusal.detail)
            status = refusal.status
        else:
            return redirect("integrations:file_columns", key, table.public_id)
    context = {"source": source, "form": form, "tables": Import.objects.filter(source=source).order_by("-pk")[:SHOWN]}
    return render(request, "integrations/files.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_sources
def columns(request: AuthenticatedRequest, key: str, public_id: UUID) -> HttpResponse:
    """Say which column is what, beside its first rows."""
    table = _found(key, public_id)
    form, status = ColumnsForm(table, request.POST if request.method == "POST" else None), 200
    if request.method == "POST" and form.is_valid():
        try:
            bringing.name_columns(table, form.mapping(), form.cleaned_data.get("all_in", ""), clock.now())
        except bringing.NotNamed as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        else:
            return redirect("integrations:file", key, public_id)
    first = table.slices.order_by("number").first()
    sample = [row[1:] for row in first.cells[:3]] if first else []
    context = {"table": table, "source": table.source, "form": form, "sample": sample}
    return render(request, "integrations/file_columns.html", context, status=status)


@require_safe
@login_required
@may_manage_sources
def file(request: HttpRequest, key: str, public_id: UUID) -> HttpResponse:
    """How far a file has come, and what is wrong in it."""
    table = _found(key, public_id)
    is_known = table.state in (Import.State.CHECKED, Import.State.DONE)
    told = {"what": "row", "is_refused": False}
    results = bringing.results(table) if table.state == Import.State.DONE else {}
    context = {
        "table": table,
        "source": table.source,
        "progress": bringing.progress(table),
        "wrong": list(islice(bringing.wrong(table), SHOWN)) if is_known else [],
        "results": [(verdicts.result({**told, "result": name}), count) for name, count in sorted(results.items())],
    }
    return render(request, "integrations/file.html", context)


@require_POST
@login_required
@may_manage_sources
def take(request: AuthenticatedRequest, key: str, public_id: UUID) -> HttpResponse:
    """Take the rows of a file, all or the good ones."""
    table, skip_bad = _found(key, public_id), request.POST.get("rows") == "good"
    bringing.take(table, staff.party(request.user), clock.now(), skip_bad=skip_bad)
    messages.success(request, _("They are being taken. You may leave this page."))
    return redirect("integrations:file", key, public_id)


@require_POST
@login_required
@may_manage_sources
def drop(request: AuthenticatedRequest, key: str, public_id: UUID) -> HttpResponse:
    """Forget a file."""
    bringing.drop(_found(key, public_id), staff.party(request.user), clock.now())
    messages.success(request, _("The file is forgotten. Nothing of it was taken."))
    return redirect("integrations:files", key)


@require_safe
@login_required
@may_manage_sources
def bad(request: HttpRequest, key: str, public_id: UUID) -> HttpResponseBase:
    """The bad rows as they were brought, with what is wrong, to be mended and brought again."""
    table = _found(key, public_id)
    rows = ([number, column, why, *row] for number, column, why, row in bringing.wrong(table))
    return sheets.response("bad-rows", [_("Row"), _("Column"), _("What is wrong"), *table.columns], rows)


def _found(key: str, public_id: UUID) -> Import:
    return get_object_or_404(Import.objects.select_related("source"), source__key=key, public_id=public_id)
