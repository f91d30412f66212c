"""The Celery application, whose tasks are the sweeps of the schedule; `celery -A advocacy_platform` finds it here."""

import gc
import logging.config
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from django.utils import timezone
from django_structlog.celery.steps import DjangoStructLogInitStep

if TYPE_CHECKING:
    from advocacy_platform.schedule import Sweep

logger = logging.getLogger(__name__)

# A web process or a command has its settings by now; who comes here without is a worker or beat.
if not settings.configured:
    os.environ.setdefault("ADVOCACY_PROCESS", "worker")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy_platform.settings")

# A message that a worker holds for longer than the broker's visibility timeout is handed out again, and again.
LONGEST_DELAY = timedelta(seconds=60)


class DelayTooLong(ValueError):
    """A task was to wait in the broker for over a minute: write a row with a `due_at` instead."""


class Application(Celery):
    """Celery that refuses to keep long delays in the broker."""

    def send_task(
        self,
        name: str,
        args: Any = None,
        kwargs: Any = None,
        countdown: float | None = None,
        eta: datetime | None = None,
        *rest: Any,
        **options: Any,
    ) -> Any:
        """Publish a task. Raises DelayTooLong."""
        if timedelta(seconds=countdown or 0) > LONGEST_DELAY or (eta and eta - timezone.now() > LONGEST_DELAY):
            raise DelayTooLong(name)
        return super().send_task(name, args, kwargs, countdown, eta, *rest, **options)


app = Application("advocacy_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Each line that a task logs carries the task's id.
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _log_like_the_site(**options: Any) -> None:
    """Celery would set logging up anew; with a receiver here it keeps out."""
    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def collect_seldom(**options: Any) -> None:
    """Let Python look for garbage less often: a sweep makes thousands of rows at a time that all live until its end.

    What is there by now lives as long as the process, and is never looked at again; forked workers share its memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def take_on(sweeps: "Mapping[str, Sweep]") -> None:
    """Make each sweep a task of its name, routed to its queue and sent by beat as often as it says."""
    for name, sweep in sweeps.items():
        app.task(name=name, shared=False)(_task(name, sweep))
    app.conf.task_routes = {
        **(app.conf.task_routes or {}),
        **{name: {"queue": sweep.queue} for name, sweep in sweeps.items()},
    }
    # What has not begun when the next one is sent is dropped: a worker that was away finds no pile.
    app.conf.beat_schedule = {
        **app.conf.beat_schedule,
        **{
            name: {"task": name, "schedule": sweep.every, "options": {"expires": sweep.every}}
            for name, sweep in sweeps.items()
        },
    }


def _task(name: str, sweep: "Sweep") -> Callable[[], None]:
    """A sweep as Celery wants it: a plain function without arguments or a result."""

    def run() -> None:
        if taken := sweep.run():
            logger.info("%s took %d", name, taken)

    return run
