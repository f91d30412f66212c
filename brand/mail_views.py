"""Mail set-up: what carries our mail, what became of it, and who must not be written to."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import View

from brand import mail, suppression, transport
from brand.access import AuthenticatedRequest, actor
from brand.manage_forms import LiftForm, SearchForm, SuppressForm
from brand.models import Brand, Message, Suppression
from spine import clock, keyset, limits

may_manage_mail = permission_required("brand.manage_mail", raise_exception=True)


@require_safe
@login_required
@may_manage_mail
def mail_setup(request: HttpRequest) -> HttpResponse:
    """How mail leaves, and the latest messages with what became of them."""
    latest = keyset.page(
        Message.objects.defer("text", "html"),
        order=("-created_at", "-id"),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    context = {
        "transport": transport.present(),
        "page": latest,
        "rows": [(message, suppression.mask(message.to)) for message in latest.rows],
        "sender": mail.sender(Brand.current()).addr_spec,
    }
    return render(request, "brand/mail_setup.html", context)


@require_POST
@login_required
@may_manage_mail
def send_test(request: AuthenticatedRequest) -> HttpResponse:
    """Write a test message to whoever asks for it."""
    at = clock.now()
    limits.take("test message", str(request.user.public_id), limit=5, per=timedelta(minutes=10), at=at)
    mail.enqueue(
        key=f"test:{request.user.public_id}:{at.isoformat()}",
        to=request.user.email,
        subject=_("A test message"),
        template="test",
        context={"url": settings.BASE_URL + reverse("brand:mail_setup")},
        at=at,
    )
    messages.success(request, _("A test message to you is on its way. What became of it stands in the list below."))
    return redirect("brand:mail_setup")


@method_decorator([login_required, may_manage_mail], name="dispatch")
class SuppressionList(View):
    """Who must not be written to."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        return self._page(request, SearchForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """The rows of one address. It is posted so that it stands in no log and no history."""
        form = SearchForm(request.POST)
        found = None
        if form.is_valid():
            hashed = suppression.address_hash(form.cleaned_data["address"])
            found = list(Suppression.objects.filter(address_hash=hashed).order_by("-at", "-id"))
        return self._page(request, form, found)

    def _page(self, request: HttpRequest, search: SearchForm, found: list[Suppression] | None = None) -> HttpResponse:
        latest = keyset.page(
            Suppression.objects.all(),
            order=("-at", "-id"),
            after=request.GET.get("after"),
            before=request.GET.get("before"),
        )
        context = {"page": latest, "rows": latest.rows if found is None else found, "search": search, "found": found}
        return render(request, "brand/suppressions.html", context)


@method_decorator([login_required, may_manage_mail], name="dispatch")
class Suppress(View):
    """Stop writing to an address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask which and why."""
        return render(request, "brand/suppress.html", {"form": SuppressForm()})

    def post(self, request: AuthenticatedRequest) -> HttpResponse:
        """Do it."""
        form = SuppressForm(request.POST)
        if not form.is_valid():
            return render(request, "brand/suppress.html", {"form": form}, status=422)
        address, words = form.cleaned_data["address"], form.cleaned_data["words"]
        suppression.suppress(address, Suppression.Reason.MANUAL, at=clock.now(), actor=actor(request), words=words)
        messages.success(request, _("%(address)s is not written to any more.") % {"address": suppression.mask(address)})
        return redirect("brand:suppressions")


@method_decorator([login_required, may_manage_mail], name="dispatch")
class Lift(View):
    """Write to an address again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show which, and ask why."""
        return self._page(request, pk, LiftForm())

    def post(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """Do it."""
        form = LiftForm(request.POST)
        if not form.is_valid():
            return self._page(request, pk, form, status=422)
        suppression.lift(pk, at=clock.now(), actor=actor(request), words=form.cleaned_data["words"])
        messages.success(request, _("That address may be written to again."))
        return redirect("brand:suppressions")

    def _page(self, request: HttpRequest, pk: int, form: LiftForm, status: int = 200) -> HttpResponse:
        row = Suppression.objects.filter(pk=pk).first()
        if row is None:
            raise suppression.NotSuppressed
        return render(request, "brand/lift.html", {"form": form, "row": row}, status=status)
