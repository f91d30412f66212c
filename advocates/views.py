"""The pages on which people look after their profile, and the agreement that they accept."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from advocates import profiles
from advocates.forms import PictureForm, ProfileForm
from advocates.models import Advocate
from brand import markdown
from brand.models import Agreement


def _own(request: HttpRequest) -> Advocate:
    """The advocate who is signed in; staff need not be one."""
    advocate = Advocate.objects.filter(user=request.user.pk).first()
    if advocate is None:
        raise Http404
    return advocate


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What one shows of oneself."""
    advocate = _own(request)
    form = ProfileForm(request.POST or None, instance=advocate)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.change(_own(request), **form.cleaned_data)
        except profiles.UsernameTaken as taken:
            form.add_error("username", taken.detail)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profile")
    return _show(request, form=form, picture_form=PictureForm())


@require_POST
@login_required
def change_picture(request: HttpRequest) -> HttpResponse:
    """Show another picture of oneself."""
    advocate = _own(request)
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form=ProfileForm(instance=advocate), picture_form=form)
    profiles.change_picture(advocate, form.cleaned_data["picture"])
    messages.success(request, _("Your picture is changed."))
    return redirect("profile")


@require_POST
@login_required
def remove_picture(request: HttpRequest) -> HttpResponse:
    """Show no picture of oneself."""
    profiles.change_picture(_own(request), None)
    messages.success(request, _("Your picture is removed."))
    return redirect("profile")


def _show(request: HttpRequest, *, form: ProfileForm, picture_form: PictureForm) -> HttpResponse:
    refused = form.errors or picture_form.errors
    # The page shows what is stored: a form's instance already carries what was typed.
    context = {"advocate": _own(request), "form": form, "picture_form": picture_form}
    return render(request, "advocates/profile.html", context, status=422 if refused else 200)


def agreement(request: HttpRequest) -> HttpResponse:
    """The user agreement that is in force."""
    newest = Agreement.current()
    html = markdown.render(newest.text) if newest else ""
    return render(request, "advocates/agreement.html", {"agreement": newest, "html": html})
