"""A program's rules for everybody to read, and the one click by which they are accepted."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from advocates.models import Advocate
from referrals import programs
from referrals.design import acceptance
from referrals.design import rules as words
from referrals.models import Program, Terms
from referrals.models.program import State
from referrals.terms import TermsDocument
from rewards.plans import PlanDocument
from spine import clock


class AcceptForm(forms.Form):
    """Which version was read."""

    version = forms.IntegerField(min_value=1, max_value=1_000_000)


@require_safe
def rules(request: HttpRequest, slug: str, version: int | None = None) -> HttpResponse:
    """The rules in force, or one version of them; a draft has none to show."""
    at = clock.now()
    program = _program(slug)
    standing = programs.standing(program, at)
    in_force = programs.terms_at(program, at)
    published = {terms.version: terms for terms in program.terms.all()}
    shown = published.get(version) if version is not None else in_force
    if shown is None or standing.state == State.DRAFT:
        raise Http404
    context = {
        "program": program,
        "standing": standing,
        "terms": shown,
        "in_force": in_force,
        "sections": _sections(program, shown),
        "others": [published[number] for number in sorted(published, reverse=True) if number != shown.version],
    }
    return render(request, "referrals/rules.html", context)


@require_POST
@login_required
def accept(request: HttpRequest, slug: str) -> HttpResponse:
    """Accept the version that was read."""
    advocate = Advocate.objects.select_related("person").filter(user=request.user.pk).first()
    form = AcceptForm(request.POST)
    if advocate is None or not form.is_valid():
        raise Http404
    terms = get_object_or_404(
        Terms.objects.select_related("program"), program__slug=slug, version=form.cleaned_data["version"]
    )
    acceptance.accept(advocate.person, terms, clock.now())
    messages.success(
        request, _("Thank you. The rules of %(program)s hold between us.") % {"program": terms.program.name}
    )
    return redirect("home")


def _program(slug: str) -> Program:
    return get_object_or_404(programs.whole(Program.objects.all()), slug=slug)


def _sections(program: Program, terms: Terms) -> list[words.Section]:
    return words.read(program, TermsDocument.read(terms.document), PlanDocument.read(terms.plan.document))
