"""Where a link may land its visitor: the program's own hosts, and nothing that only looks like one of them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urlsplit, urlunsplit

import idna

LONGEST = 1000
# The parameter in which a visit's token travels to the shop, and the one for the discount code.
TOKEN = "adv"  # noqa: S105 - a parameter's name
COUPON = "coupon"

# Encoded control characters break headers further on; a % that encodes nothing is read in many ways.
_BAD_ESCAPE = re.compile(r"%(?:[01][0-9a-f]|7f|(?![0-9a-f]{2}))", re.IGNORECASE)
_PATH = "/:@!$&'()*+,;=-._~%"


class Landing(Protocol):
    """What knows where it leads: a program, or what is remembered of one."""

    @property
    def destination(self) -> str:
        """Where a link leads that names no page."""

    @property
    def hosts(self) -> Sequence[str]:
        """On which further hosts a page may lie."""


class Tagged(Protocol):
    """What marks the visits that it sends."""

    @property
    def slug(self) -> str:
        """Its name in addresses."""

    @property
    def utm(self) -> Mapping[str, str]:
        """Query parameters by their names; `{program}` in a value stands for the slug."""


def allowed(program: Landing, url: str) -> str | None:
    """The address, written anew, if it lies on one of the program's hosts; None for everything else.

    https on its own port only, no user name, no backslash, no space or control character, encoded or not. The answer's
    host is the one of the program's list, never the text that was asked for.
    """
    parts = _split(url)
    if parts is None:
        return None
    asked = parts.hostname or ""
    host = _host(asked)
    # Another spelling of the same host, such as one with wide letters or dots of another script, is a trick.
    if not host or host not in hosts(program) or asked not in (host, idna.decode(host)):
        return None
    anew = urlunsplit(("https", host, quote(parts.path, _PATH), quote(parts.query, _PATH + "?"), _fragment(parts)))
    # Encoded it may have become three times as long, and a link to it would not be read again.
    return anew if len(anew) <= LONGEST else None


def hosts(program: Landing) -> set[str]:
    """The hosts on which a page of the program may lie, as the network knows them."""
    try:
        own = urlsplit(program.destination).hostname or ""
    except ValueError:
        own = ""
    return {host for host in map(_host, [own, *program.hosts]) if host}


def with_query(url: str, params: Mapping[str, str]) -> str:
    """The address with these parameters in its query, in place of its own of these names; the rest stays."""
    parts = urlsplit(url)
    kept = [piece for piece in parts.query.split("&") if piece and unquote_plus(piece.split("=")[0]) not in params]
    added = [urlencode(params, quote_via=quote)] if params else []
    return urlunsplit(parts._replace(query="&".join(kept + added)))


def utm(program: Tagged) -> dict[str, str]:
    """The parameters by which the shop's own statistics tell the program's visits apart."""
    return {name: value.replace("{program}", program.slug) for name, value in program.utm.items()}


def _split(url: str) -> SplitResult | None:
    if len(url) > LONGEST or any(map(_is_odd, url)) or _BAD_ESCAPE.search(url):
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return None
    # A path that begins with two slashes is another host to a shop that sends its visitors on by path.
    return parts if is_plain and not parts.path.startswith("//") else None


def _is_odd(character: str) -> bool:
    """Spaces, control and format characters, lone surrogates, and what browsers take for a slash."""
    return character == "\\" or unicodedata.category(character)[0] in "CZ"


def _host(text: str) -> str:
    """The host in the letters of the network; empty where it is none."""
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode().lower()
    except UnicodeError:
        return ""


def _fragment(parts: SplitResult) -> str:
    return quote(parts.fragment, _PATH + "?")
