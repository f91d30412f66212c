from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from advocates.suspending import ReasonMissing
from rewards import approvals, proof
from rewards.models import Grant, Reward
from rewards.plans import Benefit, PlanDocument
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_staff
from tests.rewards.living import DAY, balances, follow, open_program, order, refund, taken_back

PLAN = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14, needs_approval=True),))
LATER = NOON + 20 * DAY


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def waiting(ben):
    """A reward of Ben's that waits for somebody's yes."""
    open_program(ben, PLAN)
    order()
    return Reward.objects.get()


def everything():
    return [list(kind.objects.order_by("pk").values()) for kind in (Reward, Grant, AuditEntry)]


def test_nothing_is_released_before_somebody_says_yes(waiting, ada, ben):
    follow(LATER)
    assert balances(ben.person) == {"on_hold": 1500}

    done = approvals.approve([waiting.public_id], ada.user, NOON)
    follow(NOON)
    assert balances(ben.person) == {"on_hold": 1500}
    follow(LATER)

    assert (done.people, done.sums) == (1, [("credit:USD", 1500)])
    assert balances(ben.person) == {"available": 1500}
    told = (
        Event.objects.filter(subject_id=str(waiting.public_id)).order_by("pk").values_list("name", "payload__version")
    )
    assert list(told) == [("reward.promised", 1), ("reward.approved", 2), ("reward.available", 3)]
    assert AuditEntry.objects.get(verb="reward.approved").actor_id == str(ada.user.public_id)


def test_what_is_refused_goes_back_with_the_words_of_who_refused_it(waiting, ada, ben):
    approvals.refuse([waiting.public_id], ada.user, "This order was your own office's.", NOON)
    follow(NOON)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.reversed, waiting.reason) == ("reversed", 1500, "This order was your own office's.")
    assert balances(ben.person) == {}
    assert sum(waits.count() for waits in approvals.waits()) == 0
    assert [str(finding) for finding in proof.verify()] == []


def test_what_is_refused_stays_refused_when_the_order_is_decided_anew(waiting, ada, ben):
    approvals.refuse([waiting.public_id], ada.user, "No.", NOON)
    follow(NOON)

    order(amount=12_000, updated_at=NOON + timedelta(minutes=1))

    assert taken_back() == [1500]
    assert sum(waits.count() for waits in approvals.waits()) == 0


def test_a_refund_takes_its_share_before_and_after_the_yes(waiting, ada, ben):
    refund("r-1", 4000)
    approvals.approve([waiting.public_id], ada.user, NOON)
    follow(LATER)
    assert balances(ben.person) == {"available": 900}

    refund("r-2", 6000, at=LATER)

    assert balances(ben.person) == {}


def test_nobody_says_yes_or_no_to_their_own(db):
    eva = make_staff("eva", "program manager")
    open_program(eva, PLAN)
    order()
    reward = Reward.objects.get()
    before = everything()

    for act in (approvals.approve, lambda *told: approvals.refuse(*told[:2], "No.", told[2])):
        with pytest.raises(approvals.NothingToApprove):
            act([reward.public_id], eva.user, NOON)

    assert approvals.preview([reward.public_id], eva.user).own == 1
    assert everything() == before


def test_refuses_twice_and_without_words(waiting, ada):
    before = everything()
    with pytest.raises(ReasonMissing):
        approvals.refuse([waiting.public_id], ada.user, " ", NOON)
    assert everything() == before
    approvals.approve([waiting.public_id], ada.user, NOON)
    before = everything()

    with pytest.raises(approvals.NothingToApprove):
        approvals.approve([waiting.public_id], ada.user, NOON)
    with pytest.raises(approvals.NothingToApprove):
        approvals.refuse([waiting.public_id], ada.user, "No.", NOON)

    assert everything() == before


def test_grants_wait_as_well(ben, ada):
    perk = Benefit("advocate", "perk", words="A tasting", needs_approval=True)
    open_program(ben, replace(PLAN, benefits=(perk,)))
    order()
    grant = Grant.objects.get()
    follow(LATER)
    grant.refresh_from_db()
    assert grant.sent_at is None

    approvals.approve([grant.public_id], ada.user, NOON)
    follow(LATER)

    grant.refresh_from_db()
    assert (grant.state, grant.ready_at, grant.sent_at) == ("ready", LATER, None)
    assert Event.objects.filter(name="grant.approved").count() == 1


def test_shows_what_an_answer_does_before_it_is_given(waiting, ada_client, ada, ben):
    queue, decide = reverse("rewards:manage_approvals"), reverse("rewards:decide_approvals")
    assert "$15 was promised." in text(ada_client.get(queue))

    said = text(ada_client.get(decide, {"on": str(waiting.public_id)}))
    assert "1 person gets: <strong>$15</strong>" in said
    assert Reward.objects.get().approved_at is None
    assert ada_client.post(decide, {"on": str(waiting.public_id), "act": "refuse"}).status_code == 422
    assert "None is chosen" in text(ada_client.get(decide, {"on": "nonsense"}))
    ada_client.post(decide, {"on": str(waiting.public_id)})

    assert Reward.objects.get().approved_at is not None
    assert "Nothing waits for you" in text(ada_client.get(queue))
    assert ada_client.post(decide, {"on": str(waiting.public_id)}).status_code == 409


@pytest.mark.parametrize("count", [1, 12])
def test_asks_the_database_as_often_for_many_as_for_few(ada_client, ada, ben, django_assert_num_queries, count):
    open_program(ben, PLAN)
    for number in range(count):
        order(f"10{number}")

    with django_assert_num_queries(12):
        ada_client.get(reverse("rewards:manage_approvals"))


def test_dan_sees_nothing_of_it(dan_client, dan, waiting):
    for name in ("manage_approvals", "decide_approvals"):
        assert dan_client.get(reverse(f"rewards:{name}")).status_code in (403, 404)
        assert dan_client.post(reverse(f"rewards:{name}"), {"on": str(waiting.public_id)}).status_code in (
            403,
            404,
            405,
        )
    assert Reward.objects.get().approved_at is None
