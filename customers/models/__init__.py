"""The people whom the brand knows, and what they ask of it."""

from customers.models.person import Person
from customers.models.privacy_request import PrivacyRequest

__all__ = ["Person", "PrivacyRequest"]
