"""The provider that hands out discount codes which the shop made beforehand."""

from datetime import timedelta

from rewards import pools
from rewards.fulfilment import Errand, Outcome
from rewards.models import Pool
from spine import clock


class FromPool:
    """The pool that an item names; the code that was set aside under the errand's key is the one that is handed out."""

    again: timedelta | None = None

    def send(self, errand: Errand) -> Outcome:
        """The code of this key. A pool that is empty after all hands out nothing."""
        try:
            code = pools.take(Pool.objects.get(pk=errand.facts["pool"]), errand.key, clock.now())
        except pools.PoolEmpty as empty:
            return Outcome("failed", str(empty.detail))
        return Outcome("arrived", result=code.text)

    def look_up(self, errand: Errand) -> Outcome:
        """The same: the key has one code, however often it is asked for."""
        return self.send(errand)

    def cancel(self, errand: Errand) -> Outcome:
        """A code that somebody may have seen is theirs."""
        return self.send(errand)
