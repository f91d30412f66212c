"""What ends by itself and would otherwise lie about: sessions and cached values.

Django ends both by the wall clock, in the sandbox as well, so the instant of the sweep is not asked.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone

# Few enough to hold SQLite's one write lock for a moment only.
BATCH = 1000


def purge_sessions(at: datetime) -> int:
    """Delete one batch of ended sessions; return how many."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).values("pk")[:BATCH]
    return Session.objects.filter(pk__in=ended).delete()[0]


def purge_cache(at: datetime) -> int:
    """Delete one batch of cached values that have expired; return how many."""
    if not isinstance(caches["default"], DatabaseCache):
        return 0
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    now = timezone.now().replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE cache_key IN"  # noqa: S608 - the name of a table of ours
            f" (SELECT cache_key FROM {table} WHERE expires < %s LIMIT %s)",
            [connection.ops.adapt_datetimefield_value(now), BATCH],
        )
        deleted: int = cursor.rowcount
    return deleted
