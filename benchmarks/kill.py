"""Whether a visit that was answered is a visit that is recorded, while web and loader are killed at random.

Two granian workers answer visits as fast as one client asks; every second or so a worker, the whole server or the
loader is ended by SIGKILL and started again. In the end the spool is loaded, and the token in each answer that
reached the client is looked for among the clicks. Power loss is not tried: the spool is not synced to the disk.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

from benchmarks import load, scratch
from benchmarks.figures import Figure, say, tell
from benchmarks.load import Work
from benchmarks.redirect import request, visits
from benchmarks.servers import ROOT, Server

ROUNDS = 5
KILLS = 8
KINDS = ("worker", "web", "loader")


def main() -> None:
    """Some storms, each with the share of its answered visits that is recorded."""
    with scratch.site():
        visits()
        shares = []
        for _ in range(ROUNDS):
            answered = storm({}, request("BEN42"), kills=KILLS)
            found = recorded(answered)
            shares.append(found / len(answered))
            say(f"{len(answered):,} visits answered through {KILLS} kills, {found:,} recorded")
    tell([Figure("clicks recorded ÷ clicks answered, through kill -9", tuple(shares), floor=1.0, target=1.0)])


def storm(environment: Mapping[str, str], visit: bytes, *, kills: int) -> list[str]:
    """Answer visits and kill meanwhile; return the tokens that reached the client."""
    everything = {**os.environ, **environment}
    web = Server("advocacy_platform.wsgi:application", workers=2, environment=environment)
    web.start("/health/live")
    loader = _loader(everything)
    answered: list[str] = []
    over = threading.Event()
    client = threading.Thread(
        target=_visit, args=(Work(web.port, [visit], 8, seconds=1, keeps_tokens=True), answered, over)
    )
    client.start()
    for kind in random.sample(KINDS * kills, kills):
        time.sleep(random.uniform(0.3, 1.2))  # noqa: S311 - chance is the point
        if kind == "worker" and len(web.processes()) > 1:
            os.kill(web.processes()[-1], signal.SIGKILL)
        elif kind == "loader":
            loader.kill()
            loader.wait()
            loader = _loader(everything)
        else:
            web.kill()
            web.start("/health/live")
    over.set()
    client.join()
    web.stop()
    loader.terminate()
    loader.wait(60)
    subprocess.run([*LOAD, "--once"], env=everything, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return answered


def _visit(work: Work, answered: list[str], over: threading.Event) -> None:
    while not over.is_set():
        answered.extend(token.decode() for token in load.ask(work).tokens)


def recorded(answered: list[str]) -> int:
    """How many of these tokens tell of a click that is in the database."""
    from django.utils import timezone

    from referrals.models import Click
    from referrals.visits import tokens

    known = set(Click.objects.values_list("pk", flat=True))
    told = [tokens.read(token, timezone.now()) for token in answered]
    return sum(1 for token in told if token and token.click in known)


LOAD = (sys.executable, "manage.py", "load_clicks")


def _loader(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(LOAD, env=environment, cwd=ROOT)


if __name__ == "__main__":
    main()
