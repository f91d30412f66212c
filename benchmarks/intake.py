"""What it costs to take an order in, against an empty API view with the same key and the same body.

`POST /api/v1/orders` keeps the order with its line and customer, a touch by a typed code and the conversion that this
opens, and answers when all of it is committed. Sixteen connections ask without a pause; the two views take turns on
one server with one worker. The ratio is of answers a second by the clock, since an order waits for its commit. No
worker decides meanwhile. On SQLite writers wait for each other, on PostgreSQL for the disk (synchronous_commit is as
the server has it, which is on unless somebody switched it off).
"""

import itertools
import json
import os
from collections.abc import Iterator

from benchmarks import load, scratch
from benchmarks.figures import Figure, say, tell
from benchmarks.load import Work
from benchmarks.servers import Server, running

ROUNDS = 5
SECONDS = 4.0
# More than are answered in one round.
BODIES = 5000


def main() -> None:
    """Let the two take turns and tell the ratio of their rates."""
    with scratch.site():
        token, bodies = _shop()
        with running(Server("advocacy_platform.wsgi:application")) as server:
            rates: dict[str, list[float]] = {"empty": [], "orders": []}
            for number in range(ROUNDS + 1):
                for name, seen in rates.items():
                    requests = [_post(name, token, body) for body in itertools.islice(bodies, BODIES)]
                    work = Work(server.port, requests, connections=16, seconds=SECONDS, begins=b"HTTP/1.1 201 ")
                    rate = load.run(work).answers / SECONDS
                    # The first round warms up.
                    if number:
                        seen.append(rate)
    for name, seen in rates.items():
        say(f"{name}: {sorted(seen)[ROUNDS // 2]:,.0f} answers a second")
    ratios = tuple(mine / empty for mine, empty in zip(rates["orders"], rates["empty"], strict=True))
    engine = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    tell([Figure(f"POST /api/v1/orders ÷ an empty view, {engine}", ratios, floor=0.15, target=0.4)])


def _shop() -> tuple[str, Iterator[bytes]]:
    """A key, and orders that bring the code of one of a hundred advocates, each by a new customer."""
    from spine import clock
    from tests.factories import make_advocate, make_key, make_link, make_program, make_source

    make_source("shop")
    program = make_program()
    for number in range(100):
        make_link(program, make_advocate(f"advocate-{number}"), f"BENCH{number}")
    _key, token = make_key("facts:write", at=clock.now())
    return token, map(_order, itertools.count(1))


def _order(number: int) -> bytes:
    from spine import clock

    return json.dumps(
        {
            "source": "shop",
            "id": f"o-{number}",
            "currency": "USD",
            "placed_at": clock.now().isoformat(),
            "customer": {"id": f"c-{number}", "email": f"friend{number}@example.com"},
            "lines": [{"id": "1", "kind": "goods", "amount": 5000, "sku": "shoes", "quantity": 1}],
            "touches": {"code": f"BENCH{number % 100}"},
        }
    ).encode()


def _post(name: str, token: str, body: bytes) -> bytes:
    lines = [
        f"POST /api/v1/{name} HTTP/1.1",
        f"Host: {scratch.HOST}",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 203.0.113.7",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


if __name__ == "__main__":
    main()
