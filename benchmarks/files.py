"""What it costs to bring a file of orders in: rows a second of each step, and whether memory stays that of a slice.

A child process for each length brings a CSV file in, has it checked and taken by one worker, and says how fast each
step was and how much memory it had at most. ROWS is the length of the longer file, 10,000 if it is not set; the shorter
one has a tenth of it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks import scratch
from benchmarks.figures import Figure, say, tell

ROWS = int(os.environ.get("ROWS", "10000"))


def main() -> None:
    """Bring both files in and tell the ratio of their memory."""
    short, long = _child(ROWS // 10), _child(ROWS)
    for step in ("read", "checked", "taken"):
        say(f"{step}: {long[step]:,.0f} rows a second")
    say(f"at most {long['memory']:,.0f} MB with {ROWS:,} rows, {short['memory']:,.0f} MB with {ROWS // 10:,}")
    engine = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    name = f"memory of a file of {ROWS:,} orders ÷ of {ROWS // 10:,}, {engine}"
    tell([Figure(name, (long["memory"] / short["memory"],), floor=1.3, target=1.1, less=True)])


def measure(rows: int) -> None:
    """Bring one file in, and print what that took."""
    with scratch.site(), tempfile.TemporaryFile() as file:
        from integrations.files import bringing
        from tests.factories import make_source

        at = datetime.now(UTC)
        _write(file, rows)
        source, actor = make_source("shop"), ("command", "bench")
        found: dict[str, float] = {}
        table = _timed(found, "read", rows, lambda: bringing.bring(source, "orders", "past.csv", file, actor, at))
        bringing.name_columns(table, table.mapping, "", at)
        _timed(found, "checked", rows, lambda: _work(at))
        bringing.take(table, actor, at, skip_bad=False)
        _timed(found, "taken", rows, lambda: _work(at))
        table.refresh_from_db()
        assert (table.state, bringing.results(table)) == ("done", {"created": rows}), bringing.results(table)
        found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))


def _work(at: datetime) -> None:
    from integrations.files import bringing

    while bringing.bring_due(at):
        pass


def _write(file: Any, rows: int) -> None:
    file.write(b"Order ID,Created at,Total,Currency,Customer ID,Email\n")
    for number in range(rows):
        told = f"o-{number},2024-01-01 10:00:00,59.00,USD,c-{number},friend{number}@example.com\n"
        file.write(told.encode())
    file.seek(0)


def _timed(found: dict[str, float], step: str, rows: int, act: Callable[[], Any]) -> Any:
    begins = time.perf_counter()
    result = act()
    found[step] = rows / (time.perf_counter() - begins)
    return result


def _child(rows: int) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.files", str(rows)], stdout=subprocess.PIPE, text=True, check=True
    )
    told: dict[str, float] = json.loads(run.stdout)
    return told


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        main()
