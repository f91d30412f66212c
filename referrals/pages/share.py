"""The panel on an advocate's home from which they share, and the pages on which they make their link their own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from advocates import staff, suspending
from advocates.models import User
from brand.models import Brand
from customers.models import Person
from referrals.models import Link, Program
from referrals.share import codes, destinations, links, sharing
from spine import clock, limits
from spine.refusal import Refusal


class AliasForm(forms.Form):
    """A code of one's own choosing."""

    text = forms.CharField(
        label=gettext_lazy("Your code"),
        max_length=codes.LONGEST,
        help_text=gettext_lazy("3 to 30 letters, digits and hyphens. Capitals and small letters are the same."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class PageForm(forms.Form):
    """A page of the shop."""

    to = forms.CharField(
        label=gettext_lazy("Address of the page"),
        max_length=destinations.LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )


@dataclass(frozen=True)
class Block:
    """One program on an advocate's home."""

    program: Program
    # None while the link is being made, and until the rules are accepted.
    kit: sharing.Kit | None
    is_accepted: bool


@dataclass(frozen=True)
class Panel:
    """All that an advocate's home shows for sharing."""

    blocks: Sequence[Block]
    is_suspended: bool


def panel(person: Person, live: Sequence[Program], asked: Collection[int], brand: Brand, at: datetime) -> Panel:
    """The person's links in the `live` programs, but not in those that still ask for a first yes to their rules."""
    accepted = {program.pk for program in live}.difference(asked)
    mine = Link.objects.filter(person=person, program__in=live).exclude(code="")
    own = {link.program_id: link for link in mine.annotate(is_suspended=suspending.of(OuterRef("person"), at))}
    blocks = [
        Block(
            program=program,
            kit=sharing.kit(own[program.pk], program, brand) if program.pk in own and program.pk in accepted else None,
            is_accepted=program.pk in accepted,
        )
        for program in live
    ]
    return Panel(blocks, any(link.is_suspended for link in own.values()))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rename(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose another code for one's link."""
    assert isinstance(request.user, User)
    link = _own(request, public_id)
    form = AliasForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        limits.take("rename", str(request.user.public_id), limit=30, per=timedelta(hours=1), at=at)
        try:
            link = links.rename(link, form.cleaned_data["text"], staff.party(request.user), at)
        except Refusal as refusal:
            form.add_error("text", refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("Your link now reads %(code)s. The one before still works.") % {"code": link})
            return redirect("home")
    return render(request, "referrals/rename.html", {"form": form, "link": link, "url": links.url(link)}, status=status)


@require_safe
@login_required
def page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One's link to one page of the shop."""
    link = _own(request, public_id)
    form = PageForm(request.GET if "to" in request.GET else None)
    allowed = None
    if form.is_bound and form.is_valid():
        allowed = destinations.allowed(link.program, form.cleaned_data["to"])
        if allowed is None:
            hosts = ", ".join(sorted(destinations.hosts(link.program)))
            form.add_error(
                "to", _("Your link can lead to pages that begin with https:// on %(hosts)s.") % {"hosts": hosts}
            )
    context = {"form": form, "link": link, "deep_url": links.url(link, to=allowed) if allowed else ""}
    return render(request, "referrals/page.html", context, status=422 if form.errors else 200)


def _own(request: HttpRequest, public_id: UUID) -> Link:
    """The signed-in person's link; anybody else's does not exist."""
    assert isinstance(request.user, User)
    mine = Link.objects.select_related("program").exclude(code="")
    return get_object_or_404(mine, public_id=public_id, person=request.user.person_id)
