"""The pools of discount codes: what is left in each, making one, and filling it."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from brand.access import AuthenticatedRequest, actor
from rewards import pools as stock
from rewards.models import Pool, Scheme
from spine import clock, keyset

may_manage_pools = permission_required("rewards.manage_pools", raise_exception=True)
# So many wrong lines are shown; the rest are most likely wrong in the same way.
SHOWN = 50


class PoolForm(forms.Form):
    """A new pool."""

    scheme = forms.ModelChoiceField(
        label=gettext_lazy("For which program"), queryset=Scheme.objects.order_by("name", "pk"), empty_label=None
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What its codes give, such as “10 % off”.")
    )


class CodesForm(forms.Form):
    """Codes for a pool, pasted or in a file."""

    text = forms.CharField(
        label=gettext_lazy("Codes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=gettext_lazy("One on each line, as your shop made them."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("A text or CSV file with the codes in its first column, at most 50,000."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Good until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The last day on which the shop takes them; after it, none is handed out."),
    )

    def clean(self) -> dict[str, Any]:
        """Codes come in one of the two ways."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("text")) == bool(cleaned.get("file")):
            raise forms.ValidationError(_("Paste the codes, or choose a file with them."))
        return cleaned

    def lines(self) -> Iterator[str]:
        """What was sent, line by line, as it is read."""
        if file := self.cleaned_data["file"]:
            return (line.decode("utf-8", errors="replace") for line in file)
        return iter(self.cleaned_data["text"].splitlines())

    def expires_at(self) -> datetime | None:
        """The last instant of that day, in UTC."""
        day = self.cleaned_data["expires_on"]
        return datetime.combine(day, time.max, UTC) if day else None


@require_safe
@login_required
@may_manage_pools
def pools(request: HttpRequest) -> HttpResponse:
    """Every pool with what is left in it, the newest first."""
    found = keyset.page(
        Pool.objects.select_related("scheme"),
        order=("-pk",),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    context = {"page": found, "rows": stock.stocked(found.rows, clock.now())}
    return render(request, "rewards/pools.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_pools
def create(request: AuthenticatedRequest) -> HttpResponse:
    """Make a pool."""
    form = PoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        pool = stock.create(**form.cleaned_data, actor=actor(request), at=clock.now())
        messages.success(request, _("The pool is made. Now put codes into it."))
        return redirect("rewards:pool", pool.public_id)
    return render(request, "rewards/create_pool.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_pools
def pool(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One pool, and more codes for it."""
    found = get_object_or_404(Pool.objects.select_related("scheme"), public_id=public_id)
    at = clock.now()
    form = CodesForm(request.POST or None, request.FILES or None)
    wrong: tuple[stock.BadLine, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            count = stock.fill(found, form.lines(), actor(request), at, form.expires_at())
        except stock.BadCodes as refusal:
            wrong = tuple(refusal.lines)
            form.add_error(None, refusal.detail)
        except (stock.NoCodes, stock.TooManyCodes) as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(
                request, ngettext("%(count)d code is in.", "%(count)d codes are in.", count) % {"count": count}
            )
            return redirect("rewards:pool", found.public_id)
    context = {
        "row": stock.stocked([found], at)[0],
        "form": form,
        "wrong": wrong[:SHOWN],
        "more": max(0, len(wrong) - SHOWN),
    }
    return render(request, "rewards/pool.html", context, status=422 if form.is_bound else 200)
