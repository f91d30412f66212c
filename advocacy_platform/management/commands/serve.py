"""Run the whole site on this machine: web, workers, beat and, without a REDIS_URL, the broker."""

import http.client
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from advocacy_platform import demo, embedded
from advocacy_platform.sources import Sources
from advocacy_platform.supervisor import AlreadyRunning, Child, Supervisor, sole
from advocates.models import User
from spine import clock

# Enough for pages that wait for the database; a redirect never waits.
WEB_THREADS = "8"


class Command(BaseCommand):
    help = "Run web, workers, beat and the embedded broker until Ctrl-C. What is killed comes back."
    # Loading every page to check it takes as long as all else at a start, so only a live site waits for that.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        address = urlsplit(settings.BASE_URL)
        local = address.scheme == "http" and address.port
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=local or 8000, help="the port to listen on")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        try:
            with sole(settings.DATA_DIR) as lock:
                self._serve(host, port, lock)
        except AlreadyRunning as refusal:
            raise CommandError(
                f"The site in {settings.DATA_DIR} is running already. Stop it first, or set another DATA_DIR."
            ) from refusal

    def _serve(self, host: str, port: int, lock: int) -> None:
        _refuse_busy(host, port)
        supervisor = Supervisor(changed=Sources(settings.BASE_DIR).changed if settings.DEBUG else lambda: False)
        try:
            if not settings.REDIS_URL:
                supervisor.start(self._broker(lock))
            self._prepare()
            supervisor.start(_web(host, port))
            if not settings.REDIS_URL:
                embedded.wait(settings.DATA_DIR, seconds=10)
            # Whoever has just started the site waits for its first page, not for the workers.
            _wait_for_web(supervisor, host, port)
            for child in (_loader(), _worker("money,default", 1), _worker("webhooks,mail,media", 2), _beat()):
                supervisor.start(child)
            self._announce()
            supervisor.watch()
        except embedded.ServerSilent as silent:
            log = settings.DATA_DIR / "valkey" / "valkey.log"
            raise CommandError(f"The broker does not answer. Its log may say why: {log}") from silent
        finally:
            supervisor.stop()
        self.stdout.write("Stopped.")

    def _broker(self, lock: int) -> Child:
        try:
            return Child("broker", embedded.command(settings.DATA_DIR), is_ours=False, keeps_open=(lock,))
        except embedded.ServerAbsent as absent:
            raise CommandError(
                "There is no broker for this kind of machine: install valkey-server or redis-server, or set REDIS_URL."
            ) from absent

    def _prepare(self) -> None:
        """Bring the database, the static files and the demo up to date; on most starts there is nothing to do."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG:
            self.check()
            call_command("collectstatic", verbosity=0, interactive=False)
        if demo.is_allowed():
            demo.load(clock.now())
        connections.close_all()

    def _announce(self) -> None:
        lines = ["", f"  {settings.BASE_URL}/"]
        if settings.DEBUG:
            lines += [f"  {settings.BASE_URL}/dev/mail/   every email that the site sent"]
            lines += [f"  {settings.BASE_URL}/dev/        the developer's page"]
        if demo.is_allowed():
            lines += ["", *_demo_people()]
        self.stdout.write("\n".join([*lines, "", "  Ctrl-C stops everything.", ""]))
        self.stdout.flush()


def _demo_people() -> list[str]:
    known = set(User.objects.filter(email__in=[p.email for p in demo.people()]).values_list("email", flat=True))
    connections.close_all()
    return [
        f"  {person.name:<16} {person.role:<11} {person.email:<18} {person.password}"
        + (f"   code now: {person.totp_code}   later: manage.py totp {person.email}" if person.totp_code else "")
        for person in demo.people()
        if person.email in known
    ]


def _web(host: str, port: int) -> Child:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", WEB_THREADS, "--no-ws", "--log-level", "error"]
    return Child("web", [*command, "advocacy_platform.wsgi:application"], {"ADVOCACY_PROCESS": "web"})


def _loader() -> Child:
    return Child("loader of visits", [sys.executable, str(settings.BASE_DIR / "manage.py"), "load_clicks"], _WORKER)


def _worker(queues: str, processes: int) -> Child:
    # Workers of one machine have nothing to tell each other.
    command = [*_celery("worker"), "-Q", queues, "-n", f"{queues.partition(',')[0]}@%h", "-c", str(processes)]
    return Child(f"worker for {queues}", [*command, "--without-gossip", "--without-mingle"], _WORKER)


def _beat() -> Child:
    # The supervisor's lock keeps a second beat away; a pid file would only outlive a killed one.
    return Child("beat", [*_celery("beat"), "--pidfile", ""], _WORKER)


# The system checks ran when this command began. Celery warns of root at every start, which in a container says nothing.
_WORKER = {
    "ADVOCACY_PROCESS": "worker",
    "CELERY_SKIP_CHECKS": "1",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}


def _celery(verb: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "advocacy_platform", "--quiet", verb]


def _refuse_busy(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as busy:
            raise CommandError(f"Port {port} is in use. Stop what listens there, or choose another --port.") from busy


def _wait_for_web(supervisor: Supervisor, host: str, port: int) -> None:
    """Return when the first page has been answered, or half a minute has gone by."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends and not supervisor.is_stopping:
        supervisor.revive()
        web = http.client.HTTPConnection(host, port, timeout=10)
        try:
            web.request("GET", "/", headers={"Host": urlsplit(settings.BASE_URL).netloc})
            web.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return
        finally:
            web.close()
