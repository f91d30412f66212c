"""Writing and publishing the user agreement."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.generic import View

from brand import agreements, markdown
from brand.access import AuthenticatedRequest, actor
from brand.manage_forms import AgreementForm
from brand.models import Agreement
from spine import clock

may_design = permission_required("brand.design_brand", raise_exception=True)


@method_decorator([login_required, may_design], name="dispatch")
class AgreementPage(View):
    """Write the next version, read it as people will, publish it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The text that stands, to write upon."""
        standing = Agreement.current()
        initial = {"text": standing.text, "upon": standing.version} if standing else {"text": "", "upon": 0}
        return self._page(request, AgreementForm(initial=initial))

    def post(self, request: AuthenticatedRequest) -> HttpResponse:
        """Show a preview, or publish."""
        form = AgreementForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        if "preview" in request.POST:
            return self._page(request, form, shown=markdown.render(form.cleaned_data["text"]))
        published = agreements.publish(**form.cleaned_data, at=clock.now(), actor=actor(request))
        messages.success(
            request, _("Version %(version)s is what people accept from now on.") % {"version": published.version}
        )
        return redirect("brand:agreement_page")

    def _page(self, request: HttpRequest, form: AgreementForm, shown: str = "", status: int = 200) -> HttpResponse:
        versions = Agreement.objects.defer("text")[:100]
        context = {"form": form, "shown": shown, "versions": versions}
        return render(request, "brand/agreement_page.html", context, status=status)


@require_safe
@login_required
@may_design
def agreement_version(request: HttpRequest, version: int) -> HttpResponse:
    """One version as it was published."""
    agreement = get_object_or_404(Agreement, version=version)
    context = {"agreement": agreement, "text": markdown.render(agreement.text)}
    return render(request, "brand/agreement_version.html", context)
