"""Whether deciding stays as fast when the past grows: time for the same work with much past, against little.

Orders with a typed code come in, which makes conversions that are due; only deciding them, with traces, is timed, in
seconds of processor. The past is touches and credited conversions of other customers of the same two hundred advocates,
each with its order and standing decision: first 1,000 of each, then PAST of each (100,000 if not set; the bar speaks of
1,000,000, which takes minutes to write). Tables are analyzed after each load, as autovacuum would do.
"""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import scratch
from benchmarks.figures import Figure, say, tell

ROUNDS = 5
# Conversions that are decided in one round.
WORK = 200
ADVOCATES = 200
LITTLE, MUCH = 1000, int(os.environ.get("PAST", "100000"))
CHUNK = 2000


def main() -> None:
    """Decide with little past, then with much, and tell the ratio of the times."""
    with scratch.site():
        from tests.factories import make_advocate, make_link, make_program, make_source

        make_source("shop")
        program = make_program()
        links = [make_link(program, make_advocate(f"advocate-{n}"), f"BENCH{n}") for n in range(ADVOCATES)]
        times = {}
        for past, added in ((LITTLE, LITTLE), (MUCH, MUCH - LITTLE)):
            _add_past(links, added)
            _decide(-1)
            times[past] = [_decide(number) for number in range(ROUNDS)]
            say(f"with {past:,} past conversions: {WORK / sorted(times[past])[ROUNDS // 2]:,.0f} decisions a second")
    ratios = tuple(much / little for much, little in zip(sorted(times[MUCH]), sorted(times[LITTLE]), strict=True))
    engine = "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite"
    name = f"deciding with {MUCH:,} past conversions ÷ with {LITTLE:,}, time, {engine}"
    tell([Figure(name, ratios, floor=1.2, target=1.05, less=True)])


def _decide(number: int) -> float:
    """Let orders come in, and decide them; how many seconds the deciding took."""
    from customers.told import CustomerFact, LineFact, OrderFact
    from referrals import intake
    from referrals.decide import attribution
    from referrals.touches import Told
    from spine import clock

    at = clock.now()
    for n in range(WORK):
        key = f"{uuid.uuid4()}"
        customer = CustomerFact(key, f"{key}@example.com")
        order = OrderFact("shop", key, "USD", at, (LineFact("1", "goods", 5000),), customer=customer)
        intake.take_order(order, Told(code=f"BENCH{(number * WORK + n) % ADVOCATES}"), at)
    began = _processor_time()
    while attribution.decide_due(clock.now()):
        pass
    return _processor_time() - began


def _processor_time() -> float:
    """What this process has used of the processors, and on a PostgreSQL server of this machine its backends.

    In seconds. SQLite works in this process. Where the server's processes can't be seen, the clock counts.
    """
    if not os.environ.get("DATABASE_URL"):
        return time.process_time()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        stats = [Path(f"/proc/{pid}/stat") for (pid,) in cursor.fetchall()]
    if not all(stat.exists() and "postgres" in stat.read_text() for stat in stats):
        return time.perf_counter()
    ticks = sum(sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) for stat in stats)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _add_past(links: list[Any], number: int) -> None:
    """Friends of before, evenly over the advocates and over the months of half a year."""
    from django.db import connection

    for first in range(0, number, CHUNK):
        _add_chunk(links, range(first, min(first + CHUNK, number)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _add_chunk(links: list[Any], numbers: range) -> None:
    from django.db import transaction

    from customers.models import Customer, Order, Person, Source
    from referrals.models import Conversion, Decision, Touch
    from spine import clock

    source, now = Source.objects.get(), clock.now()
    terms = links[0].program.terms.get()
    with transaction.atomic():
        people = Person.objects.bulk_create([Person() for _ in numbers])
        rows = list(zip(people, (links[n % len(links)] for n in numbers), strict=True))
        instants = [now - timedelta(days=1 + n % 180, seconds=n % 86_400) for n in numbers]
        customers = Customer.objects.bulk_create(
            [Customer(source=source, key=str(person.pk), person=person, recorded_at=now) for person, _link in rows]
        )
        orders = Order.objects.bulk_create(
            Order(
                source=source,
                key=str(customer.key),
                customer=customer,
                currency="USD",
                placed_at=at,
                is_captured_in_full=True,
                recorded_at=at,
            )
            for customer, at in zip(customers, instants, strict=True)
        )
        Touch.objects.bulk_create(
            Touch(
                key=f"bench:{person.pk}",
                kind="link",
                link=link,
                program=link.program,
                person=person,
                touched_at=at - timedelta(hours=1),
                recorded_at=at,
                order=order,
            )
            for (person, link), at, order in zip(rows, instants, orders, strict=True)
        )
        said = {"reason": "credited", "goal": "first_order", "counted": 5000, "currency": "USD"}
        said |= {"advocate_side": "allow", "friend_side": "allow"}
        conversions = Conversion.objects.bulk_create(
            Conversion(
                program=link.program,
                order=order,
                fact=f"order:{order.pk}",
                referred_person=person,
                credited_person_id=link.person_id,
                occurred_at=at,
                recorded_at=at,
                number=1,
                version=1,
                state="credited",
                **said,
            )
            for (person, link), at, order in zip(rows, instants, orders, strict=True)
        )
        Decision.objects.bulk_create(
            Decision(
                conversion=conversion,
                number=1,
                at=conversion.occurred_at,
                terms=terms,
                outcome="credited",
                credited_person_id=conversion.credited_person_id,
                referred_person_id=conversion.referred_person_id,
                trace={"schema": 1, "steps": []},
                **said,
            )
            for conversion in conversions
        )


if __name__ == "__main__":
    main()
