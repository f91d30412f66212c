"""Who is asking: the client's address behind trusted proxies, and the network that may be kept of it."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> str | None:
    """The client's own address; None where the server was reached without one, as through a Unix socket.

    With TRUSTED_PROXIES = n it is the nth entry from the right of X-Forwarded-For: whatever stands further left was
    written by the client. A header that is too short, or no address there, falls back to the socket's own address.
    """
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    forwarded = None
    if 0 < settings.TRUSTED_PROXIES <= len(entries):
        forwarded = _parse(entries[-settings.TRUSTED_PROXIES])
    address = forwarded or _parse(request.META.get("REMOTE_ADDR") or "")
    return str(address) if address else None


def subscriber(request: HttpRequest) -> str | None:
    """By what tries are counted: the address; of a long one the half that a customer of a network gets.

    The other half is theirs to vary.
    """
    address = client_address(request)
    return str(ipaddress.ip_network((address, 64), strict=False)) if address and ":" in address else address


def network(address: str | None) -> str:
    """The first address of the /24 or /48 in which `address` lies; "0.0.0.0" for none.

    Enough to recognise one's own sign-ins by, too little to find a person.
    """
    parsed = _parse(address or "")
    if parsed is None:
        return "0.0.0.0"  # noqa: S104 - the unspecified address, nothing is bound to it
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def _parse(text: str) -> Address | None:
    """The address in `text`, which proxies may write with a port or in brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
