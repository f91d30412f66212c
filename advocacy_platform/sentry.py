"""Telling Sentry about errors, without telling it about people."""

from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Event, Hint

from advocacy_platform.logs import without_addresses, without_secrets, without_tokens


def start(dsn: str, *, version: str, environment: str) -> None:
    """Report errors from here on."""
    # It tells of the exception that Django tells of already.
    ignore_logger("django_structlog.middlewares.request")
    sentry_sdk.init(**options(dsn, version=version, environment=environment))


def options(dsn: str, *, version: str, environment: str) -> dict[str, Any]:
    """No addresses, no bodies, no variables, no traces: where it broke and what the error says."""
    return {
        "dsn": dsn,
        "release": f"advocacy-platform@{version}",
        "environment": environment,
        "send_default_pii": False,
        "include_local_variables": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "server_name": "",
        "before_send": scrub,
    }


def scrub(event: Event, hint: Hint) -> Event:
    """The event without what a request tells about its sender, and without any email address."""
    if request := event.get("request"):
        url = without_secrets(str(request.get("url", "")))
        event["request"] = {"method": request.get("method", ""), "url": url}
    event.pop("user", None)
    return cast(Event, _scrubbed(event))


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return without_addresses(without_tokens(value))
    if isinstance(value, dict):
        return {key: _scrubbed(inner) for key, inner in value.items()}
    return [_scrubbed(inner) for inner in value] if isinstance(value, list) else value
