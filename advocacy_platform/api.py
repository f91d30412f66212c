"""The API's doors: who may ask, what is read, how it is refused."""

from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework import authentication, parsers


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in person's own session."""


class StrictJSONParser(parsers.JSONParser):
    """JSON of sensible depth."""


class ProblemHandler(ExceptionHandler):
    """Refusals are problems too."""


class ProblemFormatter(ExceptionFormatter):
    """RFC 9457."""
