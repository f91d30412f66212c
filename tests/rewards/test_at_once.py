import threading

import pytest
from django.db import connection

from advocates.models import Notice
from brand.models import Message
from customers.told import CustomerFact, LineFact, OrderFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Conversion
from referrals.touches import Told
from rewards import awards, granting, letters, proof, releasing, sealing
from rewards.models import Occasion, Plan, Reward, Transfer
from rewards.plans import Benefit, Cap, PlanDocument
from spine import due, events
from spine.models import Event
from tests.factories import NOON, make_advocate
from tests.rewards.living import DAY, open_program, order

LATER = NOON + 14 * DAY


def together(*calls):
    """Run the calls at the same instant, each on a connection of its own, and raise what any of them raised."""
    gate, failures = threading.Barrier(len(calls)), []

    def run(call):
        try:
            gate.wait()
            call()
        except Exception as failure:  # noqa: BLE001 - told to the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def until_idle(*sweeps):
    """A worker that goes on until nothing is due."""

    def work():
        while sum(sweep(LATER) for sweep in sweeps):
            pass

    return work


@pytest.mark.django_db(transaction=True)
def test_gives_each_reward_once_however_many_workers_sweep():
    ben = make_advocate("ben")
    open_program(ben)
    for number in range(12):
        order(f"10{number}")
    Occasion.objects.update(due_at=NOON)

    together(*[until_idle(awards.award_due, releasing.release_due, granting.grant_due) for _ in range(5)])
    together(*[until_idle(sealing.seal) for _ in range(3)])

    assert Reward.objects.count() == 12
    assert set(Reward.objects.values_list("available", "version")) == {(1000, 2)}
    assert Transfer.objects.count() == 24
    assert [str(finding) for finding in proof.verify()] == []


class Killed(BaseException):
    """A worker that is gone from one statement to the next."""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_statement_gives_and_tells_once():
    ben = make_advocate("ben")
    open_program(ben)
    way = (attribution.decide_due, awards.award_due, releasing.release_due, events.number, letters.tell)
    number, killed = 0, True
    while killed:
        number += 7
        at = NOON
        intake.take_order(
            OrderFact(
                "shop", f"{number}", "USD", at, (LineFact("1", "goods", 10_000),), customer=CustomerFact(f"c-{number}")
            ),
            Told(code="BEN42"),
            at,
        )
        left = number

        def until_dead(execute, sql, params, many, context):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(until_dead):
                for sweep in way:
                    sweep(LATER)
            killed = False
        except Killed:
            connection.close()
        for later in (LATER + due.LEASE + DAY, LATER + 2 * due.LEASE + 2 * DAY):
            for sweep in way:
                while sweep(later):
                    pass
        rewards = Reward.objects.filter(occasion__subject__in=_conversions(number))
        assert list(rewards.values_list("amount", "available")) == [(1000, 1000)], number
        for word in ("promised", "available"):
            told = Event.objects.filter(name=f"reward.{word}", subject_id=str(rewards.get().public_id))
            assert told.count() == 1
            assert Notice.objects.filter(key=told.get().key).count() == 1
    assert number > 100
    said = "$10 is free to use."
    letters_sent = Message.objects.filter(key__startswith="rewards.letters")
    # A letter of one line has it in its heading as well.
    assert sum(mail.text.count(said) - mail.subject.count(said) for mail in letters_sent) == number // 7
    assert [str(finding) for finding in proof.verify()] == []


def _conversions(number):
    found = Conversion.objects.filter(order__key=f"{number}").values_list("public_id", flat=True)
    return [str(public_id) for public_id in found]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("limits", "count"),
    [
        ({"caps": (Cap("person", 5),)}, 5),
        ({"caps": (Cap("scheme", 5500, "worth", "month"),)}, 5),
        ({"budget": 4999}, 4),
    ],
)
def test_a_limit_is_kept_to_the_cent_by_many_at_once(limits, count):
    ben = make_advocate("ben")
    open_program(ben, PlanDocument((Benefit("advocate", "credit", fixed=1000),), **limits))
    for number in range(9):
        intake.take_order(
            OrderFact(
                "shop", f"{number}", "USD", NOON, (LineFact("1", "goods", 5000),), customer=CustomerFact(f"c-{number}")
            ),
            Told(code="BEN42"),
            NOON,
        )
    while attribution.decide_due(NOON):
        pass

    together(*[lambda: due.work(Occasion.objects.all(), awards.award, at=NOON, batch=2) for _worker in range(5)])
    until_idle(awards.award_due)()

    assert Reward.objects.count() == count
    assert [str(finding) for finding in proof.verify()] == []


@pytest.mark.django_db
def test_a_poisoned_row_in_a_batch_of_five_hundred_stops_only_itself(monkeypatch):
    ben = make_advocate("ben")
    link = open_program(ben)
    plan, scheme = link.program.terms.get().plan, link.program.scheme
    unreadable = Plan.objects.create(
        scheme=scheme, version=9, document={"schema": 99}, published_at=NOON, published_by="somebody"
    )
    rows = [
        Occasion(
            kind="conversion", subject=f"s-{number}", scheme=scheme, number=1,
            plan=plan if number != 250 else unreadable,
            person=ben.person, at=NOON, counted=10_000, currency="USD",
            advocate_side="allow", due_at=NOON,
        )
        for number in range(500)
    ]  # fmt: skip
    Occasion.objects.bulk_create(rows)
    monkeypatch.setattr(awards, "BATCH", 500)

    while awards.award_due(NOON):
        pass

    poisoned = Occasion.objects.get(subject="s-250")
    assert Reward.objects.count() == 499
    assert (poisoned.attempts, poisoned.error.partition(":")[0]) == (1, "BadPlan")
    assert Occasion.objects.filter(due_at=None).count() == 499
