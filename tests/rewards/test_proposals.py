import uuid

import pytest
from django.urls import reverse

from advocates.suspending import ReasonMissing
from rewards import lots, proof, proposals, releasing
from rewards.ledger import BadAmount, InsufficientBalance, ReversesTooMuch
from rewards.models import Account, Occasion, Proposal, Reward, Scheme, Transfer
from rewards.proposals import Wanted
from spine.models import AuditEntry, AuditReason
from spine.money import UnknownUnit
from tests.factories import NOON, make_reward, make_staff
from tests.rewards.living import DAY, balances, follow, open_program, order, refund

MUCH = 100_000


@pytest.fixture
def eva(db):
    """Eva, who may agree."""
    return make_staff("eva", "program manager")


@pytest.fixture
def scheme(db):
    return Scheme.objects.create(name="Scheme", created_at=NOON)


def give(advocate, manager, scheme, amount=500, at=NOON, **told):
    told = {"token": str(uuid.uuid4()), "unit": "credit:USD", "reason": "For the photo.", **told}
    wanted = Wanted("award", amount, person=advocate.person.pk, scheme=scheme, **told)
    return proposals.propose(wanted, manager.user, at)


def correct(reward, manager, kind, amount, at=NOON, **told):
    told = {"token": str(uuid.uuid4()), "reason": "A mistake of ours.", **told}
    return proposals.propose(Wanted(kind, amount, reward=reward, **told), manager.user, at)


def everything():
    return [list(kind.objects.order_by("pk").values()) for kind in (Account, Transfer, Reward, Proposal, Occasion)]


def is_proved():
    return [str(finding) for finding in proof.verify()] == []


def test_gives_a_reward_that_can_be_used_at_once(cleo, ada, scheme):
    proposal = give(cleo, ada, scheme)
    follow(NOON)

    assert (proposal.is_open, proposal.done_at, proposal.decided_by) == (False, NOON, str(ada.user.public_id))
    assert balances(cleo.person) == {"available": 500}
    reward = Reward.objects.get()
    assert (reward.rule, reward.plan, reward.reason) == ("", None, "For the photo.")
    assert Occasion.objects.get().kind == "by_hand"
    assert AuditEntry.objects.get(verb="reward.promised").actor_id == str(ada.user.public_id)
    assert AuditReason.objects.filter(text="For the photo.", entry__verb="proposal.done").exists()
    assert is_proved()


def test_asking_twice_gives_once(cleo, ada, scheme):
    token = str(uuid.uuid4())

    first, second = give(cleo, ada, scheme, token=token), give(cleo, ada, scheme, token=token)

    assert first.pk == second.pk
    assert Reward.objects.count() == 1


def test_what_is_much_waits_for_a_second_person(cleo, ada, eva, scheme):
    proposal = give(cleo, ada, scheme, MUCH)
    assert (proposal.is_open, Reward.objects.count()) == (True, 0)
    with pytest.raises(proposals.SecondPersonNeeded):
        proposals.agree(proposal, ada.user, NOON)

    proposals.agree(proposal, eva.user, NOON)
    follow(NOON)

    assert balances(cleo.person) == {"available": MUCH}
    proposal.refresh_from_db()
    assert (proposal.proposed_by, proposal.decided_by) == (str(ada.user.public_id), str(eva.user.public_id))
    for act in (proposals.agree, proposals.decline):
        with pytest.raises(proposals.AlreadyDecided):
            act(proposal, eva.user, NOON)
    assert is_proved()


def test_whoever_is_alone_does_it_alone(cleo, ada, scheme):
    assert not give(cleo, ada, scheme, MUCH).is_open


def test_points_are_much_by_what_they_are_worth(cleo, ada, eva, scheme, settings):
    settings.FOUR_EYES_ABOVE = 1000

    assert not give(cleo, ada, scheme, 1000, unit="PTS").is_open
    assert give(cleo, ada, scheme, 1001, unit="PTS").is_open


def test_declining_does_nothing(cleo, ada, eva, scheme):
    proposal = give(cleo, ada, scheme, MUCH)

    proposals.decline(proposal, eva.user, NOON)

    assert Reward.objects.count() == 0
    assert proposals.waiting().count() == 0


def test_nobody_gives_or_corrects_their_own(ada, eva, scheme):
    reward = make_reward(ada.person, 500)
    proposal = give(ada, eva, scheme, MUCH)
    before = everything()

    for act in (
        lambda: give(ada, ada, scheme),
        lambda: correct(reward, ada, "take_away", 100),
        lambda: proposals.agree(proposal, ada.user, NOON),
        lambda: proposals.decline(proposal, ada.user, NOON),
    ):
        with pytest.raises(proposals.OwnReward):
            act()

    assert everything() == before


@pytest.mark.parametrize("amount", [0, -1, True, 10**30, 2.5])
def test_refuses_what_is_no_amount(cleo, ada, scheme, amount):
    reward = make_reward(cleo.person, 500)
    before = everything()

    with pytest.raises((BadAmount, TypeError)):
        give(cleo, ada, scheme, amount)
    with pytest.raises((BadAmount, TypeError)):
        correct(reward, ada, "take_away", amount)

    assert everything() == before


def test_refuses_without_a_reason_or_a_unit(cleo, ada, scheme):
    with pytest.raises(ReasonMissing):
        give(cleo, ada, scheme, reason=" ")
    with pytest.raises(UnknownUnit):
        give(cleo, ada, scheme, unit="gold")

    assert Proposal.objects.count() == 0


def test_takes_away_what_was_given_by_mistake_and_names_it(cleo, ada):
    reward = make_reward(cleo.person, 500)

    correct(reward, ada, "take_away", 200)

    reward.refresh_from_db()
    assert (reward.available, reward.reversed, reward.corrected) == (300, 200, 200)
    made = Transfer.objects.get(act="correct")
    assert (made.source.kind, made.target.kind, made.amount) == ("available", "issued", 200)
    assert made.reverses == Transfer.objects.get(act="promise")
    with pytest.raises(ReversesTooMuch):
        correct(reward, ada, "take_away", 301)
    assert is_proved()


def test_a_refund_takes_its_share_of_what_a_correction_left(ben, ada):
    open_program(ben)
    order()
    follow(NOON + 14 * DAY)
    reward = Reward.objects.get()
    correct(reward, ada, "take_away", 400, NOON + 15 * DAY)
    follow(NOON + 15 * DAY)
    assert balances(ben.person) == {"available": 600}

    refund("r-1", 5000, at=NOON + 16 * DAY)
    assert balances(ben.person) == {"available": 300}
    refund("r-1", 5000, at=NOON + 17 * DAY, status="failed")
    assert balances(ben.person) == {"available": 600}
    refund("r-2", 10_000, at=NOON + 18 * DAY)

    assert balances(ben.person) == {}
    assert Reward.objects.get().taken_back == 1000
    assert is_proved()


def test_what_was_spent_and_taken_away_is_owed_and_can_be_let_go_of(cleo, ada):
    reward = make_reward(cleo.person, 500)
    lots.take(cleo.person.pk, "credit:USD", 500, "test:1", NOON)
    lots.arrive("test:1", NOON)
    correct(reward, ada, "take_away", 500)
    assert balances(cleo.person) == {"owed": 500}

    correct(Reward.objects.get(), ada, "forgive", 200)
    assert balances(cleo.person) == {"owed": 300}
    with pytest.raises(InsufficientBalance):
        correct(Reward.objects.get(), ada, "forgive", 301)
    # The rest is paid from what is earned next.
    make_reward(cleo.person, 1000, available=False, scheme=reward.scheme, due_at=NOON)
    follow(NOON)

    assert balances(cleo.person) == {"available": 700}
    assert is_proved()


def test_brings_back_what_expired(cleo, ada):
    reward = make_reward(cleo.person, 500, expires_at=NOON, due_at=NOON)
    releasing.release_due(NOON)
    reward.refresh_from_db()
    assert reward.expired == 500

    correct(reward, ada, "revive", 300, NOON + DAY)

    reward.refresh_from_db()
    assert (reward.available, reward.expired, reward.expires_at) == (300, 200, NOON + 31 * DAY)
    assert Transfer.objects.get(act="correct").reverses == Transfer.objects.get(act="expire")
    correct(reward, ada, "revive", 200, NOON + DAY)
    follow(NOON + 31 * DAY)
    assert Reward.objects.get().expired == 500
    assert is_proved()


def test_the_staff_do_it_in_a_browser(cleo, ada, ada_client, scheme):
    where = reverse("rewards:give_reward", args=[cleo.person.pk])
    told = {
        "token": str(uuid.uuid4()),
        "scheme": scheme.pk,
        "unit": "credit:USD",
        "amount": "12.345",
        "reason": "Nice.",
    }
    assert ada_client.get(where).status_code == 200
    refused = ada_client.post(where, told)
    assert (refused.status_code, "is not an exact amount of USD" in refused.content.decode()) == (422, True)

    ada_client.post(where, {**told, "amount": "12.50"})

    reward = Reward.objects.get()
    page = reverse("rewards:manage_reward", args=[reward.public_id])
    said = ada_client.get(page).content.decode()
    assert "$12.50 for Cleo" in said
    assert "Release it early" in said
    ada_client.post(f"{page}release/", {"reason": "She waits."})
    assert Reward.objects.get().available == 1250
    ada_client.post(
        f"{page}correct/", {"token": str(uuid.uuid4()), "kind": "take_away", "amount": "2.50", "reason": "Oh."}
    )
    assert Reward.objects.get().available == 1000
    bad = {"token": str(uuid.uuid4()), "kind": "take_away", "amount": "99", "reason": "Oh."}
    assert ada_client.post(f"{page}correct/", bad).status_code == 422
    assert ada_client.post(f"{page}release/", {"reason": ""}).status_code == 422
    assert ada_client.post(f"{page}release/", {"reason": "Again."}).status_code == 409


def test_two_decide_in_a_browser(cleo, ada, eva, ada_client, scheme):
    mine, theirs = give(cleo, ada, scheme, MUCH), give(cleo, eva, scheme, MUCH)
    queue = reverse("rewards:manage_approvals")
    said = ada_client.get(queue).content.decode()
    assert said.count("Agree, and do it") == 1
    assert "Take it back" in said

    assert ada_client.post(reverse("rewards:agree_proposal", args=[mine.public_id])).status_code == 403
    ada_client.post(reverse("rewards:agree_proposal", args=[theirs.public_id]))
    ada_client.post(reverse("rewards:decline_proposal", args=[mine.public_id]))

    assert Reward.objects.count() == 1
    assert proposals.waiting().count() == 0


def test_dan_can_do_none_of_it(dan, dan_client, cleo, scheme):
    reward = make_reward(cleo.person, 500)
    page = reverse("rewards:manage_reward", args=[reward.public_id])
    before = everything()

    for where in (page, f"{page}release/", f"{page}correct/", reverse("rewards:give_reward", args=[cleo.person.pk])):
        assert dan_client.get(where).status_code in (403, 404, 405)
        assert dan_client.post(where, {"reason": "Me."}).status_code in (403, 404, 405)

    assert everything() == before
