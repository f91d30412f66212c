"""What a developer needs beside the site: who can sign in to the demo, and the mail that nobody was sent."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from advocacy_platform import demo
from brand import mail, transport
from brand.models import Brand, Message
from spine import keyset

View = Callable[..., HttpResponseBase]


def only_in_development(view: View) -> View:
    """Nothing of this exists on a live site."""
    reads = never_cache(require_safe(view))

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not demo.is_allowed():
            raise Http404
        return reads(request, **kwargs)

    return guarded


@only_in_development
def home(request: HttpRequest) -> HttpResponse:
    """The demo's people, their passwords and, for staff, the six digits of this half-minute."""
    return render(request, "dev/home.html", {"people": demo.people()})


@only_in_development
def mail_list(request: HttpRequest) -> HttpResponse:
    """Every message that the site wrote, newest first."""
    page = keyset.page(
        Message.objects.defer("text", "html"),
        order=("-id",),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    return render(request, "dev/mail.html", {"page": page, "leaves": transport.present().leaves})


@only_in_development
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # it takes any view, its types only some
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message as its reader would get it."""
    row = get_object_or_404(Message, pk=pk)
    headers = [(name, str(value)) for name, value in mail.compose(row, Brand.current()).message().items()]
    leaves = transport.present().leaves
    return render(request, "dev/message.html", {"message": row, "headers": headers, "leaves": leaves})


# An email brings its styles along, so this one answer allows them, and no script, no form and no address but ours.
@only_in_development
@xframe_options_sameorigin
@csp(mail.READING_POLICY)  # type: ignore[arg-type] # as above
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of one message, for the frame in which it is shown."""
    return HttpResponse(get_object_or_404(Message, pk=pk).html)
