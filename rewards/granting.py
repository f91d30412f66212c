"""Granting: giving what is not counted in the ledger, once its hold is over.

Codes and badges are given by themselves; what somebody sends or arranges stands on the staff's work list until then.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates import staff
from advocates.models import User
from rewards import occasions, people, pools, promising
from rewards.models import Grant, Occasion
from rewards.plans import PlanDocument
from spine import audit, due
from spine.inserts import insert_once
from spine.refusal import Refusal
from spine.updates import update_rows

BATCH = 200
BY_STAFF = ("goods", "perk")


class GrantNotReady(Refusal):
    """Nobody waits for the staff to hand this out."""

    code = "grant_not_ready"
    sentence = _("This doesn't wait for you any more: it is done, or the order behind it went back.")


class OwnGrant(Refusal):
    """Somebody was about to hand something out to themselves."""

    code = "own_grant"
    status = 403
    sentence = _("This is yours. Ask somebody else on the staff to do it.")


def grant_due(at: datetime) -> int:
    """Give a batch of what is granted; return how many grants were due."""
    turn = _Turn()
    return due.work(Grant.objects.all(), turn.give, at=at, batch=BATCH, lock=turn.lock)


def waiting() -> QuerySet[Grant]:
    """What stands on the staff's work list; nothing of an order that a bank is looking at."""
    return Grant.objects.filter(state=Grant.State.READY, withdrawn_at=None, occasion__is_disputed=False)


@transaction.atomic
def mark_sent(grant: Grant, manager: User, words: str, at: datetime) -> None:
    """Note that it was sent or arranged; its person reads the words. Raises GrantNotReady, OwnGrant."""
    occasion = Occasion.objects.select_for_update(no_key=True).get(pk=grant.occasion_id)
    held = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    if held.state != Grant.State.READY or held.withdrawn_at or occasion.is_disputed or occasion.due_at:
        raise GrantNotReady
    if people.own(manager, [held.person_id]):
        raise OwnGrant
    occasions.finalise_held([occasion], at)
    held.sent_at, held.state, held.words, held.version = at, Grant.State.SENT, words.strip()[:200], held.version + 1
    held.save(update_fields=["sent_at", "state", "words", "version"])
    insert_once([promising.grant_event("grant.sent", held, at)], key=["key"])
    audit.record(staff.party(manager), "grant.sent", ("grant", str(held.public_id)), at=at)


class _Turn:
    """One transaction's turn with some grants: their occasions, then the grants."""

    occasions: dict[int, Occasion]

    def lock(self, rows: Sequence[Grant]) -> None:
        """Hold what has to be held before the grants are."""
        named = Occasion.objects.filter(pk__in={row.occasion_id for row in rows}).select_related("plan").order_by("pk")
        self.occasions = {each.pk: each for each in named.select_for_update(no_key=True, of=("self",))}

    def give(self, rows: Sequence[Grant], at: datetime) -> None:
        """Send what is ready. A pool without codes leaves its grants waiting, and the staff are told of it anyway."""
        given = [row for row in rows if self._is_ready(row, at) and self._give(row, at)]
        sent = [row for row in given if row.sent_at]
        occasions.finalise_held({row.occasion_id: self.occasions[row.occasion_id] for row in sent}.values(), at)
        update_rows(given, ["ready_at", "sent_at", "state", "version", "code"])
        insert_once([promising.grant_event(f"grant.{grant.state}", grant, at) for grant in given], key=["key"])
        for row in rows:
            is_done = row.ready_at or row.sent_at or row.revoked_at
            if not is_done and (row.approved_at or not row.needs_approval):
                row.due_at = max(row.hold_until, at + pools.LOOK_AGAIN)

    def _is_ready(self, row: Grant, at: datetime) -> bool:
        occasion = self.occasions[row.occasion_id]
        is_done = row.withdrawn_at or row.revoked_at or row.ready_at or row.sent_at
        waits = occasion.is_disputed or occasion.due_at or is_done
        return not waits and (row.approved_at is not None or not row.needs_approval) and row.hold_until <= at

    def _give(self, row: Grant, at: datetime) -> bool:
        if row.kind == "discount_code" and not self._take_code(row, at):
            return False
        row.version += 1
        if row.kind in BY_STAFF:
            row.ready_at, row.state = at, Grant.State.READY
        else:
            row.sent_at, row.state = at, Grant.State.SENT
        return True

    def _take_code(self, row: Grant, at: datetime) -> bool:
        pool = pools.of(row.scheme_id, self._pool(row))
        try:
            row.code = pools.take(pool, f"grant:{row.public_id}", at).text if pool else ""
        except pools.PoolEmpty:
            return False
        return bool(row.code)

    def _pool(self, row: Grant) -> str | None:
        rules = PlanDocument.read(row.plan.document).all_rules
        return next((rule.benefit.pool for rule in rules if rule.name == row.rule), None)
