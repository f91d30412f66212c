"""How many conversions an advocate is credited within a stretch of time, without reading them one by one."""

from bisect import bisect_left, insort
from collections import defaultdict
from datetime import datetime
from uuid import UUID


class Credits:
    """Instants of credits by advocate, and by the link of those for which its code was typed."""

    def __init__(self) -> None:
        self._instants: dict[tuple[UUID, int | None], list[datetime]] = defaultdict(list)
        self._of: dict[int, tuple[UUID, datetime, int | None]] = {}

    def add(self, advocate: UUID, at: datetime, by_code: int | None, conversion: int | None = None) -> None:
        """Count one more; `conversion` names one that may be taken away again."""
        for key in {(advocate, None), (advocate, by_code)}:
            insort(self._instants[key], at)
        if conversion is not None:
            self._of[conversion] = (advocate, at, by_code)

    def remove(self, conversion: int) -> None:
        """Count what was added for this conversion no more."""
        if conversion in self._of:
            advocate, at, by_code = self._of.pop(conversion)
            for key in {(advocate, None), (advocate, by_code)}:
                del self._instants[key][bisect_left(self._instants[key], at)]

    def count(
        self, advocate: UUID, since: datetime, until: datetime, *, by_code: int | None = None, besides: int
    ) -> int:
        """How many from `since` on and before `until`, where a link is named by its code, without that conversion."""
        instants = self._instants.get((advocate, by_code), [])
        own = self._of.get(besides)
        is_in = own is not None and own[0] == advocate and by_code in (None, own[2]) and since <= own[1] < until
        return bisect_left(instants, until) - bisect_left(instants, since) - is_in
