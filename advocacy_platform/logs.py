"""Logs as one JSON object a line, with request, user and task id, and never a raw address."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Bounded, so that no long line takes long.
_ADDRESS = re.compile(r"[^\s<>\"'()\[\],;:=/|]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# Longer than any id of ours: the token of an invitation or of an unsubscribe link, which opens a door.
_TOKEN = re.compile(r"[^/\s]{37,}")
# The same within a sentence, where a path may stand anywhere.
_TOKEN_IN_PATH = re.compile(r"(?<=/)[\w.:~-]{37,}")


def without_addresses(text: str) -> str:
    """The text with every email address in it made unreadable."""
    return _ADDRESS.sub("[address]", text)


def without_secrets(address: str) -> str:
    """The address of a page, or "METHOD address", without its query and the tokens in its path."""
    return _TOKEN.sub("[token]", address.partition("?")[0])


def without_tokens(text: str) -> str:
    """The text with the tokens in every path that it names made unreadable."""
    return _TOKEN_IN_PATH.sub("[token]", text)


def forget_people(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last look at a line: database errors and mail servers like to repeat the address that they refuse.

    Django, in turn, repeats the path of every request that it refuses.
    """
    if "request" in line:
        line["request"] = without_secrets(str(line["request"]))
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = without_addresses(without_tokens(value))
    return line


# What every line carries, whether structlog or the standard library wrote it.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.StackInfoRenderer(),
]


def config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING: JSON for machines, coloured lines for a terminal."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Tracebacks without the values of variables: those may hold what people typed.
    renderer: list[Any] = (
        [structlog.processors.format_exc_info, forget_people, structlog.processors.JSONRenderer()]
        if as_json
        else [forget_people, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Granian and whoever stands in front log requests already; warnings come through.
        "loggers": {"django.server": {"level": "WARNING"}, "celery": {"level": "WARNING"}},
    }
