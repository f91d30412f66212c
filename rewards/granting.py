"""Granting: giving what is not counted in the ledger, once its hold is over."""

from collections.abc import Sequence
from datetime import datetime

from rewards import occasions, pools, promising
from rewards.models import Grant, Occasion
from rewards.plans import PlanDocument
from spine import due
from spine.inserts import insert_once
from spine.updates import update_rows

BATCH = 200


def grant_due(at: datetime) -> int:
    """Give a batch of what is granted; return how many grants were due."""
    turn = _Turn()
    return due.work(Grant.objects.all(), turn.give, at=at, batch=BATCH, lock=turn.lock)


class _Turn:
    """One transaction's turn with some grants: their occasions, then the grants."""

    occasions: dict[int, Occasion]

    def lock(self, rows: Sequence[Grant]) -> None:
        """Hold what has to be held before the grants are."""
        named = Occasion.objects.filter(pk__in={row.occasion_id for row in rows}).select_related("plan").order_by("pk")
        self.occasions = {each.pk: each for each in named.select_for_update(no_key=True, of=("self",))}

    def give(self, rows: Sequence[Grant], at: datetime) -> None:
        """Send what is ready. A pool without codes leaves its grants waiting, and the staff are told of it anyway."""
        sent = [row for row in rows if self._is_ready(row, at) and self._send(row, at)]
        occasions.finalise_held({row.occasion_id: self.occasions[row.occasion_id] for row in sent}.values(), at)
        update_rows(sent, ["sent_at", "state", "version", "code"])
        insert_once([promising.grant_event("grant.sent", grant, at) for grant in sent], key=["key"])
        for row in rows:
            if not row.sent_at and not row.revoked_at and not (row.needs_approval and not row.approved_at):
                row.due_at = max(row.hold_until, at + pools.LOOK_AGAIN)

    def _is_ready(self, row: Grant, at: datetime) -> bool:
        occasion = self.occasions[row.occasion_id]
        waits = occasion.is_disputed or occasion.due_at or row.withdrawn_at or row.revoked_at or row.sent_at
        return not waits and (row.approved_at is not None or not row.needs_approval) and row.hold_until <= at

    def _send(self, row: Grant, at: datetime) -> bool:
        if row.kind == "discount_code":
            pool = pools.of(row.scheme_id, self._pool(row))
            try:
                row.code = pools.take(pool, f"grant:{row.public_id}", at).text if pool else ""
            except pools.PoolEmpty:
                return False
            if not row.code:
                return False
        row.sent_at, row.state = at, Grant.State.SENT
        row.version += 1
        return True

    def _pool(self, row: Grant) -> str | None:
        rules = PlanDocument.read(row.plan.document).all_rules
        return next((rule.benefit.pool for rule in rules if rule.name == row.rule), None)
