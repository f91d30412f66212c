"""The software of shops: how each signs what it delivers, and how its words become facts."""

from collections.abc import Mapping
from typing import Protocol

from integrations.vendors import generic, shopify, stripe, woocommerce
from integrations.vendors.base import Genuine, Incoming, Parsed, Secrets


class Vendor(Protocol):
    """What a module of this package offers."""

    # Whether the software makes the secret that it signs with, or takes ours.
    makes_secret: bool
    # What its secrets look like, as a regular expression.
    shape: str

    def verify(self, incoming: Incoming, secrets: Secrets) -> Genuine:
        """Whether the message is the shop's, and by which key it is one. Raises Rejected."""
        ...

    def parse(self, body: bytes, topic: str, source: str) -> Parsed:
        """The facts in a message that is known to be the shop's. Raises BadBody, or what a garbled one makes fail."""
        ...


VENDORS: Mapping[str, Vendor] = {
    "stripe": stripe,
    "shopify": shopify,
    "woocommerce": woocommerce,
    "generic": generic,
}
