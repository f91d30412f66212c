"""The door for machines that watch this one, in front of everything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from advocacy_platform import health, metrics

Answer = Callable[[HttpRequest], HttpResponse]
PROBES: dict[str, Answer] = {"/health/live": health.live, "/health/ready": health.ready, "/metrics": metrics.page}


def answer_probes(answer: Answer) -> Answer:
    """Answer a probe without a session, a log line, a redirect, or a host name that it can't know."""

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return (probe or answer)(request)

    return middleware
