"""Rate limits that hold under concurrency: the count is one statement in the database."""

import hashlib
import hmac
import math
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import ngettext

from spine.models.limit import LimitWindow
from spine.refusal import Refusal


class TooManyTries(Refusal):
    """Something was tried more often than its limit allows."""

    code = "too_many_tries"
    status = 429

    @property
    def detail(self) -> str:
        """How long to wait, in words."""
        minutes = math.ceil(self.facts["retry_after"] / 60)
        return ngettext(
            "That was tried too often. Wait a minute, then try again.",
            "That was tried too often. Wait %(minutes)d minutes, then try again.",
            minutes,
        ) % {"minutes": minutes}


def take(what: str, whose: str, *, limit: int, per: timedelta, at: datetime) -> int:
    """Count one try of `what` by `whose` and return how many it was within the present window.

    Windows are aligned to multiples of `per`. The key is stored as a keyed hash, so `whose` may be an address.
    Raises TooManyTries (with `retry_after` in seconds) past `limit`.
    """
    seconds = int(per.total_seconds())
    starts = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
    key = hmac.new(settings.IDENTITY_KEY.encode(), f"{what}\0{whose}\0{seconds}".encode(), hashlib.sha256).hexdigest()
    table = LimitWindow._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, starts_at, taken) VALUES (%s, %s, 1)"  # noqa: S608 - a table name of ours
            f" ON CONFLICT (key, starts_at) DO UPDATE SET taken = {table}.taken + 1 RETURNING taken",
            [key, connection.ops.adapt_datetimefield_value(starts)],
        )
        taken: int = cursor.fetchone()[0]
    if taken > limit:
        raise TooManyTries(retry_after=max(1, math.ceil((starts + per - at).total_seconds())))
    return taken


def purge(at: datetime) -> int:
    """Forget windows that ended over a day ago; return how many."""
    return LimitWindow.objects.filter(starts_at__lt=at - timedelta(days=2)).delete()[0]
