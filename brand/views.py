"""What the brand serves to everybody."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from brand import stylesheet as colours
from brand.models import Brand


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    """The accent's stylesheet: kept for ever under the address that names its bytes, for a minute under any other."""
    accent = Brand.current().accent
    response = HttpResponse(colours.css(accent), content_type="text/css; charset=utf-8")
    is_named = request.GET.get("v") == colours.version(accent)
    response["Cache-Control"] = "public, max-age=31536000, immutable" if is_named else "public, max-age=60"
    return response
