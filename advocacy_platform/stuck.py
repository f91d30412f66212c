"""Work of every kind that needs a person's eye: what is dead, what is late, and starting it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from spine import audit, due
from spine.due import DueRow
from spine.refusal import Refusal


class NotDead(Refusal):
    """Nothing of what was to be started again has given up."""

    code = "not_dead"
    sentence = _("It is not dead any more: it was started again already, or it is done.")


@dataclass(frozen=True)
class Kind:
    """One kind of work and how it stands."""

    model: type[DueRow]
    waiting: int
    dead: int
    late: int
    oldest_due_at: datetime | None

    @property
    def key(self) -> str:
        """The kind's name in addresses."""
        return self.model._meta.label_lower

    @property
    def name(self) -> str:
        """The kind's name for people."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    @property
    def stuck(self) -> int:
        """How many rows need a person's eye."""
        return self.dead + self.late


@dataclass(frozen=True)
class Stuck:
    """One stuck row."""

    kind: str
    kind_name: str
    pk: str
    what: str
    is_dead: bool
    since: datetime
    attempts: int
    error: str


def models_by_key() -> dict[str, type[DueRow]]:
    """Every kind of work by its name in addresses."""
    return {model._meta.label_lower: model for model in due.due_models()}


def kinds(at: datetime) -> list[Kind]:
    """How each kind of work stands: one query a kind, along its partial indexes, whatever the table's size."""
    return [_kind(model, at) for model in due.due_models()]


def total(at: datetime) -> int:
    """How many rows of any kind need a person's eye."""
    return sum(due.stuck(model, at).count() for model in due.due_models())


def ordered(model: type[DueRow], at: datetime) -> models.QuerySet[DueRow]:
    """One kind's stuck rows with what their descriptions need, annotated with when each got stuck (`since`)."""
    foreign = [field.name for field in model._meta.fields if field.is_relation]
    rows = due.stuck(model, at).select_related(*foreign) if foreign else due.stuck(model, at)
    return rows.annotate(since=Coalesce(F("dead_at"), F("due_at")))


def longest(at: datetime, *, limit: int) -> list[Stuck]:
    """The rows of all kinds that have been stuck the longest."""
    found: list[Stuck] = []
    for model in due.due_models():
        found += describe(ordered(model, at).order_by("since", "pk")[:limit])
    return sorted(found, key=lambda row: row.since)[:limit]


def describe(rows: Iterable[DueRow]) -> list[Stuck]:
    """Rows from `ordered` in words."""
    return [
        Stuck(
            kind=row._meta.label_lower,
            kind_name=capfirst(str(row._meta.verbose_name)),
            pk=str(row.pk),
            what=str(row),
            is_dead=row.dead_at is not None,
            since=row.since,  # type: ignore[attr-defined]
            attempts=row.attempts,
            error=row.error,
        )
        for row in rows
    ]


@transaction.atomic
def retry(actor: audit.Party, row: DueRow, *, at: datetime) -> None:
    """Start one dead row again. Raises NotDead."""
    if not row.retry(at):
        raise NotDead
    audit.record(actor, "work.retried", (row._meta.label_lower, str(row.pk)), at=at)


@transaction.atomic
def retry_all(actor: audit.Party, model: type[DueRow], *, at: datetime) -> int:
    """Start every dead row of a kind again and return how many. Raises NotDead."""
    dead = model._base_manager.filter(dead_at__isnull=False)
    started = dead.update(due_at=at, dead_at=None, attempts=0)
    if not started:
        raise NotDead
    audit.record(actor, "work.retried", ("kind", model._meta.label_lower), at=at)
    return started


def _kind(model: type[DueRow], at: datetime) -> Kind:
    unfinished = model._base_manager.filter(Q(due_at__isnull=False) | Q(dead_at__isnull=False))
    counts = unfinished.aggregate(
        waiting=Count("pk", filter=Q(due_at__isnull=False)),
        dead=Count("pk", filter=Q(dead_at__isnull=False)),
        late=Count("pk", filter=Q(due_at__lt=at - model.deadline)),
        oldest_due_at=Min("due_at", filter=Q(due_at__lte=at)),
    )
    return Kind(model=model, **counts)


def worst_delay(found: Iterable[Kind], at: datetime) -> timedelta | None:
    """How long the oldest due row of any kind has waited; None when nothing is due."""
    oldest = [kind.oldest_due_at for kind in found if kind.oldest_due_at]
    return at - min(oldest) if oldest else None
