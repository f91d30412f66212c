"""How much of caps and budgets is used, counted on the scheme across all versions of its plan."""

from collections.abc import Collection, Mapping

from rewards.models import Count
from spine.inserts import insert_once
from spine.updates import update_rows

# A scheme's key, and the name of a cap or of its budget.
Key = tuple[int, str]


def lock(wanted: Collection[Key]) -> dict[Key, Count]:
    """The counts of these names, made where they are missing, held for the caller's transaction, in one order."""
    if not wanted:
        return {}
    insert_once([Count(scheme_id=scheme, name=name) for scheme, name in sorted(wanted)], key=["scheme", "name"])
    found = Count.objects.filter(scheme__in={key[0] for key in wanted}, name__in={key[1] for key in wanted})
    held = found.order_by("scheme", "name").select_for_update(no_key=True)
    return {(count.scheme_id, count.name): count for count in held}


def save(counts: Mapping[Key, Count], used: Mapping[Key, int]) -> None:
    """Write down how much is used now, where that is new."""
    changed = [count for key, count in counts.items() if count.used != used.get(key, 0)]
    for count in changed:
        count.used = used.get((count.scheme_id, count.name), 0)
    update_rows(changed, ["used"])
