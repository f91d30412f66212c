"""What is answered when something is wrong: a page for people, a problem document (RFC 9457) below /api/."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _
from rest_framework.utils.encoders import JSONEncoder

from spine.api import PROBLEM
from spine.refusal import Refusal


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, which must never be answered with a page."""
    return request.path_info == "/api" or request.path_info.startswith("/api/")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A problem document. `code` is what programs go by; `errors` names fields, `facts` what the sentence speaks of."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
    }
    return document | ({"facts": dict(facts)} if facts else {})


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The one answer to a Refusal."""
    if is_api(request):
        document = problem(refusal.status, refusal.code, refusal.detail, facts=refusal.facts)
        response: HttpResponse = _as_json(document)
    elif refusal.status == HTTPStatus.NOT_FOUND:
        response = render(request, "404.html", status=HTTPStatus.NOT_FOUND)
    else:
        response = _page(request, refusal.status, refusal.detail)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent can't be read."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    if is_api(request):
        return _as_json(problem(400, "bad_request", _("The request can't be read.")))
    return render(request, "400.html", status=400)


def too_large(request: HttpRequest) -> HttpResponse:
    """More was sent than is taken."""
    detail = _("That is more than can be sent at once. Go back and send less.")
    if is_api(request):
        return _as_json(problem(413, "too_large", detail))
    return _page(request, 413, detail)


def unknown_method(request: HttpRequest) -> HttpResponse:
    """A method that nothing here answers."""
    detail = _("Nothing here answers that kind of request.")
    response = _as_json(problem(405, "method_not_allowed", detail)) if is_api(request) else _page(request, 405, detail)
    response["Allow"] = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """This person may not do this."""
    if is_api(request):
        return _as_json(problem(403, "permission_denied", _("You may not do this.")))
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is nothing at this address, or nothing that this person may know of."""
    if is_api(request):
        return _as_json(problem(404, "not_found", _("There is nothing at this address.")))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours broke. The page asks neither the database nor the request, which may be what broke."""
    if is_api(request):
        return _as_json(problem(500, "error", _("Something broke on our side. Try again in a moment.")))
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its token: mostly because its page was open for longer than the session."""
    detail = _(
        "This form was open for a while and your session may have ended since. Nothing was changed."
        " Go back, reload the page and send it again."
    )
    if is_api(request):
        return _as_json(problem(403, "csrf_failed", detail))
    return _page(request, 403, detail, title=_("Send that form once more"))


def _page(request: HttpRequest, status: int, detail: str, *, title: str = "") -> HttpResponse:
    context = {"status": status, "title": title or _("That can't be done"), "detail": detail}
    return render(request, "errors/refusal.html", context, status=status)


def _as_json(document: dict[str, Any]) -> HttpResponse:
    return JsonResponse(document, JSONEncoder, status=document["status"], content_type=PROBLEM)
