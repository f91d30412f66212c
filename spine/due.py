"""Due work: the one way in which machines take rows that wait for them.

A row that is due has a `due_at`. A worker *leases* a batch: it moves `due_at` ahead to the lease's end and raises the
row's `lease` number, which fences off whoever held the row before. What a lease holder never finishes (it was killed)
is simply due again. What fails comes back later and later; after `max_attempts` it is dead-lettered for people to see.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.db import connection, models, transaction
from django.db.models import Q

logger = logging.getLogger(__name__)

# Longer than a task may live (120 s), so that a lease ends only after its holder has.
LEASE = timedelta(seconds=150)
# How long one call of `deliver` goes on leasing; what it leased last still has LEASE - PATIENCE.
PATIENCE = timedelta(seconds=20)


class DueRow(models.Model):
    """A row on which machines have work to do."""

    # After this many leases without an end the row waits for a person.
    max_attempts: ClassVar[int] = 10
    # A row due for longer than this is stuck and shown to staff.
    deadline: ClassVar[timedelta] = timedelta(minutes=10)

    due_at = models.DateTimeField(null=True, blank=True)
    lease = models.PositiveBigIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    dead_at = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="%(class)s_due"),
            # Whoever looks for rows that may have killed their holder does not read the whole pile.
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False, attempts__gt=0), name="%(class)s_suspect"
            ),
            models.Index(fields=["dead_at"], condition=Q(dead_at__isnull=False), name="%(class)s_dead"),
        ]

    def retry(self, at: datetime) -> bool:
        """Make a dead-lettered row due again, with its attempts forgotten; False if it is not dead (any more)."""
        dead = type(self)._base_manager.filter(pk=self.pk, dead_at__isnull=False)
        return bool(dead.update(due_at=at, dead_at=None, attempts=0))


M = TypeVar("M", bound=DueRow)


def due_models() -> list[type[DueRow]]:
    """Every kind of row that machines work on."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, DueRow)]


def stuck(model: type[M], at: datetime) -> models.QuerySet[M]:
    """Rows that need a person's eye: dead-lettered, or due for longer than their deadline."""
    return model._base_manager.filter(Q(dead_at__isnull=False) | Q(due_at__lt=at - model.deadline))


def lease(rows: models.QuerySet[M], *, at: datetime, batch: int = 100) -> list[M]:
    """Take up to `batch` due rows, the longest due first, so that nobody else has them until the lease ends.

    Concurrent callers get disjoint rows: PostgreSQL skips what is locked, SQLite takes turns. A row whose every lease
    ended with its holder killed is dead-lettered here, or it would kill one holder after another.
    """
    model = rows.model
    meta = model._meta
    assert meta.pk is not None
    pk = connection.ops.quote_name(meta.pk.column or "")
    table = connection.ops.quote_name(meta.db_table)
    with transaction.atomic():
        # `only` and not `values`, since "self" must name the table: a row that `rows` joins is not locked with it.
        chosen = rows.filter(due_at__lte=at).order_by("due_at", "pk").only("pk")[:batch]
        sql, params = chosen.select_for_update(skip_locked=True, of=("self",)).query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH chosen ({pk}) AS MATERIALIZED ({sql})"  # noqa: S608 - names of our models
                f" UPDATE {table} SET due_at = %s, lease = {table}.lease + 1, attempts = {table}.attempts + 1"
                f" FROM chosen WHERE {table}.{pk} = chosen.{pk} RETURNING {table}.{pk}",
                [*params, connection.ops.adapt_datetimefield_value(at + LEASE)],
            )
            taken = [meta.pk.to_python(row[0]) for row in cursor.fetchall()]
        held = list(model._base_manager.filter(pk__in=taken).order_by("pk")) if taken else []
    for row in held:
        if row.attempts > row.max_attempts:
            fail(row, TimeoutError("every lease ended before the work did"), at)
    return [row for row in held if row.attempts <= row.max_attempts]


def work(
    rows: models.QuerySet[M],
    call: Callable[[Sequence[M], datetime], None],
    *,
    at: datetime,
    batch: int = 100,
    lock: Callable[[Sequence[M]], None] | None = None,
) -> int:
    """Lease one batch and let `call` work on it inside one transaction; return how many rows were leased.

    `call` gets the rows locked. It may set a row's `due_at` to be asked again later; otherwise nothing is due on the
    row any more. If it raises, the batch is undone and tried row by row, so that a poisoned row stops only itself.
    A row that was leased before without an end is leased alone, since it may be what killed its holder. `lock` gets
    the rows before they are locked, for what has to be locked before them.
    """
    fresh = lease(rows.filter(attempts=0), at=at, batch=batch)
    try:
        _perform(fresh, call, at, lock)
    except Exception:
        logger.exception("a batch of %s failed and is tried row by row", rows.model.__name__)
        for row in fresh:
            _perform_alone(row, call, at, lock)
    suspects = lease(rows.filter(attempts__gt=0), at=at, batch=1)
    for row in suspects:
        _perform_alone(row, call, at, lock)
    return len(fresh) + len(suspects)


def deliver(rows: models.QuerySet[M], send: Callable[[M], Mapping[str, Any]], *, at: datetime, batch: int = 20) -> int:
    """Lease rows one after another and let `send` reach outside for each, with no transaction open; return how many.

    `send` returns the columns that its outcome sets, `due_at` among them if it wants to be asked again. They are
    written only if this lease still holds; whoever was fenced off writes nothing. Rows are leased singly and for at
    most `PATIENCE`, or the last of a slow batch would be sent after its lease has ended and be sent twice.
    """
    count, begun = 0, time.monotonic()
    while count < batch and time.monotonic() - begun < PATIENCE.total_seconds():
        taken = lease(rows, at=at, batch=1)
        if not taken:
            break
        _send(taken[0], send, at)
        count += 1
    return count


def fail(row: DueRow, failure: Exception, at: datetime) -> None:
    """Put a leased row back for later, or to the dead letters when it has used its attempts up."""
    error = told(failure)
    if row.attempts >= row.max_attempts:
        _held(row).update(due_at=None, dead_at=at, error=error)
    else:
        _held(row).update(due_at=at + backoff(row.attempts), error=error)


def told(failure: Exception) -> str:
    """A failure in one line that any database keeps: no NUL, no lone surrogate, at most 300 characters."""
    line = f"{type(failure).__name__}: {failure}".replace("\0", "")
    return line.encode("utf-8", "replace").decode()[:300]


def backoff(attempts: int) -> timedelta:
    """How long a row rests after its nth failure: 5 s, 10 s, 20 s … at most an hour, each up to half as long again."""
    base = min(5 * 2 ** (attempts - 1), 3600)
    return timedelta(seconds=base * random.uniform(1, 1.5))  # noqa: S311 - it spreads load, it guards nothing


def _perform(
    taken: Sequence[M],
    call: Callable[[Sequence[M], datetime], None],
    at: datetime,
    lock: Callable[[Sequence[M]], None] | None = None,
) -> None:
    if not taken:
        return
    with transaction.atomic():
        if lock:
            lock(taken)
        model = type(taken[0])
        leases = {row.pk: row.lease for row in taken}
        locked = model._base_manager.select_for_update().filter(pk__in=leases).order_by("pk")
        held = [row for row in locked if row.lease == leases[row.pk] and row.due_at]
        for row in held:
            row.due_at = None
        if held:
            call(held, at)
        _finish(held)


def _finish(rows: Sequence[M]) -> None:
    """Write down when each row is due again, if ever; one statement for all that were leased as often."""
    together: dict[tuple[int, datetime | None], list[Any]] = {}
    for row in rows:
        together.setdefault((row.lease, row.due_at), []).append(row.pk)
    for (number, due_at), keys in together.items():
        held = type(rows[0])._base_manager.filter(pk__in=keys, lease=number)
        held.update(due_at=due_at, attempts=0, error="")


def _perform_alone(
    row: M,
    call: Callable[[Sequence[M], datetime], None],
    at: datetime,
    lock: Callable[[Sequence[M]], None] | None = None,
) -> None:
    try:
        _perform([row], call, at, lock)
    except Exception as failure:
        logger.exception("%s %s failed", type(row).__name__, row.pk)
        fail(row, failure, at)


def _send(row: M, send: Callable[[M], Mapping[str, Any]], at: datetime) -> None:
    try:
        outcome = send(row)
    except Exception as failure:
        logger.exception("%s %s failed", type(row).__name__, row.pk)
        fail(row, failure, at)
    else:
        if not _held(row).update(**{"due_at": None, "attempts": 0, "error": "", **outcome}):
            logger.warning("%s %s was leased by another before its outcome came", type(row).__name__, row.pk)


def _held(row: DueRow) -> models.QuerySet[Any]:
    """The row, if its lease is still the one under which it was taken."""
    return type(row)._base_manager.filter(pk=row.pk, lease=row.lease)
