"""QR codes as files."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from referrals.share import codes, links, qr_codes


@require_safe
@cache_control(public=True, max_age=3600)
def qr(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The QR code of a link, as an SVG or a PNG."""
    found = codes.find(code)
    if found is None or kind not in ("svg", "png"):
        raise Http404
    address = links.url(found.link, "qr", code=found.text)
    if kind == "svg":
        return HttpResponse(qr_codes.svg(address), content_type="image/svg+xml")
    return HttpResponse(qr_codes.png(address), content_type="image/png")
