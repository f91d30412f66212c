"""Which visits are a machine's: by what the visitor calls itself, and by how the browser says that it asks."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from crawlerdetect import CrawlerDetect

# What stands in `Click.reason`.
HEAD = "head"
NO_AGENT = "no_agent"
CRAWLER = "crawler"
EMBEDDED = "embedded"
PREFETCH = "prefetch"
REASONS = frozenset([HEAD, NO_AGENT, CRAWLER, EMBEDDED, PREFETCH])

# A browser's name for itself is shorter; every letter costs the patterns time, and the verdicts room.
_LONGEST = 512
_crawlers = CrawlerDetect()


@lru_cache(4096)
def verdict(user_agent: str) -> str:
    """Why whoever calls itself so is taken for a machine; empty for a browser that people use."""
    if not user_agent.strip():
        return NO_AGENT
    return CRAWLER if _crawlers.is_crawler(user_agent) else ""


def reason(environ: Mapping[str, Any]) -> str:
    """Why a request is taken for a machine's; empty for a person who follows a link.

    Browsers say what they ask for: a picture or a frame of another page is nothing that a person followed.
    """
    if environ["REQUEST_METHOD"] == "HEAD":
        return HEAD
    if found := verdict(environ.get("HTTP_USER_AGENT", "")[:_LONGEST]):
        return found
    if environ.get("HTTP_SEC_FETCH_MODE", "navigate") != "navigate":
        return EMBEDDED
    if environ.get("HTTP_SEC_FETCH_DEST", "document") != "document":
        return EMBEDDED
    return PREFETCH if _is_ahead_of_time(environ) else ""


def _is_ahead_of_time(environ: Mapping[str, Any]) -> bool:
    """Whether a browser fetches what its user may follow later, under one of the three names that this has had."""
    if "HTTP_SEC_PURPOSE" not in environ and "HTTP_PURPOSE" not in environ and "HTTP_X_MOZ" not in environ:
        return False
    purposes = (environ.get(name, "") for name in ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ"))
    return any("prefetch" in purpose.lower() for purpose in purposes)
