"""How the API refuses: whatever a view raises becomes one problem document (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from advocacy_platform import errors
from advocacy_platform.api import TooLarge
from spine.api import PROBLEM
from spine.refusal import Refusal


class RefusalProblem(exceptions.APIException):
    """A Refusal, as DRF knows its own exceptions."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail, refusal.code)
        self.status_code = refusal.status
        self.wait = refusal.retry_after
        self.facts = refusal.facts


class ProblemHandler(ExceptionHandler):
    """Every exception becomes a problem document, ours and Django's as well as DRF's."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, Refusal):
            return RefusalProblem(exc)
        if isinstance(exc, RequestDataTooBig):
            return TooLarge()
        if isinstance(exc, SuspiciousOperation | BadRequest | MultiPartParserError | UnreadablePostError):
            return exceptions.ParseError(_("The request can't be read."), "bad_request")
        converted: Exception = super().convert_known_exceptions(exc)
        return converted

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        return Response(data, exc.status_code, headers=self.get_headers(exc), content_type=PROBLEM)


class ProblemFormatter(ExceptionFormatter):
    """RFC 9457, with a code for programs and, for fields, which one and why."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        status, first = self.exc.status_code, error_response.errors[0]
        if isinstance(self.exc, exceptions.ValidationError):
            fields = [{"field": e.attr or "", "code": e.code, "detail": e.detail} for e in error_response.errors]
            return errors.problem(status, "invalid", str(_("Some fields can't be taken as they are.")), errors=fields)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return errors.problem(status, "error", str(_("Something broke on our side. Try again in a moment.")))
        return errors.problem(status, first.code, first.detail, facts=getattr(self.exc, "facts", None))
