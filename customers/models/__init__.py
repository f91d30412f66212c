"""The people whom the brand knows, what they ask of it, and what shops tell of them."""

from customers.models.api_key import ApiKey
from customers.models.customer import Customer
from customers.models.lead import Lead
from customers.models.order import Capture, Dispute, Line, Order, OrderVersion, Refund
from customers.models.person import Person
from customers.models.privacy_request import PrivacyRequest
from customers.models.source import Source

__all__ = [
    "ApiKey",
    "Capture",
    "Customer",
    "Dispute",
    "Lead",
    "Line",
    "Order",
    "OrderVersion",
    "Person",
    "PrivacyRequest",
    "Refund",
    "Source",
]
