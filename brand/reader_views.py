"""What the reader of an email may do without signing in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from brand import unsubscribe as links
from spine import clock


# Mail programs post here by themselves, without a cookie; the signed link is what allows it. Opening the link only
# shows a page, since scanners open every link of every email.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The last step of "no more of these"."""
    try:
        reader = links.read(token)
    except links.UnknownLink as unknown:
        return render(request, "brand/unsubscribe.html", {"refusal": unknown}, status=unknown.status)
    if request.method == "POST":
        links.unsubscribe(reader, clock.now())
    return render(request, "brand/unsubscribe.html", {"reader": reader, "done": request.method == "POST"})
