"""What every page needs to find its way."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    """`staff_sections`: the staff side's sections that this person may open."""
    return {}
