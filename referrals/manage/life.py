"""The life of one program: where it stands, what can be done with it, and what each act means before it is taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brand.access import AuthenticatedRequest, actor
from customers import sources
from customers.models import Source
from referrals import programs
from referrals.design import life, readiness
from referrals.manage.program_forms import EndForm, EndNowForm, StartForm
from referrals.manage.programs import may_manage
from referrals.models import Program
from referrals.models.program import State
from spine import clock
from spine.refusal import Refusal

may_manage_sources = permission_required("customers.manage_sources", raise_exception=True)


@require_safe
@login_required
@may_manage
def program_life(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the program stands and what can be done with it now."""
    return _page(request, _program(slug))


@require_POST
@login_required
@may_manage
def schedule(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it go live at an instant to come."""
    program = _program(slug)
    form = StartForm(program, request.POST)
    if not form.is_valid():
        return _page(request, program, start_form=form)
    return _act(request, program, life.schedule, form.cleaned_data["start"], start_form=form)


@require_POST
@login_required
@may_manage
def go_live(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it go live now."""
    return _act(request, _program(slug), life.go_live)


@require_POST
@login_required
@may_manage
def pause(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it rest."""
    return _act(request, _program(slug), life.pause)


@require_POST
@login_required
@may_manage
def resume(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it go on."""
    return _act(request, _program(slug), life.resume)


@require_POST
@login_required
@may_manage
def end(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it end with a day."""
    form = EndForm(request.POST)
    if not form.is_valid():
        return _page(request, _program(slug), end_form=form)
    return _act(request, _program(slug), life.end, form.cleaned_data["on"], end_form=form)


@require_POST
@login_required
@may_manage
def end_now(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Let it end at once."""
    form = EndNowForm(request.POST)
    if not form.is_valid():
        return _page(request, _program(slug), end_now_form=form)
    return _act(request, _program(slug), life.end, None, end_now_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage
@may_manage_sources
def no_past_customers(request: AuthenticatedRequest, slug: str, key: str) -> HttpResponse:
    """Give one's word that a shop has no past customers."""
    program, source = _program(slug), get_object_or_404(Source, key=key)
    if request.method == "POST":
        sources.confirm_no_past_customers(source, actor(request), clock.now())
        messages.success(request, _("Whoever orders at %(shop)s first counts as new.") % {"shop": source.name})
        return redirect("referrals:program_life", slug)
    return render(request, "referrals/manage/no_past_customers.html", {"program": program, "source": source})


def _act(
    request: AuthenticatedRequest, program: Program, act: Callable[..., None], *told: Any, **form: forms.Form
) -> HttpResponse:
    """One act; what refuses it stands on the page beside what was typed."""
    try:
        act(program, *told, actor(request), clock.now())
    except Refusal as refusal:
        for one in form.values():
            one.add_error(None, refusal.detail)
        return _page(request, program, refusal, **form)
    messages.success(request, _("Done. What holds from now on stands below."))
    return redirect("referrals:program_life", program.slug)


def _page(request: HttpRequest, program: Program, refusal: Refusal | None = None, **form: forms.Form) -> HttpResponse:
    at = clock.now()
    state = programs.state_at(program, at)
    needs_start = state in (State.DRAFT, State.SCHEDULED, State.PAUSED)
    zone = ZoneInfo(program.time_zone)
    context = {
        "program": program,
        "standing": programs.standing(program, at),
        "planned": life.planned(program, at),
        "past": [change for change in reversed(programs.course(program)) if change.at <= at],
        "hindrances": readiness.hindrances(program, at) if needs_start else [],
        "refusal": refusal,
        "zone": zone,
        "start_form": StartForm(program),
        "end_form": EndForm(initial={"on": (at + timedelta(days=30)).astimezone(zone).date()}),
        "end_now_form": EndNowForm(),
        **form,
    }
    status = refusal.status if refusal else 422 if form else 200
    return render(request, "referrals/manage/program_life.html", context, status=status)


def _program(slug: str) -> Program:
    return get_object_or_404(programs.whole(Program.objects.all()), slug=slug)
