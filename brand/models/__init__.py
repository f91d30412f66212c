"""The brand's own rows: how it looks, what one agrees to, what it sends."""

from brand.models.agreement import Agreement
from brand.models.brand import Brand
from brand.models.mail import Message, Suppression

__all__ = ["Agreement", "Brand", "Message", "Suppression"]
