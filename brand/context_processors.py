"""What every template may say about the brand."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from brand.models import Brand


def brand(request: HttpRequest) -> dict[str, object]:
    """`brand`: the brand's row, read when a template first asks for it."""
    return {"brand": SimpleLazyObject(Brand.current)}
