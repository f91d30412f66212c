"""Notices: telling people something on the site itself, and knowing whether they have read it."""

from collections.abc import Sequence

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Greatest

from advocates.models import Advocate, Notice
from spine.inserts import insert_once

BATCH = 500


def give(notices: Sequence[Notice]) -> list[Notice]:
    """Tell people these, in the caller's transaction; what was told under its key before is not told again."""
    told = []
    for start in range(0, len(notices), BATCH):
        told += insert_once(notices[start : start + BATCH], key=["key"])
    latest = Notice.objects.filter(person=OuterRef("person")).order_by("-pk").values("pk")[:1]
    people = Advocate.objects.filter(person__in={notice.person_id for notice in told})
    # Locked one after the other, so that two who tell many people never wait for each other in a circle.
    held = list(people.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    Advocate.objects.filter(pk__in=held).update(noticed=Greatest(F("noticed"), Subquery(latest)))
    return told


def mark_read(advocate: Advocate, last: int) -> None:
    """They have read everything up to this notice."""
    Advocate.objects.filter(pk=advocate.pk, read__lt=last, noticed__gte=last).update(read=last)
