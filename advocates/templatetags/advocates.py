"""How templates speak of people's accounts."""

from django import template

from advocates import devices

register = template.Library()
register.filter("device", devices.describe)


@register.filter
def in_fours(secret: str) -> str:
    """A long secret in groups that one can copy by eye; authenticator apps pass over the spaces."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
