"""Looking people up for support: finding them, seeing what is known, suspending them and letting them back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from advocacy_platform import people as search
from advocacy_platform import portrait
from advocacy_platform.manage.forms import LookUpForm, SuspendForm
from advocacy_platform.manage.request import StaffRequest, requires
from advocates import staff, suspending
from advocates.models import Advocate
from customers.models import Person
from spine import clock
from spine.refusal import Refusal


class AboutOneself(Refusal):
    """A member of the staff tried to suspend themselves, or to let themselves back."""

    code = "about_oneself"
    status = 403
    sentence = _("You can't decide about yourself. Ask somebody else on the staff to do it.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("referrals.see_conversions")
def people(request: StaffRequest) -> HttpResponse:
    """Find somebody. What is looked for is posted, so that no name and no email stands in a log or a history."""
    form = LookUpForm(request.POST or None)
    if not form.is_valid():
        return render(request, "manage/people.html", {"form": form}, status=422 if form.is_bound else 200)
    found = search.search(form.cleaned_data["search"])
    if len(found) == 1:
        return redirect("manage:person", found[0].person)
    return render(request, "manage/people.html", {"form": form, "found": found})


@never_cache
@require_safe
@requires("referrals.see_conversions")
def person(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What is known of one person."""
    human = get_object_or_404(Person.objects.select_related("merged_into"), pk=pk)
    if human.merged_into:
        return redirect("manage:person", human.merged_into.pk)
    shown = portrait.look_up(human, request.user, clock.now())
    return render(request, "manage/person.html", {"portrait": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("referrals.suspend_advocates")
def suspend(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Let an advocate take no part for a while."""
    return _act(
        request, pk, "suspend", suspending.suspend, gettext("%(name)s is suspended. Their links credit nobody.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("referrals.suspend_advocates")
def lift(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Let an advocate take part again."""
    return _act(request, pk, "lift", suspending.lift, gettext("%(name)s takes part again."))


def _act(request: StaffRequest, pk: UUID, name: str, act: Callable[..., Any], said: str) -> HttpResponse:
    advocate = get_object_or_404(Advocate.objects.select_related("person"), person=pk)
    form, status = SuspendForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            if advocate.user_id == request.user.pk:
                raise AboutOneself
            act(advocate.person, staff.party(request.user), form.cleaned_data["reason"], clock.now())
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        else:
            messages.success(request, said % {"name": advocate.display_name})
            return redirect("manage:person", pk)
    return render(request, f"manage/{name}_advocate.html", {"form": form, "advocate": advocate}, status=status)
