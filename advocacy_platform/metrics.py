"""What is measured, for Prometheus: every request by its view, and how the due work stands when somebody asks."""

import hmac
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Min
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from advocacy_platform import backups, health
from brand.models import Message
from referrals.visits import loading
from rewards import sealing
from spine import clock, due, events, guards
from spine.models import Cursor, Event

Answer = Callable[[HttpRequest], HttpResponse]
# They would double the number of series, for instants that nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
# Counted by each process on its own; with PROMETHEUS_MULTIPROC_DIR set, in files that every process adds up.
COUNTED = CollectorRegistry()
REQUESTS = Counter(
    "advocacy_requests",
    "Requests answered, by view, method and status.",
    ["view", "method", "status"],
    registry=COUNTED,
)
SECONDS = Histogram(
    "advocacy_request_seconds",
    "How long an answer took, by view.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=COUNTED,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_requests(answer: Answer) -> Answer:
    """Count each request under the name of its view: an address may hold anything, names are few."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = answer(request)
        view = request.resolver_match.view_name if request.resolver_match else "unmatched"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, response.status_code).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response

    return middleware


def page(request: HttpRequest) -> HttpResponse:
    """All metrics as text, for whoever knows METRICS_TOKEN; without one set there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(text(), content_type=CONTENT_TYPE_PLAIN_0_0_4) if settings.DEBUG else HttpResponseNotFound()
    told = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    if not hmac.compare_digest(told, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def text() -> bytes:
    """What was counted so far and how things stand now."""
    counted = COUNTED
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    standing = CollectorRegistry()
    standing.register(Standing())
    return generate_latest(counted) + generate_latest(standing)


@dataclass(frozen=True)
class Gauge:
    """One thing that is read when somebody asks: values by a label, or one value under no label."""

    label: str
    says: str
    read: Callable[[datetime], Mapping[str, float]]


class Standing(Collector):
    """How things stand now, read from the database when it is asked."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing, so that being registered reads no database."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge with its values."""
        at = clock.now()
        for name, gauge in GAUGES.items():
            family = GaugeMetricFamily(name, gauge.says, labels=[gauge.label] if gauge.label else [])
            for key, value in gauge.read(at).items():
                family.add_metric([key] if gauge.label else [], value)
            yield family


def _dead(at: datetime) -> dict[str, float]:
    return {m._meta.label_lower: m._base_manager.filter(dead_at__isnull=False).count() for m in due.due_models()}


def _messages(at: datetime) -> dict[str, float]:
    counted = dict(Message.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in Message.State.values}


def _unnumbered(at: datetime) -> dict[str, float]:
    oldest = Event.objects.filter(position=None).aggregate(oldest=Min("at"))["oldest"]
    return {"": max((at - oldest).total_seconds(), 0.0) if oldest else 0.0}


def _lag(at: datetime) -> dict[str, float]:
    head = Cursor.objects.filter(name=events.NUMBERING).values_list("position", flat=True).first() or 0
    readers = Cursor.objects.exclude(name=events.NUMBERING)
    return dict(readers.annotate(lag=head - F("position")).values_list("name", "lag"))


def _unsealed(at: datetime) -> dict[str, float]:
    waited = sealing.unsealed_since(at)
    return {"": max(waited.total_seconds(), 0.0) if waited else 0.0}


def _unloaded(at: datetime) -> dict[str, float]:
    return {"": float(loading.unloaded_bytes(Path(settings.DATA_DIR) / "spool"))}


def _backup_age(at: datetime) -> dict[str, float]:
    age = backups.age(at)
    return {} if age is None else {"": age.total_seconds()}


GAUGES = {
    "advocacy_due_oldest_seconds": Gauge(
        "kind", "For how long the longest due row of a kind has waited.", health.oldest_due_seconds
    ),
    "advocacy_dead_rows": Gauge("kind", "Rows that gave up and wait for a person.", _dead),
    "advocacy_messages": Gauge("state", "Emails that are kept, by state.", _messages),
    "advocacy_events_unnumbered_seconds": Gauge("", "Age of the oldest event without a position.", _unnumbered),
    "advocacy_ledger_unsealed_seconds": Gauge("", "Age of the oldest transfer without a seal.", _unsealed),
    "advocacy_reader_lag_events": Gauge("reader", "Events that a reader has not read yet.", _lag),
    "advocacy_clicks_unloaded_bytes": Gauge(
        "", "What this machine's spool holds of visits that are not in the database yet.", _unloaded
    ),
    "advocacy_broker_up": Gauge("", "1 while the broker answers.", lambda _at: {"": float(health.broker_is_up())}),
    "advocacy_guards_missing": Gauge(
        "", "Append-only guards that do not stand.", lambda _at: {"": float(len(guards.missing()))}
    ),
    "advocacy_backup_age_seconds": Gauge(
        "", "Time since the day of the newest daily backup began; absent where none are made.", _backup_age
    ),
    "advocacy_build": Gauge("version", "1, under the running version.", lambda _at: {settings.VERSION: 1.0}),
}
