"""What every page needs to find its way."""

from django.http import HttpRequest

from advocacy_platform.navigation import sections


def navigation(request: HttpRequest) -> dict[str, object]:
    """`staff_sections`: the staff side's sections that this person may open; `staff_home`: the first page of them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_staff:
        return {}
    found = sections(user)
    return {"staff_sections": found, "staff_home": found[0][1][0].url if found else ""}
