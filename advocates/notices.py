"""Notices: telling people something on the site itself, and knowing whether they have read it."""

from collections.abc import Sequence

from django.db.models import F
from django.db.models.functions import Greatest

from advocates.models import Advocate, Notice
from spine.inserts import insert_once

BATCH = 500


def give(notices: Sequence[Notice]) -> list[Notice]:
    """Tell people these, in the caller's transaction; what was told under its key before is not told again."""
    told = []
    for start in range(0, len(notices), BATCH):
        told += insert_once(notices[start : start + BATCH], key=["key"])
    latest = {notice.person_id: notice.pk for notice in told}
    for person, last in sorted(latest.items()):
        Advocate.objects.filter(person=person).update(noticed=Greatest(F("noticed"), last))
    return told


def mark_read(advocate: Advocate, last: int) -> None:
    """They have read everything up to this notice."""
    Advocate.objects.filter(pk=advocate.pk, read__lt=last, noticed__gte=last).update(read=last)
