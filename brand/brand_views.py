"""The brand page: how the site looks and speaks, with a preview before anybody else sees it."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp, csp_replace, csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import AnonymousUser
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from django.views.generic import View

from brand import design, mail, stylesheet
from brand.access import AuthenticatedRequest, actor
from brand.manage_forms import BrandForm
from brand.models import Brand
from spine import clock

DRAFT = "brand_draft"
may_design = permission_required("brand.design_brand", raise_exception=True)


@method_decorator([login_required, may_design, csp_update({"frame-src": [SELF]})], name="dispatch")
class BrandPage(View):
    """See, try and change how the brand looks and speaks."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form as the brand stands."""
        return self._page(request, BrandForm(instance=Brand.current()))

    def post(self, request: AuthenticatedRequest) -> HttpResponse:
        """Show a preview, or change the brand."""
        form = BrandForm(request.POST, request.FILES, instance=Brand.current())
        if not form.is_valid():
            return self._page(request, form, status=422)
        if "preview" in request.POST:
            request.session[DRAFT] = model_to_dict(form.instance, exclude=["id", "logo"])
            return self._page(request, form, is_preview=True)
        design.change(form.instance, at=clock.now(), actor=actor(request))
        request.session.pop(DRAFT, None)
        messages.success(request, _("The site and its emails now look and speak like this."))
        return redirect("brand:brand_page")

    def _page(
        self, request: HttpRequest, form: BrandForm, *, is_preview: bool = False, status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "is_preview": is_preview,
            "reading": None if form.errors else design.read_accent(form.instance.accent),
            # The frame of the page keeps the look that everybody sees, whatever the form holds.
            "brand": Brand.current(),
        }
        return render(request, "brand/brand_page.html", context, status=status)


def _framed(view: Any) -> Any:
    """For staff who design the brand, inside the brand page and nowhere else."""
    for wrap in (xframe_options_sameorigin, never_cache, may_design, login_required, require_safe):
        view = wrap(view)
    return view


@_framed
@csp_replace({"frame-ancestors": [SELF]})
def preview_landing(request: HttpRequest) -> HttpResponse:
    """The front door as a stranger would see it, were the draft saved."""
    return render(request, "brand/preview_landing.html", {"brand": _draft(request), "user": AnonymousUser()})


@_framed
def preview_stylesheet(request: HttpRequest) -> HttpResponse:
    """The draft's colours."""
    return HttpResponse(stylesheet.css(_draft(request).accent), content_type="text/css; charset=utf-8")


# An email brings its styles along, so this answer alone allows them, and nothing else at all.
@_framed
@csp(mail.READING_POLICY)
def preview_email(request: HttpRequest) -> HttpResponse:
    """An email as the draft would have it."""
    values = {"subject": _("A test message"), "url": "#", "unsubscribe_url": ""}
    _text, html = mail.render("test", values, brand=_draft(request))
    return HttpResponse(html)


def _draft(request: HttpRequest) -> Brand:
    brand = Brand.current()
    for name, value in request.session.get(DRAFT, {}).items():
        setattr(brand, name, value)
    return brand
