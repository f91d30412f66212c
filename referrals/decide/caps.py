"""Caps on credited conversions: how many slots are taken, counted on the program across all versions of its terms.

A slot is taken by a standing decision that credits somebody. It stays taken while the staff refuses both sides, since
they may take that back, and is given back by a later decision that credits nobody or somebody else.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from referrals.models import CapCount, Decision
from spine.inserts import insert_once
from spine.updates import update_rows

# A program's key, and a person's id; "" for the whole program.
Slot = tuple[int, str]


def slots(program: int, person: object | None) -> list[Slot]:
    """The slots that crediting the person takes; none where nobody is credited."""
    return [(program, ""), (program, str(person))] if person else []


def lock(wanted: Collection[Slot]) -> dict[Slot, CapCount]:
    """The counts of these slots, held for the caller's transaction; always in the same order."""
    if not wanted:
        return {}
    rows = [CapCount(program_id=program, whose=whose) for program, whose in sorted(wanted)]
    insert_once(rows, key=["program", "whose"])
    found = CapCount.objects.filter(
        program__in={program for program, _whose in wanted}, whose__in={whose for _program, whose in wanted}
    )
    held = found.order_by("program", "whose").select_for_update(no_key=True)
    return {(count.program_id, count.whose): count for count in held}


def save(counts: Mapping[Slot, CapCount], used: Mapping[Slot, int]) -> None:
    """Write down how many slots are taken now, where that is new."""
    changed = [count for slot, count in counts.items() if count.used != used[slot]]
    for count in changed:
        count.used = used[count.program_id, count.whose]
    update_rows(changed, ["used"])


def recount(program: int) -> dict[Slot, int]:
    """How many slots the standing decisions take: what is stored must say the same."""
    credited = Decision.objects.filter(
        Q(superseded_at=None, credited_person__isnull=False), conversion__program=program
    )
    return dict(Counter(_taken(program, credited.values_list("credited_person", flat=True))))


def _taken(program: int, people: Iterable[object]) -> Iterable[Slot]:
    return (slot for person in people for slot in slots(program, person))
