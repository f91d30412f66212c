"""Reading the letters that people get."""

import re

from brand.models import Message


def newest_code(to: str) -> str:
    """The code on a line of its own in the newest letter to this address."""
    text = Message.objects.filter(to=to).latest("pk").text
    return re.search(r"^([A-Z]{4}-[A-Z]{4})$", text, re.MULTILINE)[1]


def subjects(to: str) -> list[str]:
    """The subjects of all letters to this address, oldest first."""
    return list(Message.objects.filter(to=to).order_by("pk").values_list("subject", flat=True))
