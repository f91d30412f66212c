"""What the ledger costs: batches against one statement of SQL, the whole way to it, a hot person, a long history.

- Posting: `Book.post` promises rewards in batches of 500, against one INSERT … SELECT of the same transfers and one
  UPDATE of their balances. Both in transfers a second.
- The way: conversions that wait are decided with their traces, both rewards are promised and booked, by one
  process, and on PostgreSQL by two, as the worker of `compose.yaml` has them; in transfers a second, two for each
  conversion, against raw SQL that inserts such transfers over one connection.
- A hot person: one person takes items of the catalogue one after another; redemptions a second, against an UPDATE of
  one row in a transaction of its own.
- History: the page of somebody's rewards with MUCH of them against 1,000; in seconds of processor.
"""

import os
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from benchmarks import scratch
from benchmarks.figures import Figure, say, tell

ROUNDS = 5
BATCH = 500
# So many that none is credited so often that somebody has to look.
ADVOCATES, ORDERS = 600, 1200
LITTLE, MUCH = 1000, int(os.environ.get("PAST", "100000"))


def main() -> None:
    """Measure each and tell the ratios."""
    is_served = bool(os.environ.get("DATABASE_URL"))
    engine = "PostgreSQL" if is_served else "SQLite"
    with scratch.site():
        from advocacy_platform.celery import collect_seldom
        from tests.factories import make_advocate, make_link, make_program, make_source

        make_source("shop")
        program = make_program(plan=_plan())
        ben = make_advocate("ben")
        for number in range(ADVOCATES):
            make_link(program, make_advocate(f"a{number}"), f"BENCH{number}")
        collect_seldom()

        def post() -> float:
            return _post(program.scheme, ben.person)

        def raw() -> float:
            return _insert(program.scheme, ben.person)

        def redeem() -> float:
            return _redeem(ben, program.scheme)

        # A first round fills tables of which the database knows nothing yet.
        post(), _whole_way(ROUNDS, 1), redeem()
        scratch.analyze()
        posted = [(post(), raw()) for _round in range(ROUNDS)]
        whole = [(_whole_way(number, 1), raw()) for number in range(ROUNDS)]
        shipped = [(_whole_way(ROUNDS + number, 2), raw()) for number in range(ROUNDS)] if is_served else []
        hot = [(redeem(), _update(program.scheme)) for _round in range(ROUNDS)]
        pages = _history(program.scheme)
    say(f"posted {_middle(posted):,.0f} transfers a second, raw {_middle([each[::-1] for each in posted]):,.0f}")
    say(f"the whole way {_middle(whole):,.0f} conversions a second")
    say(f"one hot person {_middle(hot):,.0f} redemptions a second")
    # What the way must hold is said of PostgreSQL alone.
    way = (0.05, 0.2) if is_served else (None, None)
    tell(
        [
            Figure(f"posting ÷ one statement, {engine}", tuple(a / b for a, b in posted), 0.25, 0.6),
            Figure(f"decided and booked ÷ raw transfers, {engine}", tuple(2 * a / b for a, b in whole), *way),
            *(
                [Figure(f"the same by two processes, {engine}", tuple(2 * a / b for a, b in shipped))]
                if shipped
                else []
            ),
            Figure(f"redemptions of one person ÷ an update, {engine}", tuple(a / b for a, b in hot), 0.02, 0.1),
            Figure(f"a history of {MUCH:,} rewards ÷ of {LITTLE:,}, {engine}", pages, 1.3, 1.1, less=True),
        ]
    )


def _middle(pairs: Sequence[tuple[float, float]]) -> float:
    return sorted(own for own, _reference in pairs)[len(pairs) // 2]


def _plan() -> Any:
    from rewards.plans import Benefit, PlanDocument

    credit = Benefit("advocate", "credit", fixed=1000, hold_days=14)
    return PlanDocument((credit, Benefit("friend", "credit", fixed=500, hold_days=14)))


def _timed(call: Callable[[], object], count: int) -> float:
    """How many a second."""
    began = time.perf_counter()
    call()
    return count / (time.perf_counter() - began)


def _rewards(scheme: Any, person: Any, count: int) -> list[Any]:
    from rewards.models import Occasion, Reward
    from spine import clock

    at = clock.now()
    occasions = Occasion.objects.bulk_create(
        [Occasion(kind="bench", subject=str(uuid.uuid4()), scheme=scheme, person=person, at=at) for _ in range(count)]
    )
    return Reward.objects.bulk_create(
        Reward(
            key=f"bench:{each.subject}", occasion=each, scheme=scheme, side="advocate", person=person,
            unit="credit:USD", amount=100, reversed=100, promised_at=at, hold_until=at,
        )
        for each in occasions
    )  # fmt: skip


def _post(scheme: Any, person: Any) -> float:
    from django.db import transaction

    from rewards import ledger
    from rewards.ledger import Move, Owner
    from spine import clock

    rewards = _rewards(scheme, person, BATCH)
    moves = [Move(f"promise:{each.key}", "promise", each, "issued", "on_hold", 100) for each in rewards]

    def post() -> None:
        with transaction.atomic():
            ledger.hold([Owner.of(rewards[0])]).post(moves, clock.now())

    return _timed(post, BATCH)


def _insert(scheme: Any, person: Any) -> float:
    """The same transfers as one statement, with one more for the balance and one for the rewards."""
    from django.db import connection, transaction

    from rewards.models import Account, Reward, Transfer
    from spine import clock

    rewards = _rewards(scheme, person, BATCH)
    issued = Account.objects.get(scheme=scheme, person=None, kind="issued", unit="credit:USD")
    held = Account.objects.get(scheme=scheme, person=person, kind="on_hold", unit="credit:USD")
    new_id = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    first, last = rewards[0].pk, rewards[-1].pk
    at = connection.ops.adapt_datetimefield_value(clock.now())
    statements: list[tuple[str, list[Any]]] = [
        (
            f"INSERT INTO {Transfer._meta.db_table} (public_id, entry, number, act, reward_id, source_id,"  # noqa: S608
            f" target_id, unit, amount, at) SELECT {new_id}, 'raw:' || id, 1, 'promise', id, %s, %s, unit, amount, %s"
            f" FROM {Reward._meta.db_table} WHERE id BETWEEN %s AND %s",
            [issued.pk, held.pk, at, first, last],
        ),
        (f"UPDATE {Account._meta.db_table} SET balance = balance + %s WHERE id = %s", [100 * BATCH, held.pk]),  # noqa: S608
        (
            f"UPDATE {Reward._meta.db_table} SET on_hold = amount, reversed = 0 WHERE id BETWEEN %s AND %s",  # noqa: S608
            [first, last],
        ),
    ]

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)

    return _timed(insert, BATCH)


def _whole_way(number: int, processes: int) -> float:
    from customers.told import CustomerFact, LineFact, OrderFact
    from referrals import intake
    from referrals.touches import Told
    from rewards.models import Transfer
    from spine import clock

    at, count = clock.now(), ORDERS
    for n in range(count):
        key = f"{number}-{n}-{uuid.uuid4()}"
        fact = OrderFact("shop", key, "USD", at, (LineFact("1", "goods", 5000),), customer=CustomerFact(key))
        intake.take_order(fact, Told(code=f"BENCH{n % ADVOCATES}"), at)

    before = Transfer.objects.count()
    rate = _timed(lambda: _worker(processes), count)
    assert Transfer.objects.count() == before + 2 * count, "both sides are rewarded"
    return rate


def _worker(processes: int) -> None:
    """Work until nothing is due, in so many processes, as a worker of ours does that has a backlog."""
    if processes == 1:
        _sweep()
        return
    from django.db import connection

    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    children = []
    for _process in range(processes):
        if (child := os.fork()) == 0:
            _sweep()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def _sweep() -> None:
    from referrals.decide import attribution
    from rewards import awards
    from spine import clock

    while attribution.decide_due(clock.now()) + awards.award_due(clock.now()):
        pass


def _redeem(advocate: Any, scheme: Any) -> float:
    from rewards.catalogue import redemptions
    from rewards.catalogue.redemptions import Wish
    from rewards.models import Item
    from spine import clock
    from tests.factories import make_reward

    at, count = clock.now(), 50
    make_reward(advocate.person, 100 * count, unit="PTS", at=at, scheme=scheme)
    item = Item.objects.create(
        kind="perk", name="A thing", unit="PTS", price=100, currency="USD", created_at=at, offered_at=at
    )

    def take() -> None:
        for _number in range(count):
            redemptions.redeem(advocate.person, item, Wish(), ("command", "bench"), at)

    return _timed(take, count)


def _update(scheme: Any) -> float:
    from django.db import transaction
    from django.db.models import F

    from rewards.models import Scheme

    count = 50

    def update() -> None:
        for _number in range(count):
            with transaction.atomic():
                Scheme.objects.filter(pk=scheme.pk).update(name=F("name"))

    return _timed(update, count)


def _history(scheme: Any) -> tuple[float, ...]:
    from django.test import Client

    from tests.factories import make_advocate

    clients = {}
    for count in (LITTLE, MUCH):
        advocate = make_advocate(f"of-{count}")
        for first in range(0, count, BATCH):
            _fill(scheme, advocate.person, min(BATCH, count - first), first)
        clients[count] = Client(HTTP_HOST=scratch.HOST, headers={"x-forwarded-proto": "https"})
        assert advocate.user is not None
        clients[count].force_login(advocate.user)
    scratch.analyze()
    _ten_pages(clients[LITTLE])
    return tuple(_ten_pages(clients[MUCH]) / _ten_pages(clients[LITTLE]) for _round in range(ROUNDS))


def _ten_pages(client: Any) -> float:
    """What reading the page ten times costs, in seconds of processor."""
    began = time.process_time()
    for _page in range(10):
        assert client.get("/rewards/", secure=True).status_code == 200
    return time.process_time() - began


def _fill(scheme: Any, person: Any, count: int, first: int) -> None:
    """Rewards that were paid out long ago, so that nothing of them moves."""
    from rewards.models import Occasion, Reward
    from spine import clock

    at = clock.now() - timedelta(minutes=first)
    occasions = Occasion.objects.bulk_create(
        [Occasion(kind="bench", subject=str(uuid.uuid4()), scheme=scheme, person=person, at=at) for _ in range(count)]
    )
    Reward.objects.bulk_create(
        Reward(
            key=f"bench:{each.subject}", occasion=each, scheme=scheme, side="advocate", person=person,
            unit="credit:USD", amount=100, paid=100, state="paid", promised_at=at, hold_until=at,
        )
        for each in occasions
    )  # fmt: skip


if __name__ == "__main__":
    main()
