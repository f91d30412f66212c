"""Answers for the machines that watch this one: is the process alive, can it work, how does it stand."""

from datetime import datetime

import redis
from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.backoff import NoBackoff
from redis.retry import Retry

from spine import clock, due

# A broker is nothing that a request needs, so nobody waits for one for long.
BROKER_SECONDS = 0.3


def live(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether this process can work. It needs its database; the broker and late work are told for people to see."""
    try:
        waiting = oldest_due_seconds(clock.now())
    except Error:
        return JsonResponse({"status": "not ready", "database": False}, status=503)
    oldest = round(max(waiting.values(), default=0))
    return JsonResponse({"status": "ready", "database": True, "broker": broker_is_up(), "oldest_due_seconds": oldest})


def oldest_due_seconds(at: datetime) -> dict[str, float]:
    """Kind of row → for how many seconds its longest due row has waited; 0 where nothing is due."""
    waiting = {}
    for model in due.due_models():
        due_at = model._base_manager.filter(due_at__lte=at).order_by("due_at").values_list("due_at", flat=True).first()
        waiting[model._meta.label_lower] = (at - due_at).total_seconds() if due_at else 0.0
    return waiting


def broker_is_up() -> bool:
    """Whether the broker answers, and soon."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    client = redis.Redis.from_url(
        url, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
